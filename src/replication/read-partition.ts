// One partition's share of a fetch. The offsets of an answer are taken together, before the read,
// so that no answer shows records beyond the high watermark that it names (KAFKA-7104, KAFKA-9807).
// Hot: no promise unless the log has to go to its file.
import type { EpochEnd, ReadResult } from '../log/log-types.ts'
import type { Log } from '../log/log.ts'
import { Errors } from '../wire/errors.ts'
import { failedFetch, Isolation } from './fetch-types.ts'
import type { FetchOptions, FetchResult, FetchTarget } from './fetch-types.ts'
import type { Partition } from './partition.ts'

/** The limits that are left to a partition after those before it in the request. */
export interface ReadLimits {
  readonly maxBytes: number
  readonly minOneBatch: boolean
  readonly nowMs: number
  /** False when a parked fetch reads again: what its follower has was noted when it came. */
  readonly isFirstRead: boolean
}

/** Offsets of a log at one instant. */
interface OffsetSnapshot {
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly highWatermark: number
  readonly lastStableOffset: number
}

const NO_SEGMENTS: readonly Buffer[] = []
const UNDEFINED_EPOCH = -1
const UNDEFINED_OFFSET = -1

/** Reads for `target`, checks epochs and divergence, and takes note of a follower's position. */
export function readPartition(
  partition: Partition,
  target: FetchTarget,
  options: FetchOptions,
  limits: ReadLimits,
): FetchResult | Promise<FetchResult> {
  const log = partition.log
  const refusal = refuse(partition, log, target, options)
  if (refusal !== Errors.NONE || log === undefined) return failedFetch(refusal)
  const offsets = snapshot(log)
  const diverging = divergence(partition, log, target)
  if (diverging !== undefined && diverging.endOffset === UNDEFINED_OFFSET) {
    return failedFetch(Errors.OFFSET_OUT_OF_RANGE)
  }
  const { fetchOffset } = target
  // Before divergence: what is below the start can be answered by nothing else (KAFKA-12996).
  if (fetchOffset < offsets.logStartOffset || fetchOffset > offsets.logEndOffset) {
    if (diverging === undefined || fetchOffset < offsets.logStartOffset) {
      return failedFetch(Errors.OFFSET_OUT_OF_RANGE)
    }
  }
  // A position that has diverged says nothing about what the follower has (KAFKA-13141).
  if (diverging !== undefined) return withoutRecords(offsets, options, diverging)
  if (options.replicaId >= 0 && limits.isFirstRead) {
    const error = recordFollower(partition, target, options, offsets, limits.nowMs)
    if (error !== Errors.NONE) return failedFetch(error)
  }
  return readRecords(log, target, options, limits, offsets)
}

/** An answer that only names the offsets: nothing to read, or to be read elsewhere. */
export function offsetsOnly(
  partition: Partition,
  options: FetchOptions,
  preferredReadReplica: number,
): FetchResult {
  const log = partition.log
  if (log === undefined) return failedFetch(Errors.KAFKA_STORAGE_ERROR)
  return { ...withoutRecords(snapshot(log), options, undefined), preferredReadReplica }
}

function refuse(
  partition: Partition,
  log: Log | undefined,
  target: FetchTarget,
  options: FetchOptions,
): number {
  if (partition.isOffline) return Errors.KAFKA_STORAGE_ERROR
  const epochError = partition.checkLeaderEpoch(target.currentLeaderEpoch)
  if (epochError !== Errors.NONE) return epochError
  if (log === undefined || (options.leaderOnly && !partition.isLeader)) {
    return Errors.NOT_LEADER_OR_FOLLOWER
  }
  if (options.replicaId >= 0 && !partition.followers.has(options.replicaId)) {
    // The epoch is right and the replica is not (yet) assigned: it should try again.
    return target.currentLeaderEpoch >= 0
      ? Errors.UNKNOWN_LEADER_EPOCH
      : Errors.NOT_LEADER_OR_FOLLOWER
  }
  return Errors.NONE
}

function snapshot(log: Log): OffsetSnapshot {
  return {
    logStartOffset: log.logStartOffset,
    logEndOffset: log.logEndOffset,
    highWatermark: log.highWatermark,
    lastStableOffset: log.lastStableOffset,
  }
}

