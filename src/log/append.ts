// Appending: everything that happens between a request's bytes and the write queue. Hot: no await,
// no copy of records, no allocation per record.
import { Errors } from '../wire/errors.ts'
import * as batch from '../wire/records/batch.ts'
import { checkProduceRecords } from '../wire/records/check-produce.ts'
import { validateForAppend } from '../wire/records/validate-batch.ts'
import type { AppendRules, AppendVerdict, RecordError } from '../wire/records/validate-batch.ts'
import { batchProblem, newestTimestampOf } from './batch-scan.ts'
import type { LogState } from './log-state.ts'
import type { AppendOptions, AppendResult } from './log-types.ts'
import { rollTo } from './roll.ts'
import type { Segment } from './segment.ts'
import { lastOffsetOf } from './tail-cache.ts'

const NO_RECORD_ERRORS: readonly RecordError[] = []

export function appendAsLeader(
  log: LogState,
  records: Buffer,
  options: AppendOptions,
): AppendResult {
  if (log.failed || log.isClosed) return refuse(Errors.KAFKA_STORAGE_ERROR)
  if (options.origin === 'client') {
    const check = checkProduceRecords(records, options.requestVersion)
    if (check.error !== Errors.NONE) return refuse(check.error, check.errorMessage)
  }
  const verdict = validateForAppend(records, rulesOf(log, options))
  if (verdict.error !== Errors.NONE) return refuseAsValidated(log, verdict)
  if (verdict.records.length === 0) return nothingAppended(log)
  if (verdict.records.length > log.config.segmentBytes) {
    return refuse(Errors.RECORD_LIST_TOO_LARGE)
  }
  const repeated = checkProducers(log, verdict.records, options)
  if (repeated !== undefined) return repeated
  return store(log, verdict, options)
}

/**
 * The batches carry the offsets and epochs that the leader gave them. Their bytes are read until
 * they are written, and not kept.
 */
export function appendAsFollower(log: LogState, records: Buffer, nowMs: number): AppendResult {
  if (log.failed || log.isClosed) return refuse(Errors.KAFKA_STORAGE_ERROR)
  const checked = checkFetched(log, records)
  if (typeof checked !== 'number') return checked
  if (checked === 0) return nothingAppended(log)
  const complete = checked === records.length ? records : records.subarray(0, checked)
  const firstOffset = batch.baseOffset(complete, 0)
  let run = beginRun(log, 0, true)
  for (let p = 0; p < complete.length;) {
    const size = batch.sizeInBytes(complete, p)
    if (needsRoll(log, complete, p, size, lastOffsetOf(complete, p), nowMs)) {
      endRun(log, run, complete, p)
      rollTo(log, baseOfNext(log, complete, p), nowMs)
      run = beginRun(log, p, true)
    }
    takeIn(log, complete, p, size)
    p += size
  }
  endRun(log, run, complete, complete.length)
  return accepted(log, firstOffset, -1)
}

/** The next offset, unless the batch is too far from it for one segment (KAFKA-6264). */
function baseOfNext(log: LogState, b: Buffer, p: number): number {
  const distance = lastOffsetOf(b, p) - log.nextOffset
  return distance < 2 ** 31 ? log.nextOffset : batch.baseOffset(b, p)
}

/** Batches that follow one another in the records given, and in one segment. */
interface Run {
  readonly from: number
  readonly segment: Segment
  readonly position: number
  readonly startOffset: number
  readonly isBorrowed: boolean
}

function beginRun(log: LogState, from: number, isBorrowed: boolean): Run {
  const segment = log.segments.active
  return { from, segment, position: segment.sizeBytes, startOffset: log.nextOffset, isBorrowed }
}

function endRun(log: LogState, run: Run, records: Buffer, to: number): void {
  if (to === run.from) return
  const bytes = run.from === 0 && to === records.length ? records : records.subarray(run.from, to)
  const { segment, position, startOffset, isBorrowed } = run
  log.writer.enqueue(segment, position, bytes, startOffset, log.nextOffset, isBorrowed)
}

function rulesOf(log: LogState, options: AppendOptions): AppendRules {
  const { config } = log
  return {
    topic: log.topic,
    partition: log.partition,
    origin: options.origin,
    nowMs: options.nowMs,
    maxMessageBytes: config.maxMessageBytes,
    compressionType: config.compressionType,
    compressionLevel: compressionLevelOf(log),
    timestampType: config.messageTimestampType === 'LogAppendTime' ? 1 : 0,
    timestampBeforeMaxMs: config.messageTimestampBeforeMaxMs,
    timestampAfterMaxMs: config.messageTimestampAfterMaxMs,
    compacted: config.cleanupPolicy.compact,
  }
}

function compressionLevelOf({ config }: LogState): number | undefined {
  if (config.compressionType === 'gzip') return config.compressionGzipLevel
  if (config.compressionType === 'lz4') return config.compressionLz4Level
  return config.compressionType === 'zstd' ? config.compressionZstdLevel : undefined
}

/** The answer to a retry or to a batch out of turn; undefined when all may be appended. */
function checkProducers(
  log: LogState,
  records: Buffer,
  options: AppendOptions,
): AppendResult | undefined {
  for (let p = 0; p < records.length; p += batch.sizeInBytes(records, p)) {
    if (!batch.hasProducerId(records, p)) continue
    const original = options.origin === 'client' ? log.producers.duplicateOf(records, p) : undefined
    if (original !== undefined) {
      return {
        ...accepted(log, original.firstOffset, original.timestamp),
        lastOffset: original.lastOffset,
        duplicate: true,
      }
    }
    const error = log.producers.check(records, p, options.origin)
    if (error !== Errors.NONE) return { ...refuse(error), logStartOffset: log.logStartOffset }
  }
  return undefined
}

