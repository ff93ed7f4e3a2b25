// Randomness. `node/` takes it from the system, the simulated twin from a seed.

export interface Random {
  /** Unpredictable bytes. */
  bytes(count: number): Buffer
  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number
}
