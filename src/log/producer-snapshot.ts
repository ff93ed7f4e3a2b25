// `<offset>.snapshot`: the producers' state before the record at that offset.
//   version int16 = 1, crc uint32 (CRC-32C of the rest), count int32, then per producer 46 bytes:
//    0 producerId int64     14 lastOffset int64    34 coordinatorEpoch int32
//    8 epoch int16          22 offsetDelta int32   38 currentTxnFirstOffset int64, -1: none
//   10 lastSequence int32   26 timestamp int64
import { crc32c } from '../wire/records/crc32c.ts'
import { readInt64, writeInt64 } from '../wire/records/int64.ts'
import { NO_SEQUENCE, ProducerEntry } from './producer-entry.ts'

const VERSION = 1
const HEADER_BYTES = 10
const CRC_START = 6
const ENTRY_BYTES = 46
const SEQUENCES = 2 ** 31

export function encodeSnapshot(entries: Iterable<ProducerEntry>, count: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + count * ENTRY_BYTES)
  bytes.writeInt16BE(VERSION, 0)
  bytes.writeInt32BE(count, 6)
  let position = HEADER_BYTES
  for (const entry of entries) {
    const last = entry.batches.at(-1)
    writeInt64(bytes, position, entry.producerId)
    bytes.writeInt16BE(entry.epoch, position + 8)
    bytes.writeInt32BE(entry.lastSequence, position + 10)
    writeInt64(bytes, position + 14, entry.lastOffset)
    bytes.writeInt32BE(last === undefined ? 0 : last.lastOffset - last.firstOffset, position + 22)
    writeInt64(bytes, position + 26, entry.lastTimestamp)
    bytes.writeInt32BE(entry.coordinatorEpoch, position + 34)
    writeInt64(bytes, position + 38, entry.currentTxnFirstOffset)
    position += ENTRY_BYTES
  }
  bytes.writeUInt32BE(crc32c(bytes, CRC_START), 2)
  return bytes
}

/** Undefined when the content is damaged or of another version. */
export function decodeSnapshot(bytes: Buffer): ProducerEntry[] | undefined {
  if (bytes.length < HEADER_BYTES || bytes.readInt16BE(0) !== VERSION) return undefined
  const count = bytes.readInt32BE(6)
  if (count < 0 || bytes.length !== HEADER_BYTES + count * ENTRY_BYTES) return undefined
  if (bytes.readUInt32BE(2) !== crc32c(bytes, CRC_START)) return undefined
  const entries: ProducerEntry[] = []
  for (let position = HEADER_BYTES; position < bytes.length; position += ENTRY_BYTES) {
    entries.push(decodeEntry(bytes, position))
  }
  return entries
}

function decodeEntry(bytes: Buffer, position: number): ProducerEntry {
  const entry = new ProducerEntry(readInt64(bytes, position))
  entry.epoch = bytes.readInt16BE(position + 8)
  entry.lastTimestamp = readInt64(bytes, position + 26)
  entry.coordinatorEpoch = bytes.readInt32BE(position + 34)
  entry.currentTxnFirstOffset = readInt64(bytes, position + 38)
  const lastSequence = bytes.readInt32BE(position + 10)
  const lastOffset = readInt64(bytes, position + 14)
  const delta = bytes.readInt32BE(position + 22)
  if (lastSequence !== NO_SEQUENCE && lastOffset >= 0) {
    entry.remember({
      firstSequence: (lastSequence - delta + SEQUENCES) % SEQUENCES,
      lastSequence,
      firstOffset: lastOffset - delta,
      lastOffset,
      timestamp: entry.lastTimestamp,
    })
  }
  return entry
}
