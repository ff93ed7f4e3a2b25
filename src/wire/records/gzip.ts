// gzip by Node's zlib, with the output bounded. Chunks are sized to the expected result, so that
// an ordinary batch needs one of them.
import { constants, gunzipSync, gzipSync } from 'node:zlib'
import { DecompressionError } from './decompression-error.ts'
import { hasCode } from './error-code.ts'

const MIN_CHUNK = 1024
const MAX_CHUNK = 1024 * 1024

export function gzip(bytes: Buffer, level: number): Buffer {
  return gzipSync(bytes, { level, chunkSize: chunkFor(bytes.length) })
}

/** Reads concatenated members too. Throws DecompressionError. */
export function gunzip(bytes: Buffer, maxBytes: number): Buffer {
  // A member ends with the length of its content; a lie only costs another chunk.
  const announced = bytes.length >= 18 ? bytes.readUInt32LE(bytes.length - 4) : 0
  try {
    return gunzipSync(bytes, {
      chunkSize: chunkFor(announced + 1),
      maxOutputLength: Math.max(1, maxBytes),
      finishFlush: constants.Z_FINISH,
    })
  } catch (cause) {
    throw new DecompressionError(problemOf(cause), 'gzip', { cause })
  }
}

function chunkFor(length: number): number {
  return Math.min(MAX_CHUNK, Math.max(MIN_CHUNK, length))
}

function problemOf(cause: unknown) {
  if (hasCode(cause, 'ERR_BUFFER_TOO_LARGE')) return 'too-large'
  if (hasCode(cause, 'Z_BUF_ERROR')) return 'truncated'
  return 'malformed'
}
