// One replica of one partition on this broker: follower or leader, with its log.
import type { Log } from '../log/log.ts'
import type { LeadershipState } from './partition-state.ts'

export declare class Partition {
  readonly topic: string
  readonly index: number
  topicId: string | undefined
  /** Undefined until the first LeaderAndIsr, or when its directory has failed. */
  get log(): Log | undefined
  get isLeader(): boolean
  /** -1: none. */
  get leader(): number
  get leaderEpoch(): number
  get partitionEpoch(): number
  get replicas(): readonly number[]
  get isr(): readonly number[]
  get highWatermark(): number
  becomeLeader(state: LeadershipState, nowMs: number): boolean
  becomeFollower(state: LeadershipState): boolean
  /** Calls back whenever the high watermark of this leader moves, and once with -1 when it no longer leads. */
  onHighWatermark(listener: (offset: number) => void): () => void
}
