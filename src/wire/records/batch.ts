// The header of a record batch (magic 2), read and written in place. A batch is a buffer and a
// position, never an object. Hot: no allocation, no bigint, no exception.
//
//    0 baseOffset int64            23 lastOffsetDelta int32     51 producerEpoch int16
//    8 batchLength int32           27 baseTimestamp int64       53 baseSequence int32
//   12 partitionLeaderEpoch int32  35 maxTimestamp int64        57 record count int32
//   16 magic int8                  43 producerId int64          61 records
//   17 crc uint32, CRC-32C of everything from 21
//   21 attributes int16: bits 0-2 codec, 3 append time, 4 transactional, 5 control, 6 horizon
//
// Base offset and leader epoch lie before the checksummed part, so a leader sets them for free.
import { crc32c } from './crc32c.ts'
import { readInt64, writeInt64 } from './int64.ts'

/** Bytes of base offset and length, in front of every batch or message of any magic. */
export const LOG_OVERHEAD = 12
/** Bytes of the header of a batch of magic 2; the records follow. */
export const RECORD_BATCH_OVERHEAD = 61
export const CURRENT_MAGIC = 2

export const NO_TIMESTAMP = -1
export const NO_SEQUENCE = -1

export const TimestampType = { createTime: 0, logAppendTime: 1 } as const
export type TimestampType = (typeof TimestampType)[keyof typeof TimestampType]

const CODEC_MASK = 0x07
const TIMESTAMP_TYPE_BIT = 0x08
const TRANSACTIONAL_BIT = 0x10
const CONTROL_BIT = 0x20
const DELETE_HORIZON_BIT = 0x40
const MAX_SEQUENCE = 0x7fffffff

// ---- position of batches in a run of them

/** Whether header and body of the batch (of any magic) at `p` lie before `end`. */
export function isComplete(b: Buffer, p: number, end = b.length): boolean {
  return p + LOG_OVERHEAD <= end && p + sizeInBytes(b, p) <= end && batchLength(b, p) > 0
}

// ---- fields

export function baseOffset(b: Buffer, p: number): number {
  return readInt64(b, p)
}

/** Bytes after the length field. */
export function batchLength(b: Buffer, p: number): number {
  return b.readInt32BE(p + 8)
}

/** Bytes of the whole batch, base offset and length included. */
export function sizeInBytes(b: Buffer, p: number): number {
  return LOG_OVERHEAD + b.readInt32BE(p + 8)
}

export function partitionLeaderEpoch(b: Buffer, p: number): number {
  return b.readInt32BE(p + 12)
}

/** 0 and 1 are message sets (see legacy.ts), 2 is a batch. Signed: a stranger's byte may be -1. */
export function magic(b: Buffer, p: number): number {
  return b.readInt8(p + 16)
}

export function crc(b: Buffer, p: number): number {
  return b.readUInt32BE(p + 17)
}

export function attributes(b: Buffer, p: number): number {
  return b.readInt16BE(p + 21)
}

/** The codec bits: a value of `Compression`, or 5 to 7 in a batch that nobody can read. */
export function compressionOf(b: Buffer, p: number): number {
  return b.readUInt8(p + 22) & CODEC_MASK
}

export function timestampType(b: Buffer, p: number): TimestampType {
  return b.readUInt8(p + 22) & TIMESTAMP_TYPE_BIT
    ? TimestampType.logAppendTime
    : TimestampType.createTime
}

export function isTransactional(b: Buffer, p: number): boolean {
  return (b.readUInt8(p + 22) & TRANSACTIONAL_BIT) !== 0
}

export function isControl(b: Buffer, p: number): boolean {
  return (b.readUInt8(p + 22) & CONTROL_BIT) !== 0
}

/** Whether base timestamp holds the time from which tombstones of the batch may go (KIP-534). */
export function hasDeleteHorizon(b: Buffer, p: number): boolean {
  return (b.readUInt8(p + 22) & DELETE_HORIZON_BIT) !== 0
}

export function lastOffsetDelta(b: Buffer, p: number): number {
  return b.readInt32BE(p + 23)
}

export function lastOffset(b: Buffer, p: number): number {
  return readInt64(b, p) + b.readInt32BE(p + 23)
}

export function baseTimestamp(b: Buffer, p: number): number {
  return readInt64(b, p + 27)
}

export function maxTimestamp(b: Buffer, p: number): number {
  return readInt64(b, p + 35)
}

export function producerId(b: Buffer, p: number): number {
  return readInt64(b, p + 43)
}

export function hasProducerId(b: Buffer, p: number): boolean {
  return b.readInt32BE(p + 43) >= 0
}

export function producerEpoch(b: Buffer, p: number): number {
  return b.readInt16BE(p + 51)
}

export function baseSequence(b: Buffer, p: number): number {
  return b.readInt32BE(p + 53)
}

/** Sequence of the last record; sequences start again at 0 after 2^31 - 1. */
export function lastSequence(b: Buffer, p: number): number {
  const first = baseSequence(b, p)
  return first === NO_SEQUENCE ? NO_SEQUENCE : addSequence(first, lastOffsetDelta(b, p))
}

/** `sequence + increment` in the ring of 2^31 sequence numbers. */
export function addSequence(sequence: number, increment: number): number {
  const sum = sequence + increment
  return sum > MAX_SEQUENCE ? sum - MAX_SEQUENCE - 1 : sum
}

/** As announced by the header; negative in a malformed batch. */
export function recordCount(b: Buffer, p: number): number {
  return b.readInt32BE(p + 57)
}

// ---- fields set in place

export function writeBaseOffset(b: Buffer, p: number, offset: number): void {
  writeInt64(b, p, offset)
}

export function writeLeaderEpoch(b: Buffer, p: number, leaderEpoch: number): void {
  b.writeInt32BE(leaderEpoch, p + 12)
}

/** Sets newest timestamp and timestamp type, and the checksum that covers both. */
export function writeMaxTimestamp(
  b: Buffer,
  p: number,
  type: TimestampType,
  timestampMs: number,
): void {
  const bits = b.readUInt8(p + 22)
  const appendTime = type === TimestampType.logAppendTime
  b.writeUInt8(appendTime ? bits | TIMESTAMP_TYPE_BIT : bits & ~TIMESTAMP_TYPE_BIT, p + 22)
  writeInt64(b, p + 35, timestampMs)
  writeCrc(b, p)
}

export function writeCrc(b: Buffer, p: number): void {
  b.writeUInt32BE(computeCrc(b, p), p + 17)
}

// ---- checksum

/** CRC-32C from the attributes to the end; the batch must be complete in the buffer. */
export function computeCrc(b: Buffer, p: number): number {
  return crc32c(b, p + 21, p + sizeInBytes(b, p))
}

/** False also for a batch shorter than its header or longer than the buffer. */
export function isCrcValid(b: Buffer, p: number): boolean {
  if (p + RECORD_BATCH_OVERHEAD > b.length) return false
  const size = sizeInBytes(b, p)
  if (size < RECORD_BATCH_OVERHEAD || p + size > b.length) return false
  return crc(b, p) === crc32c(b, p + 21, p + size)
}
