// zstd by Node's zlib, with the output bounded. Node 24 silently stops after the first frame, so
// we loop over frames with the number of bytes that each consumed.
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { DecompressionError } from './decompression-error.ts'
import { hasCode } from './error-code.ts'

const MIN_CHUNK = 1024
const MAX_CHUNK = 1024 * 1024
const FRAME_MAGIC = 0xfd2fb528
const SKIPPABLE_MAGIC = 0x184d2a50

export function zstdCompress(bytes: Buffer, level: number): Buffer {
  return zstdCompressSync(bytes, {
    chunkSize: chunkFor(bytes.length),
    params: { [constants.ZSTD_c_compressionLevel]: level },
  })
}

/** Reads concatenated and skippable frames too. Throws DecompressionError. */
export function zstdDecompress(bytes: Buffer, maxBytes: number): Buffer {
  const parts: Buffer[] = []
  let produced = 0
  let position = 0
  while (position < bytes.length) {
    const skip = skippableLength(bytes, position)
    if (skip > 0) {
      position += skip
      continue
    }
    const rest = position === 0 ? bytes : bytes.subarray(position)
    const frame = decompressFrame(rest, maxBytes - produced)
    parts.push(frame.output)
    produced += frame.output.length
    position += frame.consumed
  }
  if (parts.length === 0 && position === 0) throw new DecompressionError('truncated', 'zstd')
  const [first] = parts
  return parts.length === 1 && first !== undefined ? first : Buffer.concat(parts, produced)
}

interface Frame {
  readonly output: Buffer
  readonly consumed: number
}

function decompressFrame(bytes: Buffer, maxBytes: number): Frame {
  if (bytes.length < 5) throw new DecompressionError('truncated', 'zstd')
  if (bytes.readUInt32LE(0) !== FRAME_MAGIC) throw new DecompressionError('malformed', 'zstd')
  if (maxBytes <= 0) throw new DecompressionError('too-large', 'zstd')
  try {
    const result: unknown = zstdDecompressSync(bytes, {
      chunkSize: chunkFor(contentSize(bytes) + 1),
      maxOutputLength: maxBytes,
      info: true,
    })
    return frameOf(result)
  } catch (cause) {
    if (cause instanceof DecompressionError) throw cause
    throw new DecompressionError(problemOf(cause), 'zstd', { cause })
  }
}

/** `info: true` makes Node answer `{ buffer, engine }`; its types do not say so. */
function frameOf(result: unknown): Frame {
  if (typeof result === 'object' && result !== null && 'buffer' in result && 'engine' in result) {
    const { buffer, engine } = result
    if (Buffer.isBuffer(buffer) && typeof engine === 'object' && engine !== null) {
      const consumed: unknown = Reflect.get(engine, 'bytesWritten')
      if (typeof consumed === 'number' && consumed > 0) return { output: buffer, consumed }
    }
  }
  throw new DecompressionError('malformed', 'zstd')
}

function skippableLength(bytes: Buffer, position: number): number {
  if (position + 4 > bytes.length) throw new DecompressionError('truncated', 'zstd')
  if ((bytes.readUInt32LE(position) & 0xfffffff0) >>> 0 !== SKIPPABLE_MAGIC) return 0
  if (position + 8 > bytes.length) throw new DecompressionError('truncated', 'zstd')
  const length = 8 + bytes.readUInt32LE(position + 4)
  if (position + length > bytes.length) throw new DecompressionError('truncated', 'zstd')
  return length
}

/** Content size from the frame header, or a guess where the writer streamed. */
function contentSize(bytes: Buffer): number {
  const descriptor = bytes.readUInt8(4)
  const sizeFlag = descriptor >>> 6
  const singleSegment = (descriptor & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 0x03] ?? 0
  const at = 5 + (singleSegment ? 0 : 1) + dictionaryBytes
  if (at + 8 > bytes.length) return bytes.length * 4
  if (sizeFlag === 0) return singleSegment ? bytes.readUInt8(at) : bytes.length * 4
  if (sizeFlag === 1) return bytes.readUInt16LE(at) + 256
  return bytes.readUInt32LE(at)
}

function chunkFor(length: number): number {
  return Math.min(MAX_CHUNK, Math.max(MIN_CHUNK, length))
}

function problemOf(cause: unknown) {
  if (hasCode(cause, 'ERR_BUFFER_TOO_LARGE')) return 'too-large'
  if (hasCode(cause, 'Z_BUF_ERROR')) return 'truncated'
  return 'malformed'
}
