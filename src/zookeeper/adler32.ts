// Adler-32 (RFC 1950), the checksum of ZooKeeper's log entries and snapshots.

const MODULUS = 65521
/** As many bytes as fit before the sums must be reduced. */
const STRIDE = 5552

/** The checksum of `bytes[start..end)`, continuing from `initial`. */
export function adler32(bytes: Uint8Array, start = 0, end = bytes.length, initial = 1): number {
  let low = initial & 0xffff
  let high = initial >>> 16
  let position = start
  while (position < end) {
    const stop = Math.min(position + STRIDE, end)
    for (; position < stop; position++) {
      low += bytes[position] ?? 0
      high += low
    }
    low %= MODULUS
    high %= MODULUS
  }
  return high * 0x10000 + low
}
