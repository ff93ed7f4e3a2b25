// Where in a segment's log file offsets lie: {relative offset int32, position int32}, ascending,
// one entry for about every `index.interval.bytes`. Kept in memory as pairs in one typed array;
// the file gets them when the segment is rolled, flushed or closed, never per append. After a
// kill the entries are rebuilt from the log file.

export const OFFSET_ENTRY_BYTES = 8
const FIRST_CAPACITY = 16
/** Shared by the many indexes that have no entry. */
const NO_PAIRS = new Int32Array(0)

export class OffsetIndex {
  readonly baseOffset: number
  /** relative offset, position, relative offset, position, … */
  #pairs: Int32Array
  #count = 0

  constructor(baseOffset: number) {
    this.baseOffset = baseOffset
    this.#pairs = NO_PAIRS
  }

  get count(): number {
    return this.#count
  }

  /** Bytes of memory held. */
  get weight(): number {
    return this.#pairs.byteLength
  }

  get lastOffset(): number {
    return this.#count === 0 ? this.baseOffset : this.offsetAt(this.#count - 1)
  }

  offsetAt(entry: number): number {
    return this.baseOffset + (this.#pairs[entry * 2] ?? 0)
  }

  positionAt(entry: number): number {
    return this.#pairs[entry * 2 + 1] ?? 0
  }

  append(offset: number, position: number): void {
    if (this.#count * 2 === this.#pairs.length) this.#grow()
    this.#pairs[this.#count * 2] = offset - this.baseOffset
    this.#pairs[this.#count * 2 + 1] = position
    this.#count += 1
  }

  /** Position from which a scan finds `offset`: that of the last entry at or before it. */
  positionFor(offset: number): number {
    const entry = this.#lastAtOrBefore(offset)
    return entry < 0 ? 0 : this.positionAt(entry)
  }

  /** Drops the entries of `offset` and above. */
  truncateTo(offset: number): void {
    while (this.#count > 0 && this.offsetAt(this.#count - 1) >= offset) this.#count -= 1
  }

  clear(): void {
    this.#count = 0
  }

  /** The file's bytes from entry `from` on. */
  encode(from = 0): Buffer {
    const bytes = Buffer.allocUnsafe((this.#count - from) * OFFSET_ENTRY_BYTES)
    for (let entry = from; entry < this.#count; entry += 1) {
      bytes.writeInt32BE(this.#pairs[entry * 2] ?? 0, (entry - from) * 8)
      bytes.writeInt32BE(this.#pairs[entry * 2 + 1] ?? 0, (entry - from) * 8 + 4)
    }
    return bytes
  }

  /**
   * Reads a file's content. Undefined when it cannot be the index of a log file of `logBytes`:
   * it is then rebuilt. The zeros of a file that was pre-sized and never trimmed end the entries.
   */
  static decode(bytes: Buffer, baseOffset: number, logBytes: number): OffsetIndex | undefined {
    if (bytes.length % OFFSET_ENTRY_BYTES !== 0) return undefined
    const index = new OffsetIndex(baseOffset)
    let count = bytes.length / OFFSET_ENTRY_BYTES
    while (count > 0 && isZeroPair(bytes, (count - 1) * 8)) count -= 1
    index.#pairs = new Int32Array(count * 2)
    let previousOffset = -1
    let previousPosition = -1
    for (let entry = 0; entry < count; entry += 1) {
      const offset = bytes.readInt32BE(entry * 8)
      const position = bytes.readInt32BE(entry * 8 + 4)
      const ascends = offset > previousOffset && position > previousPosition
      if (!ascends || offset < 0 || position >= logBytes) return undefined
      index.#pairs[entry * 2] = offset
      index.#pairs[entry * 2 + 1] = position
      previousOffset = offset
      previousPosition = position
    }
    index.#count = count
    return index
  }

  #lastAtOrBefore(offset: number): number {
    const relative = offset - this.baseOffset
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#pairs[middle * 2] ?? 0) <= relative) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  #grow(): void {
    const pairs = new Int32Array(Math.max(FIRST_CAPACITY, this.#pairs.length * 2))
    pairs.set(this.#pairs)
    this.#pairs = pairs
  }
}

function isZeroPair(bytes: Buffer, position: number): boolean {
  return bytes.readInt32BE(position) === 0 && bytes.readInt32BE(position + 4) === 0
}
