// xxHash32 with seed 0, the checksum of lz4 frames.

const PRIME_1 = 0x9e3779b1
const PRIME_2 = 0x85ebca77
const PRIME_3 = 0xc2b2ae3d
const PRIME_4 = 0x27d4eb2f
const PRIME_5 = 0x165667b1

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

function round(lane: number, input: number): number {
  return Math.imul(rotate((lane + Math.imul(input, PRIME_2)) | 0, 13), PRIME_1)
}

/** Hash of `buffer[start, end)` as an unsigned number. */
export function xxhash32(buffer: Buffer, start: number, end: number): number {
  let position = start
  let hash = PRIME_5
  if (end - start >= 16) {
    let a = (PRIME_1 + PRIME_2) | 0
    let b = PRIME_2 | 0
    let c = 0
    let d = -PRIME_1 | 0
    for (; position <= end - 16; position += 16) {
      a = round(a, buffer.readInt32LE(position))
      b = round(b, buffer.readInt32LE(position + 4))
      c = round(c, buffer.readInt32LE(position + 8))
      d = round(d, buffer.readInt32LE(position + 12))
    }
    hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)
  }
  return finish(buffer, position, end, (hash + (end - start)) | 0)
}

function finish(buffer: Buffer, start: number, end: number, begun: number): number {
  let hash = begun
  let position = start
  for (; position <= end - 4; position += 4) {
    hash = (hash + Math.imul(buffer.readInt32LE(position), PRIME_3)) | 0
    hash = Math.imul(rotate(hash, 17), PRIME_4)
  }
  for (; position < end; position += 1) {
    hash = (hash + Math.imul(buffer.readUInt8(position), PRIME_5)) | 0
    hash = Math.imul(rotate(hash, 11), PRIME_1)
  }
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2)
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3)
  return (hash ^ (hash >>> 16)) >>> 0
}
