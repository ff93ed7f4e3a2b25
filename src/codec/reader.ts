// Reading the parts of a message whose length varies; shared by compiled decoders and interpreter.
//
// Always: a length is compared with the bytes that are left before anything is allocated for it.
import { CodecError } from './codec-error.ts'
import { ZERO_UUID, uuidText } from './uuid-text.ts'

/** As in Kafka: a string has at most 32,767 bytes, whatever its length is written as. */
const MAX_STRING_BYTES = 0x7fff
const SHORT_STRING = 16

/** Where the last reader of a varying length stopped. One at a time: decoding is synchronous. */
export const cursor = { position: 0 }

/** Throws for a message that ends too soon. */
export function short(path: string): never {
  throw new CodecError(`${path}: the bytes end before it does`)
}

/** Throws for a message that says what it must not. */
export function invalid(path: string, problem: string): never {
  throw new CodecError(`${path}: ${problem}`)
}

/** Reads an unsigned varint of at most five bytes. */
export function readVarint(buffer: Buffer, from: number, end: number, path: string): number {
  let value = 0
  let position = from
  for (let shift = 0; shift < 35; shift += 7) {
    if (position >= end) short(path)
    const byte = buffer[position++] ?? 0
    // Beyond 32 bits: it would not be a length, and must not wrap around to one.
    if (shift === 28 && byte > 0x0f) break
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) {
      cursor.position = position
      return value
    }
  }
  return invalid(path, 'a varint of more than 32 bits')
}

/** Reads the text of `length` bytes, which are known to be there. */
export function readText(buffer: Buffer, from: number, length: number, path: string): string {
  if (length > SHORT_STRING) {
    if (length > MAX_STRING_BYTES) invalid(path, `a string of ${length} bytes`)
    return buffer.toString('utf8', from, from + length)
  }
  let text = ''
  for (let position = from; position < from + length; position++) {
    const unit = buffer[position] ?? 0
    if (unit > 0x7f) return buffer.toString('utf8', from, from + length)
    text += String.fromCharCode(unit)
  }
  return text
}

/** Reads the 16 bytes of a uuid, which are known to be there. */
export function readUuid(buffer: Buffer, position: number): string {
  for (let index = position; index < position + 16; index++) {
    if (buffer[index] !== 0) return uuidText(buffer, position)
  }
  return ZERO_UUID
}

/** Reads an int64 whose bytes are known to be there; beyond 2^53 it is the nearest number. */
export function readInt64(buffer: Buffer, position: number): number {
  return buffer.readInt32BE(position) * 0x1_0000_0000 + buffer.readUInt32BE(position + 4)
}

/** Reads a float64 whose bytes are known to be there. */
export function readFloat64(buffer: Buffer, position: number): number {
  return buffer.readDoubleBE(position)
}

/** Checks that tags ascend, and answers the position after the content of the tagged field. */
export function taggedEnd(size: number, position: number, end: number, path: string): number {
  if (size > end - position) short(path)
  return position + size
}
