// Message sets of magic 0 and 1, which old clients still send and old log segments still hold.
//
//   offset int64 | size int32 | crc uint32 (CRC-32 of the rest) | magic int8 | attributes int8
//   | timestamp int64 (magic 1) | key length int32, key | value length int32, value
//
// Attributes: bits 0-2 codec, bit 3 append time (magic 1). A compressed set is the value of one
// wrapper message. The wrapper's offset is that of the last message in it; offsets inside are
// absolute in magic 0 and relative to the first in magic 1. Wrappers do not nest.
import { LOG_OVERHEAD } from './batch.ts'
import { buildBatch } from './build-batch.ts'
import { Compression, type CompressionName, decompress } from './compression.ts'
import { crc32 } from './crc32.ts'
import { readInt64 } from './int64.ts'
import { type DecodedRecord, DEFAULT_MAX_DECOMPRESSED_BYTES } from './read-records.ts'
import { RecordFormatError } from './record-cursor.ts'

/** A message whose lengths or checksum are wrong; Kafka's answer is CORRUPT_MESSAGE. */
export class LegacyFormatError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'LegacyFormatError'
  }
}

const MAGIC_AT = 16
const ATTRIBUTES_AT = 17
const CODEC_MASK = 0x07
const APPEND_TIME_BIT = 0x08
const NO_HEADERS: DecodedRecord['headers'] = []

/** Bytes in front of the key's length. */
export function legacyHeaderBytes(magic: number): number {
  return magic === 0 ? 18 : 26
}

/** Whether the message at `position`, complete in the buffer, has the checksum of its content. */
export function isLegacyCrcValid(buffer: Buffer, position: number): boolean {
  const end = position + LOG_OVERHEAD + buffer.readInt32BE(position + 8)
  if (end > buffer.length || end - position < legacyHeaderBytes(0) + 8) return false
  return buffer.readUInt32BE(position + 12) === crc32(buffer, position + MAGIC_AT, end)
}

/** The codec bits of the message at `position`. */
export function legacyCompressionOf(buffer: Buffer, position: number): number {
  return buffer.readUInt8(position + ATTRIBUTES_AT) & CODEC_MASK
}

export interface LegacyMessage {
  readonly magic: number
  readonly offset: number
  /** -1 in magic 0. */
  readonly timestamp: number
  readonly codec: number
  readonly appendTime: boolean
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly end: number
}

/** The message at `position`. Throws LegacyFormatError, also for a wrong checksum. */
export function readLegacyMessage(buffer: Buffer, position: number): LegacyMessage {
  if (position + LOG_OVERHEAD > buffer.length) throw new LegacyFormatError('message header')
  const end = position + LOG_OVERHEAD + buffer.readInt32BE(position + 8)
  if (end > buffer.length || !isLegacyCrcValid(buffer, position)) {
    throw new LegacyFormatError('message length or checksum')
  }
  const magic = buffer.readInt8(position + MAGIC_AT)
  if (magic !== 0 && magic !== 1) throw new LegacyFormatError(`message magic ${magic}`)
  const attributes = buffer.readUInt8(position + ATTRIBUTES_AT)
  const keyAt = position + legacyHeaderBytes(magic)
  const key = readBytes(buffer, keyAt, end)
  const valueAt = keyAt + 4 + (key?.length ?? 0)
  const value = readBytes(buffer, valueAt, end)
  if (valueAt + 4 + (value?.length ?? 0) !== end) throw new LegacyFormatError('message size')
  return {
    magic,
    offset: readInt64(buffer, position),
    timestamp: magic === 0 ? -1 : readInt64(buffer, position + 18),
    codec: attributes & CODEC_MASK,
    appendTime: magic === 1 && (attributes & APPEND_TIME_BIT) !== 0,
    key,
    value,
    end,
  }
}

function readBytes(buffer: Buffer, at: number, end: number): Buffer | null {
  if (at + 4 > end) throw new LegacyFormatError('bytes length')
  const length = buffer.readInt32BE(at)
  if (length < -1 || length > end - at - 4) throw new LegacyFormatError('bytes length')
  return length < 0 ? null : buffer.subarray(at + 4, at + 4 + length)
}

/**
 * All records of a message set that fills `buffer`, wrappers opened, offsets absolute.
 * Throws LegacyFormatError, RecordFormatError or DecompressionError.
 */
export function readLegacyRecords(
  buffer: Buffer,
  maxBytes = DEFAULT_MAX_DECOMPRESSED_BYTES,
): DecodedRecord[] {
  const records: DecodedRecord[] = []
  let budget = maxBytes
  for (let position = 0; position < buffer.length;) {
    const message = readLegacyMessage(buffer, position)
    if (message.codec === Compression.none) records.push(asRecord(message, message.offset))
    else budget -= openWrapper(message, budget, records)
    position = message.end
  }
  return records
}

/** Appends what is in a wrapper and returns how many bytes it was. */
function openWrapper(wrapper: LegacyMessage, maxBytes: number, records: DecodedRecord[]): number {
  if (wrapper.value === null) throw new RecordFormatError('compressed message without value')
  const set = decompress(wrapper.codec, wrapper.value, maxBytes)
  const inner: LegacyMessage[] = []
  for (let position = 0; position < set.length;) {
    const message = readLegacyMessage(set, position)
    if (message.codec !== Compression.none) throw new RecordFormatError('nested compression')
    if (message.magic !== wrapper.magic) throw new RecordFormatError('magic inside a wrapper')
    inner.push(message)
    position = message.end
  }
  const last = inner.at(-1)
  if (last === undefined) throw new RecordFormatError('empty wrapper')
  const shift = wrapper.magic === 0 ? 0 : wrapper.offset - last.offset
  for (const message of inner) {
    const stamped = wrapper.appendTime ? { ...message, timestamp: wrapper.timestamp } : message
    records.push(asRecord(stamped, message.offset + shift))
  }
  return set.length
}

function asRecord(message: LegacyMessage, offset: number): DecodedRecord {
  const { key, value, timestamp } = message
  return { offset, timestamp, key, value, headers: NO_HEADERS }
}

export interface UpConversion {
  readonly maxBytes: number
  /** compression.type: `producer` keeps the codec of the set. */
  readonly compressionType: string
  readonly level?: number | undefined
}

/**
 * One batch of magic 2 with the records of a message set that a client sent, numbered from 0.
 * Throws as `readLegacyRecords` does; RecordFormatError too for a compressed set that is not alone.
 */
export function upConvert(buffer: Buffer, options: UpConversion): Buffer {
  const first = readLegacyMessage(buffer, 0)
  for (let position = 0; position < buffer.length;) {
    const message = readLegacyMessage(buffer, position)
    if (message.magic !== first.magic) throw new RecordFormatError('mixed magic')
    const alone = position === 0 && message.end === buffer.length
    if (message.codec !== Compression.none && !alone) throw new RecordFormatError('second wrapper')
    position = message.end
  }
  return buildBatch({
    records: readLegacyRecords(buffer, options.maxBytes),
    compression: chosenCodec(options.compressionType, first.codec),
    level: options.level,
  })
}

function chosenCodec(compressionType: string, own: number): Compression {
  if (isName(compressionType)) return Compression[compressionType]
  if (compressionType === 'uncompressed') return Compression.none
  for (const codec of Object.values(Compression)) if (codec === own) return codec
  return Compression.none
}

function isName(name: string): name is CompressionName {
  return Object.hasOwn(Compression, name)
}
