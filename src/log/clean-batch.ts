// What is left of one batch after compaction. Offsets never change: what remains keeps its place,
// and the batch keeps its first and last offset.
import * as batch from '../wire/records/batch.ts'
import { buildBatch } from '../wire/records/build-batch.ts'
import { Compression } from '../wire/records/compression.ts'
import { readRecords } from '../wire/records/read-records.ts'
import type { DecodedRecord } from '../wire/records/read-records.ts'
import type { OffsetMap } from './offset-map.ts'

export interface CleanRules {
  readonly map: OffsetMap
  readonly nowMs: number
  readonly deleteRetentionMs: number
  /** The last batch of a producer that may come back: kept, if need be without records. */
  isLastOfProducer(b: Buffer, p: number): boolean
}

/**
 * The batch to write, which may be the very bytes at `p`; undefined when nothing is left.
 * `isObsolete`: of an aborted transaction, or a marker that nothing needs any more.
 */
export function cleanBatch(
  b: Buffer,
  p: number,
  isObsolete: boolean,
  rules: CleanRules,
): Buffer | undefined {
  const original = b.subarray(p, p + batch.sizeInBytes(b, p))
  const isMarker = batch.isControl(original, 0)
  const horizon = horizonOf(original)
  const isExpired = horizon !== undefined && horizon <= rules.nowMs
  const isDropped = isMarker ? isObsolete && isExpired : isObsolete
  const records = isDropped || batch.recordCount(original, 0) === 0 ? [] : readRecords(original, 0)
  const kept = isMarker ? records : records.filter((record) => isKept(record, rules, isExpired))
  if (kept.length === 0) {
    return rules.isLastOfProducer(original, 0) ? withoutRecords(original) : undefined
  }
  const mayGo = isMarker ? isObsolete : kept.some(({ value }) => value === null)
  const setsHorizon = horizon === undefined && mayGo
  if (kept.length === records.length && !setsHorizon) return original
  return withRecords(original, kept, setsHorizon ? rules.nowMs + rules.deleteRetentionMs : horizon)
}

function horizonOf(original: Buffer): number | undefined {
  return batch.hasDeleteHorizon(original, 0) ? batch.baseTimestamp(original, 0) : undefined
}

function isKept(record: DecodedRecord, rules: CleanRules, isExpired: boolean): boolean {
  if (record.offset > rules.map.latestOffset) return true
  if (record.key === null) return false
  if (record.offset < rules.map.get(record.key)) return false
  return record.value !== null || !isExpired
}

function withRecords(
  original: Buffer,
  kept: readonly DecodedRecord[],
  deleteHorizonMs: number | undefined,
): Buffer {
  const baseOffset = batch.baseOffset(original, 0)
  return buildBatch({
    ...headerOf(original),
    records: kept.map((record) => ({ ...record, offsetDelta: record.offset - baseOffset })),
    compression: codecOf(original),
    deleteHorizonMs,
  })
}

function withoutRecords(original: Buffer): Buffer {
  return buildBatch({
    ...headerOf(original),
    records: [],
    maxTimestamp: batch.maxTimestamp(original, 0),
  })
}

function headerOf(original: Buffer) {
  const timestampType = batch.timestampType(original, 0)
  const stamped = timestampType === batch.TimestampType.logAppendTime
  return {
    baseOffset: batch.baseOffset(original, 0),
    leaderEpoch: batch.partitionLeaderEpoch(original, 0),
    lastOffsetDelta: batch.lastOffsetDelta(original, 0),
    timestampType,
    appendTimeMs: stamped ? batch.maxTimestamp(original, 0) : undefined,
    producerId: batch.producerId(original, 0),
    producerEpoch: batch.producerEpoch(original, 0),
    baseSequence: batch.baseSequence(original, 0),
    transactional: batch.isTransactional(original, 0),
    control: batch.isControl(original, 0),
  }
}

function codecOf(original: Buffer): Compression {
  const code = batch.compressionOf(original, 0)
  const codec = Object.values(Compression).find((known) => known === code)
  return codec ?? Compression.none
}
