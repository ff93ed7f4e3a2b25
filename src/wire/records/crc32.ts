// CRC-32 (IEEE), the checksum of messages of magic 0 and 1.
import { crc32 as zlibCrc32 } from 'node:zlib'

/** Checksum of `buffer[start, end)` as an unsigned number. */
export function crc32(buffer: Buffer, start: number, end: number): number {
  return zlibCrc32(buffer.subarray(start, end))
}
