// lz4 frames. Written as Java's clients do: version 1, independent blocks of at most 64 KiB, no
// checksums but the header's (FLG 0x60, BD 0x40). Read: everything the format allows but
// dictionaries, also several frames, skippable ones, and the wrong header checksum (taken over
// the magic number too) of old Kafka clients' message sets.
//
//   magic 04 22 4d 18 | FLG | BD | [content size int64 LE] | HC | blocks | end 00000000 | [checksum]
//   FLG: version 2 bits, independent, block checksum, content size, content checksum, -, dictionary
//   block: size int32 LE (top bit: stored as it is) | bytes | [checksum int32 LE]
import { lz4Arena, MAX_ARENA_BYTES, type BlockDecoder } from './lz4-arena.ts'
import { DecompressionError } from './decompression-error.ts'
import { lz4DecodeBlock } from './lz4-block.ts'
import { DEFAULT_LZ4_LEVEL, lz4EncodeBlock, MAX_BLOCK_BYTES } from './lz4-encoder.ts'
import { xxhash32 } from './xxhash32.ts'

const FRAME_MAGIC = 0x184d2204
const SKIPPABLE_MAGIC = 0x184d2a50
const BLOCK_BYTES = MAX_BLOCK_BYTES
const STORED_BIT = 0x80000000
/** A byte of a block stands for at most so many. */
const MAX_RATIO = 255

export interface Lz4WriteOptions {
  /** compression.lz4.level */
  readonly level?: number | undefined
  /** Writes the header checksum as clients of magic 0 and 1 expect it. */
  readonly legacyChecksum?: boolean
}

export function lz4Compress(bytes: Buffer, options?: Lz4WriteOptions): Buffer {
  const blocks = Math.ceil(bytes.length / BLOCK_BYTES)
  const level = options?.level ?? DEFAULT_LZ4_LEVEL
  const frame = Buffer.allocUnsafe(7 + blocks * 4 + bytes.length + 4)
  frame.writeUInt32LE(FRAME_MAGIC, 0)
  frame.writeUInt8(0x60, 4)
  frame.writeUInt8(0x40, 5)
  frame.writeUInt8(headerChecksum(frame, options?.legacyChecksum === true ? 0 : 4, 6), 6)
  let at = 7
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
    const end = Math.min(bytes.length, start + BLOCK_BYTES)
    const block = lz4EncodeBlock(bytes, start, end, level)
    if (block.length >= end - start) {
      frame.writeUInt32LE(((end - start) | STORED_BIT) >>> 0, at)
      at += 4 + bytes.copy(frame, at + 4, start, end)
    } else {
      frame.writeUInt32LE(block.length, at)
      at += 4 + block.copy(frame, at + 4)
    }
  }
  frame.writeUInt32LE(0, at)
  return frame.subarray(0, at + 4)
}

/** Throws DecompressionError. */
export function lz4Decompress(bytes: Buffer, maxBytes: number): Buffer {
  const result = lz4DecompressBorrowed(bytes, maxBytes)
  return result.length > MAX_ARENA_BYTES ? result : Buffer.from(result)
}

/** The same into memory that the next call uses again, as long as the result is not large. */
export function lz4DecompressBorrowed(bytes: Buffer, maxBytes: number): Buffer {
  const { bound, largestBlock } = outline(bytes)
  const size = Math.min(bound, maxBytes)
  if (size > MAX_ARENA_BYTES) {
    return decodeFrames(bytes, Buffer.allocUnsafe(size), lz4DecodeBlock)
  }
  const arena = lz4Arena()
  return decodeFrames(bytes, arena.prepare(largestBlock, size), arena.decode)
}

/** The same without WebAssembly: what the tests compare with. */
export function lz4DecompressPortable(bytes: Buffer, maxBytes: number): Buffer {
  const output = Buffer.allocUnsafe(Math.min(outline(bytes).bound, maxBytes))
  return decodeFrames(bytes, output, lz4DecodeBlock)
}

/** Everything in `bytes`, as far as `output` has room. */
function decodeFrames(bytes: Buffer, output: Buffer, decode: BlockDecoder): Buffer {
  const cursor = { position: 0, written: 0 }
  while (cursor.position < bytes.length) {
    const header = readHeader(bytes, cursor.position)
    if (header.kind === 'skippable') cursor.position = header.end
    else decodeFrame(bytes, header, output, decode, cursor)
  }
  return cursor.written === output.length ? output : output.subarray(0, cursor.written)
}

interface FrameHeader {
  readonly kind: 'frame'
  readonly blocks: number
  readonly blockMax: number
  readonly independent: boolean
  readonly blockChecksum: boolean
  readonly contentChecksum: boolean
  readonly contentSize: number | undefined
}

type Header = FrameHeader | { readonly kind: 'skippable'; readonly end: number }

