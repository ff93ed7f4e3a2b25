// 64-bit integers as numbers, read and written as two 32-bit halves: no bigint on hot paths.
// Values beyond 2^53 lose their last bits, which is why offsets are checked where they enter.

const TWO_32 = 4294967296

/** The signed big-endian integer at `position`. */
export function readInt64(buffer: Buffer, position: number): number {
  return buffer.readInt32BE(position) * TWO_32 + buffer.readUInt32BE(position + 4)
}

/** Writes a whole number, also a negative one, as a signed big-endian integer. */
export function writeInt64(buffer: Buffer, position: number, value: number): void {
  buffer.writeInt32BE(Math.floor(value / TWO_32), position)
  buffer.writeUInt32BE(value >>> 0, position + 4)
}
