// What is left of one batch after compaction. Offsets never change: what remains keeps its place,
// and the batch keeps its first and last offset. Records are looked at and copied in place, without
// an object for each.
import * as batch from '../wire/records/batch.ts'
import { buildBatch } from '../wire/records/build-batch.ts'
import { Compression } from '../wire/records/compression.ts'
import { copiedSize, copyRecord } from '../wire/records/copy-record.ts'
import { borrowedSection } from '../wire/records/read-records.ts'
import { RecordCursor, RecordFormatError } from '../wire/records/record-cursor.ts'
import { withKept } from '../wire/records/rewrite-batch.ts'
import type { OffsetMap } from './offset-map.ts'

export interface CleanRules {
  readonly map: OffsetMap
  readonly nowMs: number
  readonly deleteRetentionMs: number
  /** The last batch of a producer that may come back: kept, if need be without records. */
  isLastOfProducer(b: Buffer, p: number): boolean
}

const NO_RECORDS = Buffer.alloc(0)
const MIN_RECORD_BYTES = 7

export class BatchCleaner {
  readonly #rules: CleanRules
  readonly #cursor = new RecordCursor()
  /** Of the batch at hand, a flag for each record. */
  #keeps = new Uint8Array(1024)
  #kept = 0
  #hasTombstones = false

  constructor(rules: CleanRules) {
    this.#rules = rules
  }

  /**
   * The batch to write, which may be the very bytes at `p`; undefined when nothing is left.
   * `isObsolete`: of an aborted transaction, or a marker that nothing needs any more.
   */
  clean(b: Buffer, p: number, isObsolete: boolean): Buffer | undefined {
    const { nowMs, deleteRetentionMs } = this.#rules
    const original = b.subarray(p, p + batch.sizeInBytes(b, p))
    const isMarker = batch.isControl(original, 0)
    const horizon = batch.hasDeleteHorizon(original, 0)
      ? batch.baseTimestamp(original, 0)
      : undefined
    const isExpired = horizon !== undefined && horizon <= nowMs
    const isDropped = isMarker ? isObsolete && isExpired : isObsolete
    const count = isDropped ? 0 : batch.recordCount(original, 0)
    const section = count === 0 ? NO_RECORDS : borrowedSection(original, 0)
    this.#choose(original, section, count, isMarker, isExpired)
    if (this.#kept === 0) {
      return this.#rules.isLastOfProducer(original, 0) ? withoutRecords(original) : undefined
    }
    const mayGo = isMarker ? isObsolete : this.#hasTombstones
    const setsHorizon = horizon === undefined && mayGo
    if (this.#kept === count && !setsHorizon) return original
    return this.#copy(original, section, count, setsHorizon ? nowMs + deleteRetentionMs : horizon)
  }

  /** Decides about each record. */
  #choose(
    original: Buffer,
    section: Buffer,
    count: number,
    isMarker: boolean,
    isExpired: boolean,
  ): void {
    this.#kept = 0
    this.#hasTombstones = false
    if (count < 0 || count * MIN_RECORD_BYTES > section.length) {
      throw new RecordFormatError('record count')
    }
    if (count > this.#keeps.length) this.#keeps = new Uint8Array(count)
    const cursor = this.#cursor
    const baseOffset = batch.baseOffset(original, 0)
    cursor.open(section, 0, section.length)
    for (let index = 0; index < count; index += 1) {
      cursor.next()
      const isKept = isMarker || this.#isKept(baseOffset + cursor.offsetDelta, isExpired)
      this.#keeps[index] = isKept ? 1 : 0
      if (!isKept) continue
      this.#kept += 1
      if (cursor.valueLength < 0) this.#hasTombstones = true
    }
    if (!cursor.isAtEnd) throw new RecordFormatError('bytes after the last record')
  }

  #isKept(offset: number, isExpired: boolean): boolean {
    const { map } = this.#rules
    const { buffer, keyPosition, keyLength, valueLength } = this.#cursor
    if (offset > map.latestOffset) return true
    if (keyLength < 0) return false
    if (offset < map.get(buffer, keyPosition, keyPosition + keyLength)) return false
    return valueLength >= 0 || !isExpired
  }

  /** The batch with the chosen records; timestamps count from the first of them, or the horizon. */
  #copy(original: Buffer, section: Buffer, count: number, horizon: number | undefined): Buffer {
    const timestamps = new Timestamps(original)
    const baseTimestamp = horizon ?? this.#firstTimestamp(section, timestamps)
    let size = 0
    let maxTimestamp = -1
    this.#forEachKept(section, count, (cursor) => {
      const timestamp = timestamps.of(cursor)
      maxTimestamp = Math.max(maxTimestamp, timestamp)
      size += copiedSize(cursor, timestamp - baseTimestamp)
    })
    const kept = Buffer.allocUnsafe(size)
    let at = 0
    this.#forEachKept(section, count, (cursor) => {
      at = copyRecord(cursor, timestamps.of(cursor) - baseTimestamp, kept, at)
    })
    const hasDeleteHorizon = horizon !== undefined
    const records = { section: kept, count: this.#kept, baseTimestamp, maxTimestamp }
    return withKept(original, { ...records, hasDeleteHorizon }, codecOf(original))
  }

  #firstTimestamp(section: Buffer, timestamps: Timestamps): number {
    const cursor = this.#cursor
    cursor.open(section, 0, section.length)
    for (let index = 0; ; index += 1) {
      cursor.next()
      if (this.#keeps[index] === 1) return timestamps.of(cursor)
    }
  }

  #forEachKept(section: Buffer, count: number, visit: (cursor: RecordCursor) => void): void {
    const cursor = this.#cursor
    cursor.open(section, 0, section.length)
    for (let index = 0; index < count; index += 1) {
      cursor.next()
      if (this.#keeps[index] === 1) visit(cursor)
    }
  }
}

/** Of the records of one batch: their own, or the time of their append. */
class Timestamps {
  readonly #appendTimeMs: number | undefined
  readonly #firstMs: number

  constructor(original: Buffer) {
    const isStamped = batch.timestampType(original, 0) === batch.TimestampType.logAppendTime
    this.#appendTimeMs = isStamped ? batch.maxTimestamp(original, 0) : undefined
    this.#firstMs = batch.baseTimestamp(original, 0)
  }

  of(cursor: RecordCursor): number {
    return this.#appendTimeMs ?? this.#firstMs + cursor.timestampDelta
  }
}

function withoutRecords(original: Buffer): Buffer {
  return buildBatch({
    records: [],
    baseOffset: batch.baseOffset(original, 0),
    leaderEpoch: batch.partitionLeaderEpoch(original, 0),
    lastOffsetDelta: batch.lastOffsetDelta(original, 0),
    timestampType: batch.timestampType(original, 0),
    maxTimestamp: batch.maxTimestamp(original, 0),
    producerId: batch.producerId(original, 0),
    producerEpoch: batch.producerEpoch(original, 0),
    baseSequence: batch.baseSequence(original, 0),
    transactional: batch.isTransactional(original, 0),
    control: batch.isControl(original, 0),
  })
}

function codecOf(original: Buffer): Compression {
  const code = batch.compressionOf(original, 0)
  const codec = Object.values(Compression).find((known) => known === code)
  return codec ?? Compression.none
}
