// From which offset on a segment holds newer records: {timestamp int64, relative offset int32},
// ascending in both. An entry says: the largest timestamp up to that batch is `timestamp`, and
// the batch that has it ends at the offset. In memory and on disk as the offset index.
import { readInt64, writeInt64 } from '../wire/records/int64.ts'

export const TIME_ENTRY_BYTES = 12
const FIRST_CAPACITY = 16
/** Shared by the many indexes that have no entry. */
const NO_TIMESTAMPS = new Float64Array(0)
const NO_OFFSETS = new Int32Array(0)

export interface TimeEntry {
  readonly timestamp: number
  readonly offset: number
}

export class TimeIndex {
  readonly baseOffset: number
  #timestamps = NO_TIMESTAMPS
  #offsets = NO_OFFSETS
  #count = 0

  constructor(baseOffset: number) {
    this.baseOffset = baseOffset
  }

  get count(): number {
    return this.#count
  }

  /** Bytes of memory held. */
  get weight(): number {
    return this.#timestamps.byteLength + this.#offsets.byteLength
  }

  get last(): TimeEntry | undefined {
    return this.#count === 0 ? undefined : this.entryAt(this.#count - 1)
  }

  entryAt(entry: number): TimeEntry {
    return {
      timestamp: this.#timestamps[entry] ?? -1,
      offset: this.baseOffset + (this.#offsets[entry] ?? 0),
    }
  }

  /** Nothing happens unless `timestamp` is larger than the last one. */
  appendIfNewer(timestamp: number, offset: number): void {
    const newest = this.#count === 0 ? -1 : (this.#timestamps[this.#count - 1] ?? -1)
    if (timestamp <= newest) return
    if (this.#count === this.#timestamps.length) this.#grow()
    this.#timestamps[this.#count] = timestamp
    this.#offsets[this.#count] = offset - this.baseOffset
    this.#count += 1
  }

  /** The last entry that is not newer: a scan from its batch finds the first record as new. */
  entryBefore(timestamp: number): TimeEntry | undefined {
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#timestamps[middle] ?? 0) <= timestamp) low = middle + 1
      else high = middle
    }
    return low === 0 ? undefined : this.entryAt(low - 1)
  }

  /** Drops the entries of `offset` and above. */
  truncateTo(offset: number): void {
    while (this.#count > 0 && this.entryAt(this.#count - 1).offset >= offset) this.#count -= 1
  }

  clear(): void {
    this.#count = 0
  }

  /** The file's bytes from entry `from` on. */
  encode(from = 0): Buffer {
    const bytes = Buffer.allocUnsafe((this.#count - from) * TIME_ENTRY_BYTES)
    for (let entry = from; entry < this.#count; entry += 1) {
      const position = (entry - from) * TIME_ENTRY_BYTES
      writeInt64(bytes, position, this.#timestamps[entry] ?? 0)
      bytes.writeInt32BE(this.#offsets[entry] ?? 0, position + 8)
    }
    return bytes
  }

  /** As `OffsetIndex.decode`. */
  static decode(bytes: Buffer, baseOffset: number): TimeIndex | undefined {
    if (bytes.length % TIME_ENTRY_BYTES !== 0) return undefined
    let count = bytes.length / TIME_ENTRY_BYTES
    while (count > 0 && isZeroEntry(bytes, (count - 1) * TIME_ENTRY_BYTES)) count -= 1
    const index = new TimeIndex(baseOffset)
    index.#timestamps = new Float64Array(count)
    index.#offsets = new Int32Array(count)
    for (let entry = 0; entry < count; entry += 1) {
      const timestamp = readInt64(bytes, entry * TIME_ENTRY_BYTES)
      const offset = bytes.readInt32BE(entry * TIME_ENTRY_BYTES + 8)
      const previous = entry === 0 ? undefined : index.entryAt(entry - 1)
      if (timestamp < 0 || offset < 0) return undefined
      if (previous !== undefined && timestamp <= previous.timestamp) return undefined
      if (previous !== undefined && baseOffset + offset < previous.offset) return undefined
      index.#timestamps[entry] = timestamp
      index.#offsets[entry] = offset
    }
    index.#count = count
    return index
  }

  #grow(): void {
    const capacity = Math.max(FIRST_CAPACITY, this.#timestamps.length * 2)
    const timestamps = new Float64Array(capacity)
    timestamps.set(this.#timestamps)
    this.#timestamps = timestamps
    const offsets = new Int32Array(capacity)
    offsets.set(this.#offsets)
    this.#offsets = offsets
  }
}

function isZeroEntry(bytes: Buffer, position: number): boolean {
  return readInt64(bytes, position) === 0 && bytes.readInt32BE(position + 8) === 0
}
