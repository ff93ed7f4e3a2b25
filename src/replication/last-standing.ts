// The leader that is alone in an in-sync set of several replicas. What a power failure takes from it
// would be cut from the others too when they follow it again, although they were given it and it was
// acknowledged (KIP-966). So what is committed has to be durable here: all that was committed when it
// became the last, and each record after that before it counts as committed.
import type { Log } from '../log/log.ts'

export class LastStanding {
  readonly #onDurable: () => void
  #isFlushing = false

  constructor(onDurable: () => void) {
    this.#onDurable = onDurable
  }

  /**
   * Up to where the log may be committed now, at most `offset`. What lacks up to `wanted` is being
   * made durable, and whoever waits for it is told.
   */
  durableUpTo(log: Log, offset: number, wanted: number): number {
    if (log.recoveryPoint < wanted && !this.#isFlushing) void this.#flush(log)
    return Math.min(offset, log.recoveryPoint)
  }

  // One at a time: what is appended meanwhile goes with the next.
  async #flush(log: Log): Promise<void> {
    this.#isFlushing = true
    try {
      await log.flush()
    } catch {
      // The log has failed, which its directory has heard of.
      return
    } finally {
      this.#isFlushing = false
    }
    this.#onDurable()
  }
}
