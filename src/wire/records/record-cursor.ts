// Walks the records of an uncompressed section in place. Hot: no allocation per record. Every
// length is checked against the bytes left before it is believed.
//
//   length varint | attributes int8 | timestampDelta varlong | offsetDelta varint
//   | key length varint (-1 null), key | value length varint (-1 null), value
//   | header count varint | { key length varint, key | value length varint (-1 null), value } ...

/** The most that the numbers in front of a key take, two bytes each. */
const FAST_BYTES = 16

/** Records that do not parse; Kafka's answer is INVALID_RECORD. */
export class RecordFormatError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'RecordFormatError'
  }
}

export class RecordCursor {
  /** The bytes that the positions below refer to. */
  buffer: Buffer = Buffer.alloc(0)
  /** Where the next record starts. */
  position = 0
  end = 0

  /** The current record, valid after `next`. */
  timestampDelta = 0
  offsetDelta = 0
  keyPosition = 0
  /** -1: null. */
  keyLength = -1
  valuePosition = 0
  /** -1: null. */
  valueLength = -1
  headerCount = 0
  headersPosition = 0

  open(buffer: Buffer, position: number, end: number): void {
    this.buffer = buffer
    this.position = position
    this.end = end
  }

  /** Whether nothing is left. */
  get isAtEnd(): boolean {
    return this.position === this.end
  }

  /** Moves to the next record. Throws RecordFormatError. */
  next(): void {
    if (this.end - this.position < FAST_BYTES || !this.#nextOrdinary()) this.#nextOfAnyKind()
  }

  /**
   * A record whose numbers take at most two bytes each, in one go; false, and nothing changed,
   * for any other. Reads no further than FAST_BYTES without a check.
   */
  #nextOrdinary(): boolean {
    const buffer = this.buffer
    let at = this.position
    let length = buffer[at++]!
    if (length >= 0x80) length = (length & 0x7f) | (buffer[at++]! << 7)
    const recordEnd = at + (length >>> 1)
    at += 1
    let timestampDelta = buffer[at++]!
    if (timestampDelta >= 0x80) timestampDelta = (timestampDelta & 0x7f) | (buffer[at++]! << 7)
    let offsetDelta = buffer[at++]!
    if (offsetDelta >= 0x80) offsetDelta = (offsetDelta & 0x7f) | (buffer[at++]! << 7)
    let keyLength = buffer[at++]!
    if (keyLength >= 0x80) keyLength = (keyLength & 0x7f) | (buffer[at++]! << 7)
    const keyPosition = at
    // Null is 1, the only negative length there is.
    if (keyLength > 1) at += keyLength >>> 1
    if (at + 2 > recordEnd || recordEnd > this.end) return false
    let valueLength = buffer[at++]!
    if (valueLength >= 0x80) valueLength = (valueLength & 0x7f) | (buffer[at++]! << 7)
    const valuePosition = at
    if (valueLength > 1) at += valueLength >>> 1
    if (at + 1 !== recordEnd || buffer[at] !== 0) return false
    const odd = (length | keyLength | valueLength) >= 0x4000 || (length & 1) === 1
    if (odd || (timestampDelta | offsetDelta) >= 0x4000) return false
    if (isNegative(keyLength) || isNegative(valueLength)) return false
    this.timestampDelta = (timestampDelta >>> 1) ^ -(timestampDelta & 1)
    this.offsetDelta = (offsetDelta >>> 1) ^ -(offsetDelta & 1)
    this.keyLength = keyLength === 1 ? -1 : keyLength >>> 1
    this.keyPosition = keyPosition
    this.valueLength = valueLength === 1 ? -1 : valueLength >>> 1
    this.valuePosition = valuePosition
    this.headerCount = 0
    this.headersPosition = recordEnd
    this.position = recordEnd
    return true
  }

  #nextOfAnyKind(): void {
    const length = this.readVarint()
    const recordEnd = this.position + length
    if (length < 0 || recordEnd > this.end) throw new RecordFormatError('record length')
    this.position += 1
    this.timestampDelta = this.readVarlong()
    this.offsetDelta = this.readVarint()
    this.keyLength = this.readVarint()
    this.keyPosition = this.position
    this.#skip(this.keyLength)
    this.valueLength = this.readVarint()
    this.valuePosition = this.position
    this.#skip(this.valueLength)
    this.headerCount = this.readVarint()
    this.headersPosition = this.position
    if (this.headerCount !== 0) this.#skipHeaders(recordEnd)
    if (this.position !== recordEnd) throw new RecordFormatError('record size')
  }

  #skipHeaders(recordEnd: number): void {
    // A header takes at least two bytes.
    if (this.headerCount < 0 || this.headerCount * 2 > recordEnd - this.position) {
      throw new RecordFormatError('header count')
    }
    for (let index = 0; index < this.headerCount; index += 1) {
      const keyLength = this.readVarint()
      if (keyLength < 0) throw new RecordFormatError('header key')
      this.#skip(keyLength)
      this.#skip(this.readVarint())
    }
  }

  #skip(length: number): void {
    if (length > this.end - this.position || length < -1) throw new RecordFormatError('length')
    if (length > 0) this.position += length
  }

  /** A zigzag number of at most 5 bytes. */
  readVarint(): number {
    const buffer = this.buffer
    let at = this.position
    if (at >= this.end) throw new RecordFormatError('premature end')
    let byte = buffer[at++]!
    let bits = byte & 0x7f
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (shift > 28) throw new RecordFormatError('varint')
      if (at >= this.end) throw new RecordFormatError('premature end')
      byte = buffer[at++]!
      bits |= (byte & 0x7f) << shift
    }
    this.position = at
    return (bits >>> 1) ^ -(bits & 1)
  }

  /** A zigzag number of at most 10 bytes; exact within 2^53. */
  readVarlong(): number {
    const buffer = this.buffer
    let at = this.position
    if (at >= this.end) throw new RecordFormatError('premature end')
    let byte = buffer[at++]!
    let low = byte & 0x7f
    let high = 0
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (shift > 63) throw new RecordFormatError('varlong')
      if (at >= this.end) throw new RecordFormatError('premature end')
      byte = buffer[at++]!
      if (shift < 28) low |= (byte & 0x7f) << shift
      else high += (byte & 0x7f) * 2 ** (shift - 28)
    }
    this.position = at
    return fromZigzag(low, high)
  }
}

/** Whether a zigzag length is less than -1. */
function isNegative(zigzag: number): boolean {
  return (zigzag & 1) === 1 && zigzag !== 1
}

/** `low` holds the lowest 28 bits, `high` the 36 above them. */
function fromZigzag(low: number, high: number): number {
  const half = high * 0x8000000 + (low >>> 1)
  return low & 1 ? -half - 1 : half
}
