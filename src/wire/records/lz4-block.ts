// One lz4 block: sequences of { token, literals, offset int16 LE, match }. The reader trusts nothing.

const MIN_MATCH = 4

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
