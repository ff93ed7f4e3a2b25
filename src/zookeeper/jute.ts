// Jute, ZooKeeper's encoding: big-endian numbers; strings, buffers and vectors behind an int32
// length, -1 for null. The reader compares every length with the bytes left before it allocates.

/** Bytes that are not what they should be. The connection or file they came from is not trusted further. */
export class JuteError extends Error {
  override readonly name = 'JuteError'
}

export class JuteReader {
  readonly buffer: Buffer
  readonly end: number
  position: number

  constructor(buffer: Buffer, position = 0, end = buffer.length) {
    this.buffer = buffer
    this.position = position
    this.end = end
  }

  get remaining(): number {
    return this.end - this.position
  }

  int8(): number {
    return this.buffer.readInt8(this.#take(1))
  }

  bool(): boolean {
    return this.int8() !== 0
  }

  int32(): number {
    return this.buffer.readInt32BE(this.#take(4))
  }

  /** For identities that use all 64 bits, such as sessions. */
  int64(): bigint {
    const position = this.#take(8)
    const isZero =
      this.buffer.readInt32BE(position) === 0 && this.buffer.readInt32BE(position + 4) === 0
    return isZero ? 0n : this.buffer.readBigInt64BE(position)
  }

  /** For numbers that stay safe integers in practice: zxids and times. */
  long(): number {
    const position = this.#take(8)
    const value =
      this.buffer.readInt32BE(position) * 0x1_0000_0000 + this.buffer.readUInt32BE(position + 4)
    if (!Number.isSafeInteger(value)) throw new JuteError('a number beyond 2^53')
    return value
  }

  /** A view of the bytes, not a copy. */
  bytes(): Buffer | null {
    const length = this.int32()
    if (length === -1) return null
    if (length < 0) throw new JuteError(`negative length ${length}`)
    const position = this.#take(length)
    return this.buffer.subarray(position, position + length)
  }

  string(): string | null {
    const length = this.int32()
    if (length === -1) return null
    if (length < 0) throw new JuteError(`negative length ${length}`)
    const position = this.#take(length)
    return this.buffer.toString('utf8', position, position + length)
  }

  /** A string that must be there; null reads as empty, as ZooKeeper treats it. */
  text(): string {
    return this.string() ?? ''
  }

  /** `minBytes`: the least that one element takes, which bounds a lying count. */
  vector<T>(minBytes: number, element: (reader: JuteReader) => T): T[] {
    const count = this.int32()
    if (count === -1) return []
    if (count < 0 || count * minBytes > this.remaining) {
      throw new JuteError(`a vector of ${count} in ${this.remaining} bytes`)
    }
    const values: T[] = []
    for (let index = 0; index < count; index++) values.push(element(this))
    return values
  }

  strings(): string[] {
    return this.vector(4, (reader) => reader.text())
  }

  #take(length: number): number {
    const position = this.position
    if (length > this.end - position) {
      throw new JuteError(`${length} bytes wanted, ${this.end - position} left`)
    }
    this.position = position + length
    return position
  }
}

/** Collects bytes in one growing buffer. */
export class JuteWriter {
  #buffer: Buffer
  position = 0

  constructor(capacity = 256) {
    this.#buffer = Buffer.allocUnsafe(capacity)
  }

  int8(value: number): this {
    const position = this.#reserve(1)
    this.#buffer.writeInt8(value, position)
    return this
  }

  bool(value: boolean): this {
    return this.int8(value ? 1 : 0)
  }

  int32(value: number): this {
    const position = this.#reserve(4)
    this.#buffer.writeInt32BE(value, position)
    return this
  }

  int64(value: bigint): this {
    // Most nodes belong to no session, and big integers are slow.
    if (value === 0n) return this.int32(0).int32(0)
    const position = this.#reserve(8)
    this.#buffer.writeBigInt64BE(value, position)
    return this
  }

  long(value: number): this {
    const position = this.#reserve(8)
    const high = Math.floor(value / 0x1_0000_0000)
    this.#buffer.writeInt32BE(high, position)
    this.#buffer.writeUInt32BE(value - high * 0x1_0000_0000, position + 4)
    return this
  }

  bytes(value: Uint8Array | null): this {
    if (value === null) return this.int32(-1)
    this.int32(value.length)
    const position = this.#reserve(value.length)
    this.#buffer.set(value, position)
    return this
  }

  string(value: string | null): this {
    if (value === null) return this.int32(-1)
    const length = Buffer.byteLength(value)
    this.int32(length)
    const position = this.#reserve(length)
    this.#buffer.write(value, position, length, 'utf8')
    return this
  }

  vector<T>(values: readonly T[], element: (writer: JuteWriter, value: T) => void): this {
    this.int32(values.length)
    for (const value of values) element(this, value)
    return this
  }

  strings(values: readonly string[]): this {
    this.int32(values.length)
    for (const value of values) this.string(value)
    return this
  }

  /** Leaves four bytes to be filled in by `patchInt32`; returns where they are. */
  gap(): number {
    return this.#reserve(4)
  }

  patchInt32(position: number, value: number): void {
    this.#buffer.writeInt32BE(value, position)
  }

  /** Forgets what was written from `position` on. */
  rewind(position: number): void {
    this.position = position
  }

  /** A view of what has been written; the next write may move it. */
  written(): Buffer {
    return this.#buffer.subarray(0, this.position)
  }

  /** Everything written so far; the writer must not be used afterwards. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.position)
  }

  #reserve(length: number): number {
    const position = this.position
    const needed = position + length
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2))
      this.#buffer.copy(grown, 0, 0, position)
      this.#buffer = grown
    }
    this.position = needed
    return position
  }
}
