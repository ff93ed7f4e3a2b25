// Makes batches of magic 2: for coordinators, transaction markers, compaction, the own client and
// tests. Sizes are computed first, so that the records are written once, into one buffer.
import { LOG_OVERHEAD, RECORD_BATCH_OVERHEAD, TimestampType, writeCrc } from './batch.ts'
import { compress, Compression } from './compression.ts'
import { writeInt64 } from './int64.ts'
import type { RecordHeader } from './read-records.ts'
import { varintSize, varlongSize, writeVarint, writeVarlong } from './varint.ts'

export interface RecordInput {
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** Milliseconds since 1970, or -1. */
  readonly timestamp: number
  readonly headers?: readonly RecordHeader[] | undefined
  /** Unset: its place in the batch. */
  readonly offsetDelta?: number | undefined
}

export interface BatchInput {
  readonly records: readonly RecordInput[]
  readonly baseOffset?: number | undefined
  readonly leaderEpoch?: number | undefined
  readonly compression?: Compression | undefined
  readonly level?: number | undefined
  readonly timestampType?: TimestampType | undefined
  /** With append time: the time for all records. */
  readonly appendTimeMs?: number | undefined
  readonly producerId?: number | undefined
  readonly producerEpoch?: number | undefined
  readonly baseSequence?: number | undefined
  readonly transactional?: boolean | undefined
  readonly control?: boolean | undefined
  /** Unset: that of the last record. Compaction keeps the original one. */
  readonly lastOffsetDelta?: number | undefined
  /** When tombstones may go; stored as base timestamp (KIP-534). */
  readonly deleteHorizonMs?: number | undefined
  /** Unset: the newest of the records. */
  readonly maxTimestamp?: number | undefined
}

/** A complete batch with a correct checksum, in a buffer of its own. */
export function buildBatch(input: BatchInput): Buffer {
  const firstTimestamp = input.deleteHorizonMs ?? input.records[0]?.timestamp ?? -1
  const codec = input.compression ?? Compression.none
  const size = sectionSize(input.records, firstTimestamp)
  if (codec === Compression.none) {
    const batch = Buffer.allocUnsafe(RECORD_BATCH_OVERHEAD + size)
    writeSection(batch, RECORD_BATCH_OVERHEAD, input.records, firstTimestamp)
    return finish(batch, input, firstTimestamp, codec)
  }
  const section = Buffer.allocUnsafe(size)
  writeSection(section, 0, input.records, firstTimestamp)
  const compressed = compress(codec, section, input.level)
  const batch = Buffer.allocUnsafe(RECORD_BATCH_OVERHEAD + compressed.length)
  compressed.copy(batch, RECORD_BATCH_OVERHEAD)
  return finish(batch, input, firstTimestamp, codec)
}

function finish(batch: Buffer, input: BatchInput, first: number, codec: Compression): Buffer {
  const last = input.records.at(-1)
  const count = input.records.length
  writeInt64(batch, 0, input.baseOffset ?? 0)
  batch.writeInt32BE(batch.length - LOG_OVERHEAD, 8)
  batch.writeInt32BE(input.leaderEpoch ?? -1, 12)
  batch.writeInt8(2, 16)
  batch.writeInt16BE(attributesOf(input, codec), 21)
  const lastDelta = input.lastOffsetDelta ?? last?.offsetDelta ?? Math.max(0, count - 1)
  batch.writeInt32BE(lastDelta, 23)
  writeInt64(batch, 27, first)
  writeInt64(batch, 35, newestTimestamp(input))
  writeInt64(batch, 43, input.producerId ?? -1)
  batch.writeInt16BE(input.producerEpoch ?? -1, 51)
  batch.writeInt32BE(input.baseSequence ?? -1, 53)
  batch.writeInt32BE(count, 57)
  writeCrc(batch, 0)
  return batch
}

function attributesOf(input: BatchInput, codec: Compression): number {
  return (
    codec |
    (input.timestampType === TimestampType.logAppendTime ? 0x08 : 0) |
    (input.transactional === true ? 0x10 : 0) |
    (input.control === true ? 0x20 : 0) |
    (input.deleteHorizonMs === undefined ? 0 : 0x40)
  )
}

function newestTimestamp(input: BatchInput): number {
  if (input.maxTimestamp !== undefined) return input.maxTimestamp
  if (input.timestampType === TimestampType.logAppendTime) return input.appendTimeMs ?? -1
  let newest = -1
  for (const record of input.records) if (record.timestamp > newest) newest = record.timestamp
  return newest
}

function sectionSize(records: readonly RecordInput[], firstTimestamp: number): number {
  let size = 0
  for (let index = 0; index < records.length; index += 1) {
    const length = bodySize(records[index]!, index, firstTimestamp)
    size += varintSize(length) + length
  }
  return size
}

function bodySize(record: RecordInput, index: number, firstTimestamp: number): number {
  let size =
    1 +
    varlongSize(record.timestamp - firstTimestamp) +
    varintSize(record.offsetDelta ?? index) +
    bytesSize(record.key) +
    bytesSize(record.value)
  const headers = record.headers
  size += varintSize(headers?.length ?? 0)
  if (headers === undefined) return size
  for (const header of headers) {
    const keyLength = Buffer.byteLength(header.key)
    size += varintSize(keyLength) + keyLength + bytesSize(header.value)
  }
  return size
}

function bytesSize(bytes: Buffer | null): number {
  return bytes === null ? 1 : varintSize(bytes.length) + bytes.length
}

function writeSection(
  target: Buffer,
  start: number,
  records: readonly RecordInput[],
  firstTimestamp: number,
): void {
  let at = start
  for (let index = 0; index < records.length; index += 1) {
    const record = records[index]!
    at = writeVarint(target, at, bodySize(record, index, firstTimestamp))
    target[at++] = 0
    at = writeVarlong(target, at, record.timestamp - firstTimestamp)
    at = writeVarint(target, at, record.offsetDelta ?? index)
    at = writeBytes(target, at, record.key)
    at = writeBytes(target, at, record.value)
    at = writeVarint(target, at, record.headers?.length ?? 0)
    if (record.headers === undefined) continue
    for (const header of record.headers) {
      at = writeVarint(target, at, Buffer.byteLength(header.key))
      at += target.write(header.key, at)
      at = writeBytes(target, at, header.value)
    }
  }
}

function writeBytes(target: Buffer, position: number, bytes: Buffer | null): number {
  if (bytes === null) return writeVarint(target, position, -1)
  const at = writeVarint(target, position, bytes.length)
  bytes.copy(target, at)
  return at + bytes.length
}