// Undefined: the reader's log is a prefix of this one. An end offset of -1: its epoch is unknown.
function divergence(partition: Partition, log: Log, target: FetchTarget): EpochEnd | undefined {
  const { lastFetchedEpoch, fetchOffset } = target
  if (lastFetchedEpoch < 0) return undefined
  const end = epochEnd(partition, log, lastFetchedEpoch)
  if (end.endOffset === UNDEFINED_OFFSET || end.epoch === UNDEFINED_EPOCH) {
    return { epoch: UNDEFINED_EPOCH, endOffset: UNDEFINED_OFFSET }
  }
  return end.epoch < lastFetchedEpoch || end.endOffset < fetchOffset ? end : undefined
}

/** Where `epoch` ends in this log, at the latest where the readable log ends. */
export function epochEnd(partition: Partition, log: Log, epoch: number): EpochEnd {
  if (partition.isLeader && epoch === partition.leaderEpoch) {
    return { epoch, endOffset: log.logEndOffset }
  }
  const end = log.endOffsetForEpoch(epoch)
  return end.endOffset > log.logEndOffset ? { epoch: end.epoch, endOffset: log.logEndOffset } : end
}

function recordFollower(
  partition: Partition,
  target: FetchTarget,
  options: FetchOptions,
  offsets: OffsetSnapshot,
  nowMs: number,
): number {
  return partition.recordFollowerFetch(options.replicaId, {
    fetchOffset: target.fetchOffset,
    logStartOffset: target.logStartOffset,
    fetchMs: nowMs,
    leaderEndOffset: offsets.logEndOffset,
    brokerEpoch: options.replicaEpoch,
  })
}

function readRecords(
  log: Log,
  target: FetchTarget,
  options: FetchOptions,
  limits: ReadLimits,
  offsets: OffsetSnapshot,
): FetchResult | Promise<FetchResult> {
  const maxOffset = readableEnd(offsets, options.isolation)
  const maxBytes = Math.min(target.maxBytes, limits.maxBytes)
  const nothing = target.fetchOffset >= maxOffset || (maxBytes <= 0 && !limits.minOneBatch)
  if (nothing) return withoutRecords(offsets, options, undefined)
  const read = log.read({
    fetchOffset: target.fetchOffset,
    maxBytes: Math.max(0, maxBytes),
    maxOffset,
    minOneBatch: limits.minOneBatch,
  })
  if (read instanceof Promise) {
    return read.then((result) => withRecords(log, target, options, offsets, result))
  }
  return withRecords(log, target, options, offsets, read)
}

function readableEnd(offsets: OffsetSnapshot, isolation: Isolation): number {
  if (isolation === Isolation.logEnd) return offsets.logEndOffset
  return isolation === Isolation.readCommitted ? offsets.lastStableOffset : offsets.highWatermark
}

function withoutRecords(
  offsets: OffsetSnapshot,
  options: FetchOptions,
  divergingEpoch: EpochEnd | undefined,
): FetchResult {
  return {
    error: Errors.NONE,
    highWatermark: offsets.highWatermark,
    lastStableOffset: offsets.lastStableOffset,
    logStartOffset: offsets.logStartOffset,
    divergingEpoch,
    abortedTransactions: options.isolation === Isolation.readCommitted ? [] : null,
    preferredReadReplica: -1,
    segments: NO_SEGMENTS,
    sizeBytes: 0,
  }
}

function withRecords(
  log: Log,
  target: FetchTarget,
  options: FetchOptions,
  offsets: OffsetSnapshot,
  read: ReadResult,
): FetchResult {
  if (read.error !== Errors.NONE) return failedFetch(read.error)
  const committed = options.isolation === Isolation.readCommitted
  const upper = offsets.lastStableOffset
  return {
    error: Errors.NONE,
    highWatermark: offsets.highWatermark,
    lastStableOffset: offsets.lastStableOffset,
    logStartOffset: offsets.logStartOffset,
    divergingEpoch: undefined,
    abortedTransactions:
      committed && read.sizeBytes > 0
        ? log.abortedTransactions(target.fetchOffset, upper)
        : committed
          ? []
          : null,
    preferredReadReplica: -1,
    segments: read.segments,
    lent: read.lent,
    sizeBytes: read.sizeBytes,
  }
}
