// A limit on the bytes per second that replicas out of sync may copy, for the partitions that the
// topic names (`leader.` and `follower.replication.throttled.replicas`). Those in sync are never
// held back.
import type { Clock } from '../platform/clock.ts'
import type { Partition } from './partition.ts'

export type ThrottleSide = 'leader' | 'follower'

export interface ThrottleOptions {
  readonly clock: Clock
  readonly side: ThrottleSide
  readonly brokerId: number
  /** The limit, read each time: it may change. */
  readonly bytesPerSecond: () => number
  /** `replication.quota.window.num` and `.size.seconds`: what the rate is an average of. */
  readonly windows: number
  readonly windowMs: number
}

export class ReplicationThrottle {
  readonly #options: ThrottleOptions
  /** Bytes per window, oldest first. */
  readonly #windows: { readonly startMs: number; bytes: number }[] = []

  constructor(options: ThrottleOptions) {
    this.#options = options
  }

  /** Whether the rate is exceeded and the partition is one of those it is for. */
  holdsBack(partition: Partition): boolean {
    return this.#applies(partition) && this.#rate() > this.#options.bytesPerSecond()
  }

  record(partition: Partition, bytes: number): void {
    if (bytes === 0 || !this.#applies(partition)) return
    const { clock, windows, windowMs } = this.#options
    const nowMs = clock.monotonicMs()
    const current = this.#windows.at(-1)
    if (current !== undefined && nowMs - current.startMs < windowMs) current.bytes += bytes
    else this.#windows.push({ startMs: nowMs, bytes })
    if (this.#windows.length > windows) this.#windows.shift()
  }

  #applies(partition: Partition): boolean {
    const config = partition.log?.config
    if (config === undefined) return false
    const listed =
      this.#options.side === 'leader'
        ? config.leaderReplicationThrottledReplicas
        : config.followerReplicationThrottledReplicas
    if (listed.length === 0) return false
    return listed.includes('*') || listed.includes(`${partition.index}:${this.#options.brokerId}`)
  }

  #rate(): number {
    const { clock, windows, windowMs } = this.#options
    const nowMs = clock.monotonicMs()
    let bytes = 0
    let startMs = nowMs
    for (const window of this.#windows) {
      if (nowMs - window.startMs > windowMs * windows) continue
      bytes += window.bytes
      startMs = Math.min(startMs, window.startMs)
    }
    return bytes / (Math.max(windowMs, nowMs - startMs) / 1000)
  }
}
