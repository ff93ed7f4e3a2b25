// Batches for consumers so old that they read only message sets of magic 0 or 1. Headers,
// producer ids and control batches do not exist there and are left out.
import {
  compressionOf,
  CURRENT_MAGIC,
  isControl,
  LOG_OVERHEAD,
  magic,
  timestampType,
  TimestampType,
  maxTimestamp,
} from './batch.ts'
import { compress, Compression } from './compression.ts'
import { crc32 } from './crc32.ts'
import { writeInt64 } from './int64.ts'
import { legacyCompressionOf, legacyHeaderBytes, readLegacyRecords } from './legacy.ts'
import { lz4Compress } from './lz4-frame.ts'
import { nextBatch } from './next-batch.ts'
import { type DecodedRecord, readRecords } from './read-records.ts'

const APPEND_TIME_BIT = 0x08

/** A batch in zstd cannot be had in an old format; the answer is UNSUPPORTED_COMPRESSION_TYPE. */
export class DownConversionError extends Error {
  constructor() {
    super('Records compressed with zstd cannot be down-converted')
    this.name = 'DownConversionError'
  }
}

/**
 * The complete batches of `buffer`, of any magic, as a message set of `target` or of less.
 * Uncompressed records below `firstOffset` are left out. Throws DownConversionError,
 * and what reading throws.
 */
export function downConvert(buffer: Buffer, target: 0 | 1, firstOffset = 0): Buffer {
  const parts: Buffer[] = []
  for (let position = 0; ;) {
    const end = nextBatch(buffer, position)
    if (typeof end !== 'number' || end < 0) break
    const batch = buffer.subarray(position, end)
    if (magic(batch, 0) <= target) parts.push(batch)
    else convertBatch(batch, target, firstOffset, parts)
    position = end
  }
  return Buffer.concat(parts)
}

function convertBatch(batch: Buffer, target: 0 | 1, firstOffset: number, parts: Buffer[]): void {
  const modern = magic(batch, 0) === CURRENT_MAGIC
  if (modern && isControl(batch, 0)) return
  const codec = modern ? compressionOf(batch, 0) : legacyCompressionOf(batch, 0)
  if (codec === Compression.zstd) throw new DownConversionError()
  const records = modern ? readRecords(batch, 0) : readLegacyRecords(batch)
  const appendTime = modern && timestampType(batch, 0) === TimestampType.logAppendTime
  if (codec === Compression.gzip || codec === Compression.snappy || codec === Compression.lz4) {
    if (records.length > 0) parts.push(wrap(records, target, codec, appendTime, batch))
    return
  }
  for (const record of records) {
    if (record.offset < firstOffset) continue
    parts.push(message(record, target, appendTime ? APPEND_TIME_BIT : 0, record.offset))
  }
}

function wrap(
  records: readonly DecodedRecord[],
  target: 0 | 1,
  codec: Compression,
  appendTime: boolean,
  batch: Buffer,
): Buffer {
  const base = target === 0 ? 0 : records[0]!.offset
  const last = records[records.length - 1]!.offset
  const set = Buffer.concat(
    records.map((record) => message(record, target, 0, record.offset - base)),
  )
  const legacyChecksum = codec === Compression.lz4 && target === 0
  const value = legacyChecksum ? lz4Compress(set, { legacyChecksum }) : compress(codec, set)
  const newest = records.reduce((max, { timestamp }) => Math.max(max, timestamp), -1)
  const timestamp = appendTime ? maxTimestamp(batch, 0) : newest
  const attributes = codec | (appendTime ? APPEND_TIME_BIT : 0)
  return message(
    { offset: last, timestamp, key: null, value, headers: [] },
    target,
    attributes,
    last,
  )
}

/** One message; bit 3 of the attributes means nothing in magic 0 and is not written. */
function message(record: DecodedRecord, target: 0 | 1, bits: number, offset: number): Buffer {
  const head = legacyHeaderBytes(target)
  const size = head + 8 + (record.key?.length ?? 0) + (record.value?.length ?? 0)
  const result = Buffer.allocUnsafe(size)
  writeInt64(result, 0, offset)
  result.writeInt32BE(size - LOG_OVERHEAD, 8)
  result.writeInt8(target, 16)
  result.writeUInt8(target === 0 ? bits & ~APPEND_TIME_BIT : bits, 17)
  if (target === 1) writeInt64(result, 18, record.timestamp)
  const at = writeBytes(result, head, record.key)
  writeBytes(result, at, record.value)
  result.writeUInt32BE(crc32(result, 16, size), 12)
  return result
}

function writeBytes(target: Buffer, at: number, bytes: Buffer | null): number {
  target.writeInt32BE(bytes === null ? -1 : bytes.length, at)
  return at + 4 + (bytes?.copy(target, at + 4) ?? 0)
}
