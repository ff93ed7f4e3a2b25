// Where encoders put their bytes: one buffer that grows and is used again for the next message, and
// the places where record batches are to be spliced in by reference.
//
// Always: nothing that `finish` or `finishSegments` returned shares memory with the writer.
import { CodecError } from './codec-error.ts'
import { UUID_BYTES, ZERO_UUID } from './uuid-text.ts'

const INITIAL_BYTES = 16 * 1024
/** A buffer that had to grow beyond this is not kept for the next message. */
const KEPT_BYTES = 1024 * 1024
/** As in Kafka: a string has at most 32,767 bytes, whatever its length is written as. */
const MAX_STRING_BYTES = 0x7fff
/** From here on Buffer's own encoder beats a loop over characters. */
const SHORT_STRING = 32

interface Splice {
  readonly position: number
  readonly buffers: readonly Uint8Array[]
}

/** Collects the bytes of one message after the other. */
export class Writer {
  buffer: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES)
  position = 0
  #splices: Splice[] = []

  /** Begins a message, leaving `headroom` bytes at its start. */
  start(headroom: number): void {
    if (this.buffer.length > KEPT_BYTES) this.buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES)
    this.#splices = []
    this.position = 0
    if (headroom > this.buffer.length) this.grow(0, headroom)
    this.buffer.fill(0, 0, headroom)
    this.position = headroom
  }

  /** Makes room for `count` more bytes after `position`; answers the buffer to go on with. */
  grow(position: number, count: number): Buffer {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, position + count))
    this.buffer.copy(grown, 0, 0, position)
    this.buffer = grown
    return grown
  }

  /** Puts buffers here without copying them; `position` must be up to date. */
  splice(buffers: readonly Uint8Array[]): void {
    this.#splices.push({ position: this.position, buffers })
  }

  /** The message in one buffer, record batches copied into it. */
  finish(): Buffer {
    if (this.#splices.length === 0) {
      return Buffer.from(this.buffer.subarray(0, this.position))
    }
    return Buffer.concat(this.finishSegments())
  }

  /** The message in several buffers, record batches by reference. */
  finishSegments(): Buffer[] {
    const own = Buffer.from(this.buffer.subarray(0, this.position))
    const segments: Buffer[] = []
    let from = 0
    for (const { position, buffers } of this.#splices) {
      if (position > from) segments.push(own.subarray(from, position))
      for (const buffer of buffers) segments.push(asBuffer(buffer))
      from = position
    }
    if (own.length > from || segments.length === 0) segments.push(own.subarray(from))
    this.#splices = []
    return segments
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/**
 * Writes an unsigned varint (at most five bytes) where there is room; answers the next position.
 */
export function putVarint(buffer: Buffer, position: number, value: number): number {
  let rest = value >>> 0
  let next = position
  while (rest > 0x7f) {
    buffer[next++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  buffer[next++] = rest
  return next
}

/** Writes a string led by its length as int16; room for 2 + 3 * length bytes is there. */
export function putString(buffer: Buffer, position: number, text: string): number {
  const end = putText(buffer, position + 2, text)
  const length = end - position - 2
  if (length > MAX_STRING_BYTES) throw tooLong(length)
  buffer[position] = length >> 8
  buffer[position + 1] = length
  return end
}

/** Writes a string led by its length + 1 as varint; room for 5 + 3 * length bytes is there. */
export function putCompactString(buffer: Buffer, position: number, text: string): number {
  // The prefix is one byte for anything short; a longer one is found out and moved.
  const end = putText(buffer, position + 1, text)
  const length = end - position - 1
  if (length < 0x7f) {
    buffer[position] = length + 1
    return end
  }
  if (length > MAX_STRING_BYTES) throw tooLong(length)
  return insertVarint(buffer, position, end, length + 1)
}

function insertVarint(buffer: Buffer, position: number, end: number, value: number): number {
  const bytes = value > 0x3fff ? 3 : 2
  buffer.copyWithin(position + bytes, position + 1, end)
  putVarint(buffer, position, value)
  return end + bytes - 1
}

function tooLong(length: number): CodecError {
  return new CodecError(`a string of ${length} bytes is longer than ${MAX_STRING_BYTES}`)
}

function putText(buffer: Buffer, position: number, text: string): number {
  const length = text.length
  if (length > SHORT_STRING) return position + buffer.write(text, position, 'utf8')
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index)
    if (unit > 0x7f) return position + buffer.write(text, position, 'utf8')
    buffer[position + index] = unit
  }
  return position + length
}

/**
 * Puts the length of what lies between `start + 5` and `end` in front of it, and closes the gap.
 */
export function closeTagged(buffer: Buffer, start: number, end: number): number {
  const size = end - start - 5
  const content = putVarint(buffer, start, size)
  buffer.copyWithin(content, start + 5, end)
  return content + size
}

/** Writes the 16 bytes of a uuid's text. */
export function putUuid(buffer: Buffer, position: number, text: string): number {
  if (text === ZERO_UUID) {
    buffer.fill(0, position, position + UUID_BYTES)
  } else if (buffer.write(text, position, 'base64url') !== UUID_BYTES || text.length !== 22) {
    throw new CodecError(`not a uuid: ${text}`)
  }
  return position + UUID_BYTES
}

/** Writes an int64; what does not fit becomes the nearest that does. */
export function putInt64(buffer: Buffer, position: number, value: number): number {
  let high = Math.floor(value / 0x1_0000_0000)
  let low = value - high * 0x1_0000_0000
  if (high > 0x7fff_ffff) {
    high = 0x7fff_ffff
    low = 0xffff_ffff
  } else if (high < -0x8000_0000) {
    high = -0x8000_0000
    low = 0
  }
  buffer[position] = high >> 24
  buffer[position + 1] = high >> 16
  buffer[position + 2] = high >> 8
  buffer[position + 3] = high
  const bits = low | 0
  buffer[position + 4] = bits >> 24
  buffer[position + 5] = bits >> 16
  buffer[position + 6] = bits >> 8
  buffer[position + 7] = bits
  return position + 8
}

/** Writes a float64. */
export function putFloat64(buffer: Buffer, position: number, value: number): number {
  return buffer.writeDoubleBE(value, position)
}

/** Appends record batches: the length, then the batches by reference. */
export function writeRecords(
  writer: Writer,
  value: Uint8Array | readonly Uint8Array[],
  flexible: boolean,
): void {
  const buffers = value instanceof Uint8Array ? [value] : value
  let size = 0
  for (const buffer of buffers) size += buffer.length
  if (writer.position + 5 > writer.buffer.length) writer.grow(writer.position, 5)
  if (flexible) {
    writer.position = putVarint(writer.buffer, writer.position, size + 1)
  } else {
    writer.buffer.writeInt32BE(size, writer.position)
    writer.position += 4
  }
  if (size > 0) writer.splice(buffers)
}