function store(log: LogState, verdict: AppendVerdict, options: AppendOptions): AppendResult {
  const { records } = verdict
  const firstOffset = log.nextOffset
  const lastOffset = firstOffset + offsetSpan(records) - 1
  if (needsRoll(log, records, 0, records.length, lastOffset, options.nowMs)) {
    rollTo(log, firstOffset, options.nowMs)
  }
  const run = beginRun(log, 0, false)
  for (let p = 0; p < records.length;) {
    const size = batch.sizeInBytes(records, p)
    batch.writeBaseOffset(records, p, log.nextOffset)
    batch.writeLeaderEpoch(records, p, options.leaderEpoch)
    takeIn(log, records, p, size)
    p += size
  }
  endRun(log, run, records, records.length)
  return accepted(log, firstOffset, verdict.appendTimeMs)
}

/** Accounts for one batch that has its offsets, at the end of the active segment. */
function takeIn(log: LogState, b: Buffer, p: number, size: number): void {
  const { active } = log.segments
  const lastOffset = lastOffsetOf(b, p)
  if (batch.magic(b, p) === batch.CURRENT_MAGIC) {
    const epoch = batch.partitionLeaderEpoch(b, p)
    if (epoch > log.epochs.latestEpoch) log.epochs.assign(epoch, batch.baseOffset(b, p))
    if (batch.hasProducerId(b, p)) {
      const completed = log.producers.append(b, p)
      if (completed !== undefined) {
        const lastStableOffset = log.producers.complete(completed)
        if (completed.aborted) active.addAborted({ ...completed, lastStableOffset })
      }
    }
  } else {
    // Their epochs are not known: those of earlier records would be taken for theirs (KAFKA-7897).
    log.epochs.clear()
  }
  active.append(lastOffset, newestTimestampOf(b, p), size, log.config.indexIntervalBytes)
  log.nextOffset = lastOffset + 1
  log.isClean = false
}

/** How many offsets the batches take up. */
function offsetSpan(records: Buffer): number {
  let span = 0
  for (let p = 0; p < records.length; p += batch.sizeInBytes(records, p)) {
    span += batch.lastOffsetDelta(records, p) + 1
  }
  return span
}

/** Whether the `bytes` that begin with the batch at `p` must go to a new segment. */
function needsRoll(
  log: LogState,
  b: Buffer,
  p: number,
  bytes: number,
  lastOffset: number,
  nowMs: number,
): boolean {
  const { active } = log.segments
  if (!active.canHold(lastOffset)) return true
  if (active.sizeBytes === 0) return false
  return (
    active.sizeBytes > log.config.segmentBytes - bytes ||
    isTooOld(log, newestTimestampOf(b, p), nowMs) ||
    active.isIndexFull(log.config.segmentIndexBytes)
  )
}

/** By the timestamps of the records, or by the clock where they have none. */
function isTooOld(log: LogState, newestTimestamp: number, nowMs: number): boolean {
  const { active } = log.segments
  const first = active.firstTimestamp(() => readFirstTimestamp(log))
  const waitedMs = first >= 0 ? newestTimestamp - first : nowMs - active.createdMs
  return waitedMs > log.config.segmentMs - log.rollJitterMs
}

function readFirstTimestamp(log: LogState): number {
  const header = Buffer.alloc(batch.RECORD_BATCH_OVERHEAD)
  const filled = log.segments.active.log.file.readSync(header, 0, header.length, 0)
  return filled === header.length ? newestTimestampOf(header, 0) : -1
}

/** Bytes of the intact batches that a leader sent, or why none of them can be taken. */
function checkFetched(log: LogState, records: Buffer): number | AppendResult {
  let p = 0
  let nextOffset = log.nextOffset
  while (batch.isComplete(records, p)) {
    const problem = batchProblem(records, p)
    if (problem !== undefined) return refuse(Errors.CORRUPT_MESSAGE, problem)
    const modern = batch.magic(records, p) === batch.CURRENT_MAGIC
    const first = modern ? batch.baseOffset(records, p) : lastOffsetOf(records, p)
    if (first < nextOffset) {
      const message = `${log.name}: fetched offset ${first} is below the next one, ${nextOffset}`
      return refuse(Errors.OFFSET_OUT_OF_RANGE, message)
    }
    nextOffset = lastOffsetOf(records, p) + 1
    p += batch.sizeInBytes(records, p)
  }
  return p
}

function accepted(log: LogState, firstOffset: number, appendTimeMs: number): AppendResult {
  return {
    error: Errors.NONE,
    errorMessage: null,
    recordErrors: NO_RECORD_ERRORS,
    firstOffset,
    lastOffset: log.nextOffset - 1,
    appendTimeMs,
    logStartOffset: log.logStartOffset,
    duplicate: false,
  }
}

function nothingAppended(log: LogState): AppendResult {
  return { ...accepted(log, -1, -1), lastOffset: -1 }
}

function refuse(error: number, errorMessage: string | null = null): AppendResult {
  return {
    error,
    errorMessage,
    recordErrors: NO_RECORD_ERRORS,
    firstOffset: -1,
    lastOffset: -1,
    appendTimeMs: -1,
    logStartOffset: -1,
    duplicate: false,
  }
}

function refuseAsValidated(log: LogState, verdict: AppendVerdict): AppendResult {
  return {
    ...refuse(verdict.error, verdict.errorMessage),
    recordErrors: verdict.recordErrors,
    logStartOffset: verdict.knowsLogStart ? log.logStartOffset : -1,
  }
}
