// A limit on the bytes per second that replicas out of sync may copy, for the partitions that the
// topic names (`leader.` and `follower.replication.throttled.replicas`). Those in sync are never
// held back.
import type { Clock } from '../platform/clock.ts'
import type { Partition } from './partition.ts'

export type ThrottleSide = 'leader' | 'follower'

const WINDOW_MS = 1000
const WINDOWS = 11

export class ReplicationThrottle {
  readonly #clock: Clock
  readonly #side: ThrottleSide
  readonly #brokerId: number
  readonly #bytesPerSecond: () => number
  /** Bytes per window, oldest first. */
  readonly #windows: { readonly startMs: number; bytes: number }[] = []

  constructor(clock: Clock, side: ThrottleSide, brokerId: number, bytesPerSecond: () => number) {
    this.#clock = clock
    this.#side = side
    this.#brokerId = brokerId
    this.#bytesPerSecond = bytesPerSecond
  }

  /** Whether the rate is exceeded and the partition is one of those it is for. */
  holdsBack(partition: Partition): boolean {
    return this.#applies(partition) && this.#rate() > this.#bytesPerSecond()
  }

  record(partition: Partition, bytes: number): void {
    if (bytes === 0 || !this.#applies(partition)) return
    const nowMs = this.#clock.monotonicMs()
    const current = this.#windows.at(-1)
    if (current !== undefined && nowMs - current.startMs < WINDOW_MS) current.bytes += bytes
    else this.#windows.push({ startMs: nowMs, bytes })
    if (this.#windows.length > WINDOWS) this.#windows.shift()
  }

  #applies(partition: Partition): boolean {
    const config = partition.log?.config
    if (config === undefined) return false
    const listed =
      this.#side === 'leader'
        ? config.leaderReplicationThrottledReplicas
        : config.followerReplicationThrottledReplicas
    if (listed.length === 0) return false
    return listed.includes('*') || listed.includes(`${partition.index}:${this.#brokerId}`)
  }

  #rate(): number {
    const nowMs = this.#clock.monotonicMs()
    let bytes = 0
    let startMs = nowMs
    for (const window of this.#windows) {
      if (nowMs - window.startMs > WINDOW_MS * WINDOWS) continue
      bytes += window.bytes
      startMs = Math.min(startMs, window.startMs)
    }
    return bytes / Math.max(1, (nowMs - startMs) / 1000)
  }
}
