// Zigzag varints of records: the sign in the lowest bit, 7 bits a byte, lowest first.

/** Bytes that `value`, a signed 32-bit number, takes. */
export function varintSize(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0
  if (zigzag < 0x80) return 1
  if (zigzag < 0x4000) return 2
  if (zigzag < 0x200000) return 3
  return zigzag < 0x10000000 ? 4 : 5
}

/** Writes a signed 32-bit number and returns the position after it. */
export function writeVarint(buffer: Buffer, position: number, value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  let at = position
  for (; rest >= 0x80; rest >>>= 7) buffer[at++] = (rest & 0x7f) | 0x80
  buffer[at++] = rest
  return at
}

/** Bytes that `value`, a safe integer, takes. */
export function varlongSize(value: number): number {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1
  let size = 1
  for (; rest >= 0x80; size += 1) rest = Math.floor(rest / 0x80)
  return size
}

/** Writes a safe integer and returns the position after it. */
export function writeVarlong(buffer: Buffer, position: number, value: number): number {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1
  let at = position
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) buffer[at++] = (rest % 0x80) | 0x80
  buffer[at++] = rest
  return at
}
