// Trying again what failed for a reason that passes: a leader that moved, a broker that restarts.
import type { Clock } from '../platform/clock.ts'
import { sleep } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import { KafkaError } from '../wire/errors.ts'

/** How long to go on, and how long to wait in between. */
export interface RetryPolicy {
  /** No attempt begins after this; 60 s when left out. */
  readonly totalMs?: number | undefined
  /** Wait after the first failure, doubled each time; 100 ms when left out. */
  readonly backoffMs?: number | undefined
  /** 1 s when left out. */
  readonly maxBackoffMs?: number | undefined
}

const JITTER = 0.2

/** The wait before attempt `attempt` (from 1): doubling, bounded, up to 20 % more or less. */
export function backoffMs(attempt: number, policy: RetryPolicy, random: Random): number {
  const { backoffMs: first = 100, maxBackoffMs = 1000 } = policy
  const plain = Math.min(first * 2 ** Math.min(attempt - 1, 30), maxBackoffMs)
  return plain * (1 - JITTER + 2 * JITTER * (random.uint32() / 0x1_0000_0000))
}

/** Attempts until it succeeds, fails for good, or time is up; then rejects with the last error. */
export async function withRetries<T>(
  platform: { readonly clock: Clock; readonly random: Random },
  policy: RetryPolicy,
  attempt: () => Promise<T>,
): Promise<T> {
  const endMs = platform.clock.monotonicMs() + (policy.totalMs ?? 60_000)
  for (let count = 1; ; count++) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof KafkaError) || !error.retriable) throw error
      const waitMs = backoffMs(count, policy, platform.random)
      if (platform.clock.monotonicMs() + waitMs > endMs) throw error
      await sleep(platform.clock, waitMs)
    }
  }
}
