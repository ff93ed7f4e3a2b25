// Where in a partition a time lies: the beginning, the end as a reader may see it, the newest
// timestamp, or the first record at or after a time.
import { Errors } from '../wire/errors.ts'
import type { Log } from '../log/log.ts'
import { Isolation } from './fetch-types.ts'
import type { Partition } from './partition.ts'

/** Times with a meaning of their own in ListOffsets. */
export const LATEST = -1
export const EARLIEST = -2
export const MAX_TIMESTAMP = -3
export const EARLIEST_LOCAL = -4
export const LATEST_TIERED = -5

export interface OffsetQuery {
  readonly timestamp: number
  readonly currentLeaderEpoch: number
  /** Log end: a replica or a tool asks, and gets an answer also where a client would not. */
  readonly isolation: Isolation
  readonly leaderOnly: boolean
}

export interface OffsetAnswer {
  readonly error: number
  /** -1 where the offset has no time, or there is none. */
  readonly timestamp: number
  /** -1: none. */
  readonly offset: number
  readonly leaderEpoch: number
}

const NOTHING: OffsetAnswer = { error: Errors.NONE, timestamp: -1, offset: -1, leaderEpoch: -1 }

export function failedOffset(error: number): OffsetAnswer {
  return { ...NOTHING, error }
}

export async function listOffset(partition: Partition, query: OffsetQuery): Promise<OffsetAnswer> {
  const { log } = partition
  const refusal = refuse(partition, log, query)
  if (refusal !== Errors.NONE || log === undefined) return failedOffset(refusal)
  const visibleEnd = endFor(log, query.isolation)
  // A new leader's high watermark may still lie before records that its predecessor acknowledged:
  // a client must not see the end go back.
  const isLagging =
    query.isolation !== Isolation.logEnd && partition.epochStartOffset > log.highWatermark
  switch (query.timestamp) {
    case LATEST:
      if (isLagging) return failedOffset(Errors.OFFSET_NOT_AVAILABLE)
      return found(-1, visibleEnd, partition.leaderEpoch)
    case EARLIEST:
    case EARLIEST_LOCAL:
      return found(-1, log.logStartOffset, startEpoch(log, partition))
    case LATEST_TIERED:
      return NOTHING
    default: {
      const hit = await log.offsetForTimestamp(query.timestamp)
      const isVisible = query.isolation === Isolation.logEnd || (hit?.offset ?? -1) < visibleEnd
      if (hit !== undefined && isVisible) return found(hit.timestamp, hit.offset, hit.leaderEpoch)
      return isLagging ? failedOffset(Errors.OFFSET_NOT_AVAILABLE) : NOTHING
    }
  }
}

export interface OldQuery extends Omit<OffsetQuery, 'currentLeaderEpoch'> {
  readonly maxCount: number
}

/** As version 0 asks: offsets where segments begin, newest first; a client sees none that is not committed. */
export function listOldOffsets(
  partition: Partition,
  { timestamp, isolation, leaderOnly, maxCount }: OldQuery,
): { readonly error: number; readonly offsets: readonly number[] } {
  const { log } = partition
  const query = { timestamp, isolation, leaderOnly, currentLeaderEpoch: -1 }
  const error = refuse(partition, log, query)
  if (error !== Errors.NONE || log === undefined) return { error, offsets: [] }
  const offsets = log.offsetsBefore(timestamp, maxCount)
  const end = endFor(log, isolation)
  if (offsets.every((offset) => offset <= end)) return { error, offsets }
  return { error, offsets: [end, ...offsets.filter((offset) => offset <= end)] }
}

function refuse(partition: Partition, log: Log | undefined, query: OffsetQuery): number {
  if (partition.isOffline) return Errors.KAFKA_STORAGE_ERROR
  const epochError = partition.checkLeaderEpoch(query.currentLeaderEpoch)
  if (epochError !== Errors.NONE) return epochError
  const mayAnswer = log !== undefined && (partition.isLeader || !query.leaderOnly)
  return mayAnswer ? Errors.NONE : Errors.NOT_LEADER_OR_FOLLOWER
}

function endFor(log: Log, isolation: Isolation): number {
  if (isolation === Isolation.logEnd) return log.logEndOffset
  return isolation === Isolation.readCommitted ? log.lastStableOffset : log.highWatermark
}

// An empty log has no record that would tell: its leader's epoch is as good.
function startEpoch(log: Log, partition: Partition): number {
  const epoch = log.epochForOffset(log.logStartOffset)
  return epoch === -1 && log.logStartOffset === log.logEndOffset ? partition.leaderEpoch : epoch
}

function found(timestamp: number, offset: number, leaderEpoch: number): OffsetAnswer {
  return { error: Errors.NONE, timestamp, offset, leaderEpoch }
}
