// CRC-32C (Castagnoli), the checksum of record batches and producer snapshots. Hot: no allocation
// below the threshold. Sixteen bytes a step with sixteen tables; longer runs go to the processor's
// own instruction through an optional addon, trusted only if it knows the standard check value.
import { optionalNative } from './optional-native.ts'

/** Below this many bytes the call into the addon costs more than it saves (measured: 200 to 256). */
const NATIVE_THRESHOLD = 256
const POLYNOMIAL = 0x82f63b78
const CHECK_INPUT = Buffer.from('123456789')
const CHECK_VALUE = 0xe3069283

type NativeCrc = (input: Uint8Array, initial?: number) => number

const table = buildTables()

function buildTables(): Int32Array {
  const tables = new Int32Array(16 * 256)
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    tables[byte] = crc
  }
  for (let index = 256; index < tables.length; index += 1) {
    const previous = tables[index - 256] ?? 0
    tables[index] = (previous >>> 8) ^ (tables[previous & 0xff] ?? 0)
  }
  return tables
}

function isCorrectCrc(candidate: unknown): candidate is NativeCrc {
  return typeof candidate === 'function' && candidate(CHECK_INPUT) === CHECK_VALUE
}

const native = optionalNative('@node-rs/crc32', 'crc32c', isCorrectCrc)

/**
 * Checksum of `buffer[start, end)` as an unsigned number. `initial` is the checksum of the bytes
 * before, so that a run spread over several buffers needs no concatenation.
 */
export function crc32c(buffer: Uint8Array, start = 0, end = buffer.length, initial = 0): number {
  if (native !== undefined && end - start >= NATIVE_THRESHOLD) {
    return native(buffer.subarray(start, end), initial)
  }
  return crc32cPortable(buffer, start, end, initial)
}

/** The same without the addon. */
export function crc32cPortable(
  buffer: Uint8Array,
  start: number,
  end: number,
  initial: number,
): number {
  const t = table
  const b = buffer
  let crc = ~initial
  let p = start
  for (const stop = end - 15; p < stop; p += 16) {
    const w = crc ^ (b[p]! | (b[p + 1]! << 8) | (b[p + 2]! << 16) | (b[p + 3]! << 24))
    crc =
      t[3840 + (w & 0xff)]! ^
      t[3584 + ((w >>> 8) & 0xff)]! ^
      t[3328 + ((w >>> 16) & 0xff)]! ^
      t[3072 + (w >>> 24)]! ^
      t[2816 + b[p + 4]!]! ^
      t[2560 + b[p + 5]!]! ^
      t[2304 + b[p + 6]!]! ^
      t[2048 + b[p + 7]!]! ^
      t[1792 + b[p + 8]!]! ^
      t[1536 + b[p + 9]!]! ^
      t[1280 + b[p + 10]!]! ^
      t[1024 + b[p + 11]!]! ^
      t[768 + b[p + 12]!]! ^
      t[512 + b[p + 13]!]! ^
      t[256 + b[p + 14]!]! ^
      t[b[p + 15]!]!
  }
  for (; p < end; p += 1) crc = (crc >>> 8) ^ t[(crc ^ b[p]!) & 0xff]!
  return ~crc >>> 0
}