function readHeader(bytes: Buffer, at: number): Header {
  need(bytes, at, 4)
  const magic = bytes.readUInt32LE(at)
  if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
    need(bytes, at, 8)
    const length = 8 + bytes.readUInt32LE(at + 4)
    need(bytes, at, length)
    return { kind: 'skippable', end: at + length }
  }
  if (magic !== FRAME_MAGIC) throw malformed()
  need(bytes, at, 7)
  const flags = bytes.readUInt8(at + 4)
  const descriptor = bytes.readUInt8(at + 5)
  if (flags >>> 6 !== 1 || (flags & 0x03) !== 0 || (descriptor & 0x8f) !== 0) throw malformed()
  const sizeCode = descriptor >>> 4
  if (sizeCode < 4) throw malformed()
  const hasSize = (flags & 0x08) !== 0
  const end = at + (hasSize ? 14 : 6)
  need(bytes, end, 1)
  const checksum = bytes.readUInt8(end)
  const right = headerChecksum(bytes, at + 4, end) === checksum
  if (!right && headerChecksum(bytes, at, end) !== checksum) throw malformed()
  return {
    kind: 'frame',
    blocks: end + 1,
    blockMax: 1 << (8 + 2 * sizeCode),
    independent: (flags & 0x20) !== 0,
    blockChecksum: (flags & 0x10) !== 0,
    contentChecksum: (flags & 0x04) !== 0,
    contentSize: hasSize
      ? bytes.readUInt32LE(at + 6) + bytes.readUInt32LE(at + 10) * 4294967296
      : undefined,
  }
}

interface Cursor {
  position: number
  written: number
}

function decodeFrame(
  bytes: Buffer,
  header: FrameHeader,
  output: Buffer,
  decode: BlockDecoder,
  cursor: Cursor,
): void {
  const start = cursor.written
  let position = header.blocks
  for (;;) {
    need(bytes, position, 4)
    const field = bytes.readUInt32LE(position)
    position += 4
    if (field === 0) break
    const end = position + (field & 0x7fffffff)
    need(bytes, position, (field & 0x7fffffff) + (header.blockChecksum ? 4 : 0))
    if (field >= STORED_BIT) copyBlock(bytes, position, end, header, output, cursor)
    else decodeBlock(bytes, position, end, header, output, decode, cursor, start)
    position = end
    if (header.blockChecksum) {
      if (xxhash32(bytes, position - (field & 0x7fffffff), end) !== bytes.readUInt32LE(end))
        throw malformed()
      position += 4
    }
  }
  if (header.contentSize !== undefined && header.contentSize !== cursor.written - start)
    throw malformed()
  if (header.contentChecksum) {
    need(bytes, position, 4)
    if (xxhash32(output, start, cursor.written) !== bytes.readUInt32LE(position)) throw malformed()
    position += 4
  }
  cursor.position = position
}

function copyBlock(
  bytes: Buffer,
  position: number,
  end: number,
  header: FrameHeader,
  output: Buffer,
  cursor: Cursor,
): void {
  const at = cursor.written
  if (end - position > header.blockMax) throw malformed()
  if (at + end - position > output.length) throw new DecompressionError('too-large', 'lz4')
  bytes.copy(output, at, position, end)
  cursor.written += end - position
}

function decodeBlock(
  bytes: Buffer,
  position: number,
  end: number,
  header: FrameHeader,
  output: Buffer,
  decode: BlockDecoder,
  cursor: Cursor,
  frameStart: number,
): void {
  const at = cursor.written
  const room = Math.min(output.length, at + header.blockMax)
  const floor = header.independent ? at : frameStart
  const done = decode(bytes, position, end, output, at, room, floor)
  if (done === -2 && room === output.length) throw new DecompressionError('too-large', 'lz4')
  if (done < 0) throw malformed()
  cursor.written = done
}

interface Outline {
  /** The most that the blocks can stand for. */
  readonly bound: number
  /** Compressed bytes of the largest block. */
  readonly largestBlock: number
}

/** What the headers alone say; checks that all blocks are there. */
function outline(bytes: Buffer): Outline {
  if (bytes.length === 0) throw new DecompressionError('truncated', 'lz4')
  let bound = 0
  let largestBlock = 0
  let at = 0
  while (at < bytes.length) {
    const header = readHeader(bytes, at)
    if (header.kind === 'skippable') {
      at = header.end
      continue
    }
    at = header.blocks
    for (;;) {
      need(bytes, at, 4)
      const field = bytes.readUInt32LE(at)
      const size = field & 0x7fffffff
      at += 4
      if (field === 0) break
      bound += field >= STORED_BIT ? size : Math.min(header.blockMax, size * MAX_RATIO)
      need(bytes, at, size)
      largestBlock = Math.max(largestBlock, size)
      at += size + (header.blockChecksum ? 4 : 0)
    }
    if (header.contentChecksum) at += 4
  }
  if (at > bytes.length) throw new DecompressionError('truncated', 'lz4')
  return { bound, largestBlock }
}

function headerChecksum(bytes: Buffer, start: number, end: number): number {
  return (xxhash32(bytes, start, end) >>> 8) & 0xff
}

function need(bytes: Buffer, at: number, count: number): void {
  if (at + count > bytes.length) throw new DecompressionError('truncated', 'lz4')
}

function malformed(): DecompressionError {
  return new DecompressionError('malformed', 'lz4')
}
