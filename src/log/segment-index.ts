// The offset and time index of one segment, in memory as long as it is written, and again when
// somebody looks something up. The files are brought up to date by `persist`; they always hold a
// prefix of the entries.
import type { Disk, DiskFile } from '../platform/disk.ts'
import { readFileIfPresent } from './atomic-file.ts'
import { OFFSET_ENTRY_BYTES, OffsetIndex } from './offset-index.ts'
import type { Residency, Resident } from './residency.ts'
import { TIME_ENTRY_BYTES, TimeIndex } from './time-index.ts'
import type { TimeEntry } from './time-index.ts'

export interface IndexEntries {
  readonly offset: OffsetIndex
  readonly time: TimeIndex
}

export interface IndexPaths {
  readonly offset: string
  readonly time: string
}

export class SegmentIndex implements Resident {
  used = false
  readonly #disk: Disk
  readonly #tables: Residency
  readonly #baseOffset: number
  #paths: IndexPaths
  #entries: IndexEntries | undefined
  /** Entries in the files; -1: the file may not exist, or hold something else. */
  #persistedOffset = -1
  #persistedTime = -1
  /** Why the files could not be used; the entries then have to be made from the log file. */
  damage: string | undefined

  constructor(disk: Disk, tables: Residency, baseOffset: number, paths: IndexPaths) {
    this.#disk = disk
    this.#tables = tables
    this.#baseOffset = baseOffset
    this.#paths = paths
  }

  get weight(): number {
    const entries = this.#entries
    return entries === undefined ? 0 : entries.offset.weight + entries.time.weight
  }

  get isLoaded(): boolean {
    return this.#entries !== undefined
  }

  get isPersisted(): boolean {
    const entries = this.#entries
    if (entries === undefined) return true
    const { offset, time } = entries
    return this.#persistedOffset === offset.count && this.#persistedTime === time.count
  }

  /** Whether one of the files holds anything. */
  get hasBytes(): boolean {
    const { offset, time } = this.#paths
    return [offset, time].some((path) => (this.#disk.statSync(path)?.size ?? 0) > 0)
  }

  /** Begins with no entries, whatever the files hold. */
  reset(): void {
    this.#begin()
    this.#persistedOffset = -1
    this.#persistedTime = -1
    this.damage = undefined
  }

  /** Takes entries that were made anew; the files follow. */
  replace(entries: IndexEntries): void {
    this.#entries = entries
    this.#persistedOffset = -1
    this.#persistedTime = -1
    this.damage = undefined
  }

  /** Reads the files unless the entries are in memory. Unusable ones: no entries, and `damage`. */
  load(logBytes: number): IndexEntries {
    this.used = true
    return this.#entries ?? this.#read(logBytes)
  }

  #begin(): IndexEntries {
    const offset = new OffsetIndex(this.#baseOffset)
    this.#entries = { offset, time: new TimeIndex(this.#baseOffset) }
    return this.#entries
  }

  #read(logBytes: number): IndexEntries {
    const offsetBytes = readFileIfPresent(this.#disk, this.#paths.offset)
    const timeBytes = readFileIfPresent(this.#disk, this.#paths.time)
    const offset = offsetBytes && OffsetIndex.decode(offsetBytes, this.#baseOffset, logBytes)
    const time = timeBytes && TimeIndex.decode(timeBytes, this.#baseOffset)
    this.#persistedOffset = -1
    this.#persistedTime = -1
    if (offset === undefined || time === undefined) {
      const path = offset === undefined ? this.#paths.offset : this.#paths.time
      const missing = offsetBytes === undefined || timeBytes === undefined
      this.damage = `${path} is ${missing ? 'missing' : 'damaged'}`
      return this.#begin()
    }
    if (offset.count * OFFSET_ENTRY_BYTES === offsetBytes?.length) {
      this.#persistedOffset = offset.count
    }
    if (time.count * TIME_ENTRY_BYTES === timeBytes?.length) this.#persistedTime = time.count
    this.#entries = { offset, time }
    this.#tables.admit(this)
    return this.#entries
  }

  /** Newest entry of the time index. Reads no more than that of a file that is not in memory. */
  lastTimeEntry(logBytes: number): TimeEntry | undefined {
    if (this.#entries !== undefined) return this.#entries.time.last
    return this.#readLastTimeEntry() ?? this.load(logBytes).time.last
  }

  #readLastTimeEntry(): TimeEntry | undefined {
    if (this.#disk.statSync(this.#paths.time) === undefined) return undefined
    const file = this.#disk.openSync(this.#paths.time, 'read')
    try {
      const size = file.sizeSync()
      if (size < TIME_ENTRY_BYTES || size % TIME_ENTRY_BYTES !== 0) return undefined
      const bytes = Buffer.alloc(TIME_ENTRY_BYTES)
      file.readSync(bytes, 0, TIME_ENTRY_BYTES, size - TIME_ENTRY_BYTES)
      return TimeIndex.decode(bytes, this.#baseOffset)?.last
    } finally {
      file.closeSync()
    }
  }

  /** The entries are complete: from now on they may be dropped and read again. */
  complete(): void {
    this.#tables.admit(this)
  }

  /** The files follow when the entries are written next. */
  truncated(): void {
    const entries = this.#entries
    if (entries === undefined) return
    if (entries.offset.count < this.#persistedOffset) this.#persistedOffset = -1
    if (entries.time.count < this.#persistedTime) this.#persistedTime = -1
  }

  /** Brings the files up to date, trimmed to their entries. Returns those that a sync concerns. */
  persist(): string[] {
    const written: string[] = []
    const entries = this.#entries
    if (entries === undefined) return written
    const { offset, time } = entries
    if (this.#persistedOffset !== offset.count) {
      const from = Math.max(0, this.#persistedOffset)
      const path = this.#paths.offset
      if (this.#write(path, offset.encode(from), from * OFFSET_ENTRY_BYTES)) written.push(path)
      this.#persistedOffset = offset.count
    }
    if (this.#persistedTime !== time.count) {
      const from = Math.max(0, this.#persistedTime)
      const path = this.#paths.time
      if (this.#write(path, time.encode(from), from * TIME_ENTRY_BYTES)) written.push(path)
      this.#persistedTime = time.count
    }
    return written
  }

  moved(paths: IndexPaths): void {
    this.#paths = paths
  }

  release(): boolean {
    if (!this.isPersisted || this.damage !== undefined) return false
    this.#entries = undefined
    return true
  }

  discard(): void {
    this.#tables.dismiss(this)
    this.#entries = undefined
  }

  /** False when nothing but an empty file is there, before and after. */
  #write(path: string, bytes: Buffer, position: number): boolean {
    const file: DiskFile = this.#disk.openSync(path, 'create')
    try {
      const size = file.sizeSync()
      const isCut = size !== position && size !== position + bytes.length
      if (isCut) file.truncateSync(position)
      if (bytes.length > 0) file.writeSync(bytes, position)
      return isCut || bytes.length > 0
    } finally {
      file.closeSync()
    }
  }
}
