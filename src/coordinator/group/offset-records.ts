// Reads the offset records of `__consumer_offsets` in place. Hot: a coordinator that takes over
// reads millions of them, so texts that repeat are not decoded again, and value versions up to 3
// are read by hand. Version 4 (flexible, written by later brokers) goes through its declaration.
import { CodecError } from '../../codec/codec-error.ts'
import { OffsetCommitValue } from '../../wire/messages/group-records.ts'
import { readInt64 } from '../../wire/records/int64.ts'
import type { RecordView } from '../replay.ts'
import type { CommittedOffset } from './group-events.ts'

export interface OffsetKey {
  readonly group: string
  readonly topic: string
  readonly partition: number
}

const VERSION_BYTES = 2
const LENGTH_BYTES = 2
const PARTITION_BYTES = 4
const NEWEST_BY_HAND = 3

const REMEMBERED = 1024

/**
 * Texts read lately and their bytes, at a place that the bytes choose: the same groups and topics
 * come again and again.
 */
class TextMemory {
  readonly #texts: string[] = Array.from({ length: REMEMBERED }, () => '')
  readonly #bytes: Buffer[] = Array.from({ length: REMEMBERED }, () => Buffer.alloc(0))

  read(buffer: Buffer, start: number, end: number): string {
    const place = placeOf(buffer, start, end)
    const known = this.#bytes[place]
    if (known !== undefined && isSame(known, buffer, start, end)) return this.#texts[place] ?? ''
    const text = buffer.toString('utf8', start, end)
    this.#texts[place] = text
    this.#bytes[place] = Buffer.from(buffer.subarray(start, end))
    return text
  }
}

function placeOf(buffer: Buffer, start: number, end: number): number {
  let hash = end - start
  // Names mostly differ at their end.
  for (let at = Math.max(start, end - 6); at < end; at++) hash = (hash * 31 + (buffer[at] ?? 0)) | 0
  return hash & (REMEMBERED - 1)
}

function isSame(known: Buffer, buffer: Buffer, start: number, end: number): boolean {
  const { length } = known
  if (length !== end - start) return false
  for (let at = 0; at < length; at++) if (known[at] !== buffer[start + at]) return false
  return true
}

const groups = new TextMemory()
const topics = new TextMemory()

/** Throws CodecError. */
export function decodeOffsetKey(record: RecordView): OffsetKey {
  const { buffer, keyPosition, keyLength } = record
  const end = keyPosition + keyLength
  const groupStart = keyPosition + VERSION_BYTES + LENGTH_BYTES
  const groupEnd = textEnd(buffer, groupStart, end)
  const topicStart = groupEnd + LENGTH_BYTES
  const topicEnd = textEnd(buffer, topicStart, end)
  if (topicEnd + PARTITION_BYTES > end) throw new CodecError('the key of an offset is cut off')
  return {
    group: groups.read(buffer, groupStart, groupEnd),
    topic: topics.read(buffer, topicStart, topicEnd),
    partition: buffer.readInt32BE(topicEnd),
  }
}

/** Where the text that starts at `start` ends, by the length in front of it. */
function textEnd(buffer: Buffer, start: number, end: number): number {
  if (start > end) throw new CodecError('a text of an offset record is cut off')
  const length = buffer.readInt16BE(start - LENGTH_BYTES)
  if (length < 0 || start + length > end) {
    throw new CodecError(`a text of an offset record has length ${length}`)
  }
  return start + length
}

/** Throws CodecError. */
export function decodeOffsetValue(record: RecordView): CommittedOffset {
  const { buffer, valuePosition, valueLength } = record
  const end = valuePosition + valueLength
  if (valueLength < VERSION_BYTES) throw new CodecError('the value of an offset is cut off')
  const version = buffer.readInt16BE(valuePosition)
  if (version < 0 || version > NEWEST_BY_HAND) return decodeDeclared(record)
  const hasEpoch = version === 3
  const metadataStart = valuePosition + VERSION_BYTES + 8 + (hasEpoch ? 4 : 0) + LENGTH_BYTES
  const metadataEnd = textEnd(buffer, metadataStart, end)
  if (metadataEnd + (version === 1 ? 16 : 8) > end) {
    throw new CodecError('the value of an offset is cut off')
  }
  return {
    offset: readInt64(buffer, valuePosition + VERSION_BYTES),
    leaderEpoch: hasEpoch ? buffer.readInt32BE(valuePosition + VERSION_BYTES + 8) : -1,
    metadata: buffer.toString('utf8', metadataStart, metadataEnd),
    commitTimestampMs: readInt64(buffer, metadataEnd),
    expireTimestampMs: version === 1 ? readInt64(buffer, metadataEnd + 8) : -1,
  }
}

function decodeDeclared(record: RecordView): CommittedOffset {
  const { buffer, valuePosition, valueLength } = record
  const bytes = buffer.subarray(valuePosition, valuePosition + valueLength)
  const { value } = OffsetCommitValue.decodeVersioned(bytes)
  return {
    offset: value.offset,
    leaderEpoch: value.leaderEpoch,
    metadata: value.metadata,
    commitTimestampMs: value.commitTimestamp,
    expireTimestampMs: value.expireTimestamp,
  }
}
