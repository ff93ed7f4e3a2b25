// Snappy as Kafka's clients write it: xerial's framing around raw snappy blocks.
//
//   82 53 4e 41 50 50 59 00 | version int32 | lowest compatible version int32
//   { length int32 | raw snappy block of at most 32 KiB of input } ...
//
// Streams may follow one another. Some clients send a raw block without framing: read too.
import { snappyCompressor, snappyUncompressor } from 'hysnappy'
import { DecompressionError } from './decompression-error.ts'

const HEADER = Buffer.from('82534e4150505900' + '00000001' + '00000001', 'hex')
const MAGIC_LENGTH = 8
const BLOCK_BYTES = 32 * 1024
/** A copy of 64 bytes takes at least 3; anything that announces more is lying. */
const MAX_RATIO = 22

type Codec<Arguments extends unknown[]> = (...input: Arguments) => Uint8Array

let compressor: Codec<[Uint8Array]> | undefined
let uncompressor: Codec<[Uint8Array, number]> | undefined

export function snappyCompress(bytes: Buffer): Buffer {
  compressor ??= snappyCompressor()
  const parts: Uint8Array[] = [HEADER]
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
    const block = compressor(bytes.subarray(start, start + BLOCK_BYTES))
    const length = Buffer.allocUnsafe(4)
    length.writeInt32BE(block.length, 0)
    parts.push(length, block)
  }
  return Buffer.concat(parts)
}

/** Throws DecompressionError. */
export function snappyDecompress(bytes: Buffer, maxBytes: number): Buffer {
  if (!isFramed(bytes, 0)) return decompressRaw(bytes, maxBytes)
  const output = Buffer.allocUnsafe(framedLength(bytes, maxBytes))
  let written = 0
  let position = 0
  while (position < bytes.length) {
    if (isFramed(bytes, position)) {
      position += HEADER.length
      continue
    }
    const end = position + 4 + bytes.readInt32BE(position)
    const block = decompressRaw(bytes.subarray(position + 4, end), output.length - written)
    output.set(block, written)
    written += block.length
    position = end
  }
  return output
}

function isFramed(bytes: Buffer, position: number): boolean {
  return (
    position + HEADER.length <= bytes.length &&
    bytes.compare(HEADER, 0, MAGIC_LENGTH, position, position + MAGIC_LENGTH) === 0
  )
}

/** Sum of the announced lengths, with every block's place checked. */
function framedLength(bytes: Buffer, maxBytes: number): number {
  let total = 0
  let position = 0
  while (position < bytes.length) {
    if (isFramed(bytes, position)) {
      position += HEADER.length
      continue
    }
    if (position + 4 > bytes.length) throw new DecompressionError('truncated', 'snappy')
    const length = bytes.readInt32BE(position)
    if (length <= 0) throw new DecompressionError('malformed', 'snappy')
    if (position + 4 + length > bytes.length) throw new DecompressionError('truncated', 'snappy')
    total += announcedLength(bytes, position + 4, position + 4 + length)
    if (total > maxBytes) throw new DecompressionError('too-large', 'snappy')
    position += 4 + length
  }
  return total
}

/** A raw block begins with the length of its content, 7 bits a byte, lowest first. */
function announcedLength(bytes: Buffer, start: number, end: number): number {
  let length = 0
  for (let index = 0; index < 5; index += 1) {
    if (start + index >= end) throw new DecompressionError('truncated', 'snappy')
    const byte = bytes.readUInt8(start + index)
    length += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) {
      if (length > (end - start) * MAX_RATIO) throw new DecompressionError('malformed', 'snappy')
      return length
    }
  }
  throw new DecompressionError('malformed', 'snappy')
}

function decompressRaw(bytes: Buffer, maxBytes: number): Buffer {
  const length = announcedLength(bytes, 0, bytes.length)
  if (length > maxBytes) throw new DecompressionError('too-large', 'snappy')
  if (length === 0) return Buffer.alloc(0)
  uncompressor ??= snappyUncompressor()
  try {
    const block = uncompressor(bytes, length)
    return Buffer.from(block.buffer, block.byteOffset, block.byteLength)
  } catch (cause) {
    throw new DecompressionError('malformed', 'snappy', { cause })
  }
}
