// One lz4 block: sequences of { token, literals, offset int16 LE, match }. The reader trusts
// nothing; the writer is greedy with a hash table, like lz4's fast mode.

const MIN_MATCH = 4
/** The last match starts at least 12 bytes before the end, the last 5 bytes are literals. */
const MATCH_LIMIT = 12
const LAST_LITERALS = 5
const MAX_DISTANCE = 65535
const HASH_BITS = 13
const SKIP_SHIFT = 6

const table = new Int32Array(1 << HASH_BITS)

/** Bytes that a block of `length` incompressible bytes may need. */
export function lz4BlockBound(length: number): number {
  return length + Math.floor(length / 255) + 16
}

/**
 * Decodes `source[start, end)` to `target` from `at`, not beyond `limit`; matches may reach back
 * to `floor`. Returns the end of the output, -1 for a malformed block, -2 if `limit` is too near.
 */
export function lz4DecodeBlock(
  source: Buffer,
  start: number,
  end: number,
  target: Buffer,
  at: number,
  limit: number,
  floor: number,
): number {
  let p = start
  let o = at
  while (p < end) {
    const token = source[p++]!
    let literals = token >>> 4
    if (literals === 15) {
      let more = 255
      while (more === 255) {
        if (p >= end) return -1
        more = source[p++]!
        literals += more
      }
    }
    if (literals > end - p) return -1
    if (literals > limit - o) return -2
    if (literals < 24) for (let i = 0; i < literals; i += 1) target[o + i] = source[p + i]!
    else source.copy(target, o, p, p + literals)
    p += literals
    o += literals
    if (p === end) return o
    if (end - p < 2) return -1
    const distance = source[p]! | (source[p + 1]! << 8)
    p += 2
    if (distance === 0 || distance > o - floor) return -1
    let length = token & 15
    if (length === 15) {
      let more = 255
      while (more === 255) {
        if (p >= end) return -1
        more = source[p++]!
        length += more
      }
    }
    length += MIN_MATCH
    if (length > limit - o) return -2
    copyMatch(target, o, distance, length)
    o += length
  }
  return -1
}

function copyMatch(target: Buffer, at: number, distance: number, length: number): void {
  const from = at - distance
  if (length <= 32 || distance < 16) {
    if (distance === 1 && length > 32) target.fill(target[from]!, at, at + length)
    else for (let i = 0; i < length; i += 1) target[at + i] = target[from + i]!
    return
  }
  // Overlapping: what is already copied doubles with each step.
  for (let done = 0; done < length;) {
    const step = Math.min(distance + done, length - done)
    target.copyWithin(at + done, from, from + step)
    done += step
  }
}

/**
 * Encodes `source[start, end)` to `target` from `at`; returns the end of the output, or -1 when
 * it would not be smaller than the input.
 */
export function lz4EncodeBlock(
  source: Buffer,
  start: number,
  end: number,
  target: Buffer,
  at: number,
): number {
  const limit = at + (end - start)
  table.fill(-1)
  let o = at
  let anchor = start
  let p = start
  let misses = 1 << SKIP_SHIFT
  while (p < end - MATCH_LIMIT) {
    const word = source.readInt32LE(p)
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS)
    const candidate = table[slot]!
    table[slot] = p
    if (candidate < 0 || p - candidate > MAX_DISTANCE || source.readInt32LE(candidate) !== word) {
      p += misses++ >>> SKIP_SHIFT
      continue
    }
    misses = 1 << SKIP_SHIFT
    let length = MIN_MATCH
    while (p + length < end - LAST_LITERALS && source[p + length] === source[candidate + length])
      length += 1
    if (o + (p - anchor) + Math.ceil((p - anchor + length) / 255) + 8 >= limit) return -1
    o = writeSequence(source, anchor, p, target, o, p - candidate, length)
    p += length
    anchor = p
  }
  const tail = end - anchor
  if (o + tail + Math.ceil(tail / 255) + 1 >= limit) return -1
  return writeLiterals(source, anchor, end, target, o, 0)
}

function writeSequence(
  source: Buffer,
  anchor: number,
  p: number,
  target: Buffer,
  at: number,
  distance: number,
  length: number,
): number {
  const extra = length - MIN_MATCH
  let o = writeLiterals(source, anchor, p, target, at, Math.min(extra, 15))
  target[o++] = distance & 0xff
  target[o++] = distance >>> 8
  if (extra >= 15) o = writeLength(target, o, extra - 15)
  return o
}

function writeLiterals(
  source: Buffer,
  start: number,
  end: number,
  target: Buffer,
  at: number,
  matchBits: number,
): number {
  const count = end - start
  let o = at
  target[o++] = (Math.min(count, 15) << 4) | matchBits
  if (count >= 15) o = writeLength(target, o, count - 15)
  source.copy(target, o, start, end)
  return o + count
}

function writeLength(target: Buffer, at: number, rest: number): number {
  let o = at
  let left = rest
  for (; left >= 255; left -= 255) target[o++] = 255
  target[o++] = left
  return o
}
