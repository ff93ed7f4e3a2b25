// Up to where a leader's log is replicated: the smallest log end among those that count.
import type { ReplicaProgress } from './replica-progress.ts'

export interface ReplicationView {
  readonly logEndOffset: number
  readonly followers: ReadonlyMap<number, ReplicaProgress>
  readonly maximalIsr: readonly number[]
  readonly nowMs: number
  readonly maxLagMs: number
  readonly isAlive: (brokerId: number) => boolean
}

/**
 * Members of the maximal in-sync set count, and whoever is caught up and may join before he has: so
 * the set that the controller confirms later holds only replicas with all below the high watermark.
 */
export function replicatedOffset(view: ReplicationView): number {
  let lowest = view.logEndOffset
  for (const follower of view.followers.values()) {
    if (follower.logEndOffset >= lowest) continue
    const counts =
      view.maximalIsr.includes(follower.brokerId) ||
      (follower.isCaughtUp(view.logEndOffset, view.nowMs, view.maxLagMs) &&
        view.isAlive(follower.brokerId))
    // Nothing is known of a follower that has not fetched yet: it may have nothing.
    if (counts) lowest = Math.max(0, follower.logEndOffset)
  }
  return lowest
}
