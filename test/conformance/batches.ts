// Batches that a client may send, and those that it may not.
import { crc32 } from 'node:zlib'
import { writeCrc } from '../../src/wire/records/batch.ts'
import { Compression, compress } from '../../src/wire/records/compression.ts'
import { buildBatch, type BatchInput } from '../../src/wire/records/build-batch.ts'

const BASE_OFFSET = 0
const MAGIC = 16
const CRC = 17
export const ATTRIBUTES = 21
export const LAST_OFFSET_DELTA = 23
export const RECORD_COUNT = 57

type Options = Partial<Omit<BatchInput, 'records'>>

/** A batch of records with the key `k` and these values. */
export function batchOf(values: readonly string[], options: Options & { timestamp?: number } = {}) {
  const { timestamp = Date.now(), ...rest } = options
  const records = values.map((value) => ({
    key: Buffer.from('k'),
    value: Buffer.from(value),
    timestamp,
  }))
  return buildBatch({ ...rest, records })
}

/** The same with something wrong in it, and a checksum that fits all the same. */
export function damaged(
  change: (batch: Buffer) => void,
  values: readonly string[] = ['v'],
): Buffer {
  const batch = batchOf(values)
  change(batch)
  writeCrc(batch, 0)
  return batch
}

export function withBadCrc(): Buffer {
  const batch = batchOf(['v'])
  batch.writeUInt32BE(12345, CRC)
  return batch
}

export function withMagic(magic: number): Buffer {
  const batch = batchOf(['v'])
  batch.writeInt8(magic, MAGIC)
  return batch
}

export function withBaseOffset(offset: number): Buffer {
  return damaged((batch) => batch.writeBigInt64BE(BigInt(offset), BASE_OFFSET))
}

/** A message set of magic 1 or 0, with good checksums. */
export function messageSet(magic: 0 | 1, values: readonly string[], timestamp = 1_000): Buffer {
  return Buffer.concat(values.map((value, index) => message(magic, index, value, timestamp)))
}

/** The same compressed into one message, as producers sent it then. */
export function compressedSet(
  magic: 0 | 1,
  codec: Compression,
  values: readonly string[],
  timestamp = 1_000,
): Buffer {
  const compressed = compress(codec, messageSet(magic, values, timestamp))
  return message(magic, values.length - 1, compressed, timestamp, codec)
}

function message(
  magic: 0 | 1,
  offset: number,
  value: string | Buffer,
  timestamp: number,
  codec: Compression = Compression.none,
): Buffer {
  const head = Buffer.alloc(magic === 0 ? 2 : 10)
  head.writeInt8(magic, 0)
  head.writeInt8(codec, 1)
  if (magic === 1) head.writeBigInt64BE(BigInt(timestamp), 2)
  const key = codec === Compression.none ? sized('k') : Buffer.from([255, 255, 255, 255])
  const payload = Buffer.concat([head, key, sized(value)])
  const message = Buffer.alloc(16)
  message.writeBigInt64BE(BigInt(offset), 0)
  message.writeInt32BE(payload.length + 4, 8)
  message.writeUInt32BE(crc32(payload), 12)
  return Buffer.concat([message, payload])
}

function sized(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content)
  const size = Buffer.alloc(4)
  size.writeInt32BE(bytes.length, 0)
  return Buffer.concat([size, bytes])
}
