// Records of a batch as objects: for coordinators, compaction, tools and tests, not for the path
// from producer to consumer. Bounded by the bytes that are there and by a limit on decompression.
import {
  baseOffset,
  baseTimestamp,
  compressionOf,
  isComplete,
  magic,
  maxTimestamp,
  RECORD_BATCH_OVERHEAD,
  recordCount,
  sizeInBytes,
  timestampType,
  TimestampType,
} from './batch.ts'
import { decompress, decompressBorrowed } from './compression.ts'
import { RecordCursor, RecordFormatError } from './record-cursor.ts'

/** The most that a batch may grow to unless its reader says otherwise: the default frame limit. */
export const DEFAULT_MAX_DECOMPRESSED_BYTES = 104_857_600

export interface RecordHeader {
  readonly key: string
  readonly value: Buffer | null
}

export interface DecodedRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
}

export interface ReadLimits {
  /** Bytes of the records of one batch after decompression. */
  readonly maxBytes?: number | undefined
}

const NO_HEADERS: readonly RecordHeader[] = []

/**
 * The records of the batch of magic 2 at `position`; keys and values are views. Checks no CRC.
 * Throws RecordFormatError or DecompressionError.
 */
export function readRecords(buffer: Buffer, position = 0, limits?: ReadLimits): DecodedRecord[] {
  const section = recordSection(buffer, position, limits?.maxBytes)
  const appendTime =
    timestampType(buffer, position) === TimestampType.logAppendTime
      ? maxTimestamp(buffer, position)
      : undefined
  const firstOffset = baseOffset(buffer, position)
  const firstTimestamp = baseTimestamp(buffer, position)
  const count = recordCount(buffer, position)
  return readSection(section, count, firstOffset, firstTimestamp, appendTime)
}

/** `count` records that fill `section`, uncompressed. Throws RecordFormatError. */
export function readSection(
  section: Buffer,
  count: number,
  firstOffset: number,
  firstTimestamp: number,
  appendTime?: number,
): DecodedRecord[] {
  // A record takes at least 7 bytes.
  if (count < 0 || count * 7 > section.length) throw new RecordFormatError('record count')
  const cursor = new RecordCursor()
  cursor.open(section, 0, section.length)
  const records: DecodedRecord[] = []
  for (let index = 0; index < count; index += 1) {
    cursor.next()
    records.push({
      offset: firstOffset + cursor.offsetDelta,
      timestamp: appendTime ?? firstTimestamp + cursor.timestampDelta,
      key: view(section, cursor.keyPosition, cursor.keyLength),
      value: view(section, cursor.valuePosition, cursor.valueLength),
      headers: cursor.headerCount === 0 ? NO_HEADERS : readHeaders(cursor),
    })
  }
  if (!cursor.isAtEnd) throw new RecordFormatError('bytes after the last record')
  return records
}

/**
 * The bytes of the records of the batch at `position`, decompressed.
 * Throws RecordFormatError or DecompressionError.
 */
export function recordSection(
  buffer: Buffer,
  position: number,
  maxBytes = DEFAULT_MAX_DECOMPRESSED_BYTES,
): Buffer {
  const stored = storedSection(buffer, position)
  return decompress(compressionOf(buffer, position), stored, maxBytes)
}

/** Like `recordSection`, but only good until the next call. */
export function borrowedSection(
  buffer: Buffer,
  position: number,
  maxBytes = DEFAULT_MAX_DECOMPRESSED_BYTES,
): Buffer {
  const stored = storedSection(buffer, position)
  return decompressBorrowed(compressionOf(buffer, position), stored, maxBytes)
}

function storedSection(buffer: Buffer, position: number): Buffer {
  if (!isComplete(buffer, position)) throw new RecordFormatError('incomplete batch')
  const end = position + sizeInBytes(buffer, position)
  if (end - position < RECORD_BATCH_OVERHEAD || magic(buffer, position) !== 2) {
    throw new RecordFormatError('not a batch of magic 2')
  }
  return buffer.subarray(position + RECORD_BATCH_OVERHEAD, end)
}

function readHeaders(cursor: RecordCursor): RecordHeader[] {
  const after = cursor.position
  const headers: RecordHeader[] = []
  cursor.position = cursor.headersPosition
  for (let index = 0; index < cursor.headerCount; index += 1) {
    const keyLength = cursor.readVarint()
    const key = cursor.buffer.toString('utf8', cursor.position, cursor.position + keyLength)
    cursor.position += keyLength
    const valueLength = cursor.readVarint()
    headers.push({ key, value: view(cursor.buffer, cursor.position, valueLength) })
    if (valueLength > 0) cursor.position += valueLength
  }
  cursor.position = after
  return headers
}

function view(buffer: Buffer, position: number, length: number): Buffer | null {
  return length < 0 ? null : buffer.subarray(position, position + length)
}
