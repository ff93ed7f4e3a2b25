// A part of a log: one log file and its indexes. The newest of a log is appended to, the others
// only read. Appending is accounted for here at once, in memory; the log's writer brings the
// bytes to the file later.
//
//   0 ≤ readableBytes (written, may be read) ≤ sizeBytes (appended)
import { dirname, join } from 'node:path'
import type { Disk } from '../platform/disk.ts'
import * as batch from '../wire/records/batch.ts'
import { readFileIfPresent } from './atomic-file.ts'
import { newestTimestampOf, scanBatches } from './batch-scan.ts'
import {
  DELETED_SUFFIX,
  LOG_SUFFIX,
  OFFSET_INDEX_SUFFIX,
  offsetFileName,
  TIME_INDEX_SUFFIX,
  TRANSACTION_INDEX_SUFFIX,
} from './file-names.ts'
import { LazyFile } from './lazy-file.ts'
import { OFFSET_ENTRY_BYTES, OffsetIndex } from './offset-index.ts'
import type { Residency } from './residency.ts'
import { SegmentIndex } from './segment-index.ts'
import { lastOffsetOf } from './tail-cache.ts'
import { TIME_ENTRY_BYTES, TimeIndex } from './time-index.ts'
import { decodeAborted, encodeAborted } from './transaction-index.ts'
import type { AbortedEntry } from './transaction-index.ts'

const MAX_RELATIVE_OFFSET = 2 ** 31 - 1
export const NO_TIMESTAMP = -1

export interface NewestTimestamp {
  readonly timestamp: number
  /** Last offset of the batch that has it. */
  readonly offset: number
}

export interface SegmentFiles {
  readonly log: string
  readonly offset: string
  readonly time: string
  readonly transactions: string
}

/** Made when asked for: there are many segments, and few of their files are open. */
class SegmentPaths implements SegmentFiles {
  readonly #directory: string
  readonly #baseOffset: number
  readonly #suffix: string

  constructor(directory: string, baseOffset: number, suffix: string) {
    this.#directory = directory
    this.#baseOffset = baseOffset
    this.#suffix = suffix
  }

  get log(): string {
    return this.#path(LOG_SUFFIX)
  }

  get offset(): string {
    return this.#path(OFFSET_INDEX_SUFFIX)
  }

  get time(): string {
    return this.#path(TIME_INDEX_SUFFIX)
  }

  get transactions(): string {
    return this.#path(TRANSACTION_INDEX_SUFFIX)
  }

  #path(kind: string): string {
    return join(this.#directory, offsetFileName(this.#baseOffset, kind) + this.#suffix)
  }
}

/** Paths of the files of the segment at `baseOffset`, with `suffix` added (`.cleaned`, …). */
export function segmentFiles(directory: string, baseOffset: number, suffix = ''): SegmentFiles {
  return new SegmentPaths(directory, baseOffset, suffix)
}

export function pathsOf({ log, offset, time, transactions }: SegmentFiles): string[] {
  return [log, offset, time, transactions]
}

export interface SegmentOptions {
  readonly directory: string
  readonly baseOffset: number
  readonly sizeBytes: number
  /** Of the log file when it was found, or now for a new segment. */
  readonly modifiedMs: number
  /** New: files appear with the first append, and nothing is read. */
  readonly isNew: boolean
  readonly suffix?: string
}

/** What a segment needs of its log's context. */
export interface SegmentContext {
  readonly platform: { readonly disk: Disk }
  readonly openFiles: Residency
  readonly indexTables: Residency
}

export class Segment {
  readonly baseOffset: number
  readonly log: LazyFile
  readonly index: SegmentIndex
  sizeBytes: number
  readableBytes: number
  createdMs: number
  /** Bytes before this position were found on disk, and are checked when they are read. */
  uncheckedBytes: number
  readonly #context: SegmentContext
  #files: SegmentFiles
  #isPreallocated = false
  #bytesSinceIndexEntry = 0
  /** Undefined: not looked up yet. */
  #newest: { timestamp: number; offset: number } | undefined
  #firstTimestamp: number | undefined
  #aborted: AbortedEntry[] | undefined
  /** Entries in the file; -1: it may hold others. */
  #persistedAborted = -1

  constructor(context: SegmentContext, options: SegmentOptions) {
    const { directory, baseOffset, suffix } = options
    this.#context = context
    this.baseOffset = baseOffset
    this.#files = segmentFiles(directory, baseOffset, suffix)
    const { disk } = context.platform
    const mode = options.isNew ? 'create' : 'write'
    this.log = new LazyFile(disk, context.openFiles, this.#files, mode)
    this.index = new SegmentIndex(disk, context.indexTables, baseOffset, this.#files)
    this.sizeBytes = options.sizeBytes
    this.readableBytes = options.sizeBytes
    this.createdMs = options.modifiedMs
    this.uncheckedBytes = options.sizeBytes
    if (!options.isNew) return
    this.index.reset()
    this.#newest = { timestamp: NO_TIMESTAMP, offset: baseOffset }
    this.#aborted = []
    this.#persistedAborted = 0
  }

  get directory(): string {
    return dirname(this.#files.log)
  }

  get files(): SegmentFiles {
    return this.#files
  }

  // ---- appending

  /** Accounts for one batch at the end of the segment. */
  append(lastOffset: number, maxTimestamp: number, bytes: number, indexIntervalBytes: number) {
    const newest = this.newest
    if (maxTimestamp > newest.timestamp) {
      newest.timestamp = maxTimestamp
      newest.offset = lastOffset
    }
    if (this.sizeBytes === 0) this.#firstTimestamp = maxTimestamp
    if (this.#bytesSinceIndexEntry > indexIntervalBytes) {
      const { offset, time } = this.index.load(this.sizeBytes)
      offset.append(lastOffset, this.sizeBytes)
      time.appendIfNewer(newest.timestamp, newest.offset)
      this.#bytesSinceIndexEntry = 0
    }
    this.#bytesSinceIndexEntry += bytes
    this.sizeBytes += bytes
  }

  canHold(offset: number): boolean {
    return offset - this.baseOffset <= MAX_RELATIVE_OFFSET
  }

  /** Gives the log file the size that the segment may grow to (`preallocate`). */
  preallocate(bytes: number): void {
    this.log.file.truncateSync(bytes)
    this.#isPreallocated = true
  }

  /** Takes back what was given and not used. */
  trim(): void {
    if (!this.#isPreallocated) return
    this.log.file.truncateSync(this.sizeBytes)
    this.#isPreallocated = false
  }

  /** Whether an index has as many entries as `segment.index.bytes` allows. */
  isIndexFull(indexBytes: number): boolean {
    const { offset, time } = this.index.load(this.sizeBytes)
    return (
      offset.count >= Math.floor(indexBytes / OFFSET_ENTRY_BYTES) ||
      time.count >= Math.floor(indexBytes / TIME_ENTRY_BYTES) - 1
    )
  }

  /** Timestamp that `segment.ms` counts from: of the first batch, or -1 when there is none. */
  firstTimestamp(readFirst: () => number): number {
    if (this.sizeBytes === 0) return NO_TIMESTAMP
    this.#firstTimestamp ??= readFirst()
    return this.#firstTimestamp
  }

  /** Gives the time index its last entry: the newest timestamp must be found there. */
  finishIndex(): void {
    const newest = this.newest
    const { time } = this.index.load(this.sizeBytes)
    time.appendIfNewer(newest.timestamp, newest.offset)
    this.#bytesSinceIndexEntry = 0
  }

  // ---- timestamps

  /** Largest timestamp, -1 without any, and the offset of the batch that has it. */
  get newest(): { timestamp: number; offset: number } {
    if (this.#newest === undefined) {
      const last = this.index.lastTimeEntry(this.sizeBytes)
      this.#newest = {
        timestamp: last?.timestamp ?? NO_TIMESTAMP,
        offset: last?.offset ?? this.baseOffset,
      }
    }
    return this.#newest
  }

  /** When the log file was written to last. */
  get changedMs(): number {
    const status = this.#context.platform.disk.statSync(this.#files.log)
    return status?.modifiedMs ?? this.createdMs
  }

  /** What retention by time goes by. */
  get largestTimestamp(): number {
    const { timestamp } = this.newest
    return timestamp >= 0 ? timestamp : this.changedMs
  }

  /** Begins again with what a scan of the log file has found. */
  restart(): void {
    this.index.reset()
    this.uncheckedBytes = 0
    this.sizeBytes = 0
    this.readableBytes = 0
    this.#bytesSinceIndexEntry = 0
    this.#newest = { timestamp: NO_TIMESTAMP, offset: this.baseOffset }
    this.#firstTimestamp = undefined
  }

  /**
   * Makes the entries of both indexes anew, from the batches of the log file. Appends may go on
   * meanwhile: their entries are kept.
   */
  async rebuildIndex(indexIntervalBytes: number): Promise<void> {
    const offset = new OffsetIndex(this.baseOffset)
    const time = new TimeIndex(this.baseOffset)
    const newest = { timestamp: NO_TIMESTAMP, offset: this.baseOffset }
    const scannedBytes = this.readableBytes
    let bytesSinceEntry = 0
    const range = { from: 0, to: scannedBytes, verify: false }
    await scanBatches(this.log, range, (b, p, position) => {
      const timestamp = newestTimestampOf(b, p)
      if (timestamp > newest.timestamp) {
        newest.timestamp = timestamp
        newest.offset = lastOffsetOf(b, p)
      }
      if (bytesSinceEntry > indexIntervalBytes) {
        offset.append(lastOffsetOf(b, p), position)
        time.appendIfNewer(newest.timestamp, newest.offset)
        bytesSinceEntry = 0
      }
      bytesSinceEntry += batch.sizeInBytes(b, p)
    })
    time.appendIfNewer(newest.timestamp, newest.offset)
    const old = this.index.load(this.sizeBytes)
    for (let entry = 0; entry < old.offset.count; entry += 1) {
      const position = old.offset.positionAt(entry)
      if (position >= scannedBytes) offset.append(old.offset.offsetAt(entry), position)
    }
    this.index.replace({ offset, time })
    if (newest.timestamp > this.newest.timestamp) this.#newest = newest
  }

  // ---- transactions

  /** Transactions whose abort marker lies here, in the order of the markers. */
  get aborted(): readonly AbortedEntry[] {
    return this.#loadAborted()
  }

  get hasDamagedTransactions(): boolean {
    this.#loadAborted()
    return this.#persistedAborted < 0
  }

  /** The file follows with `persist`. */
  addAborted(entry: AbortedEntry): void {
    this.#loadAborted().push(entry)
  }

  setAborted(entries: readonly AbortedEntry[]): void {
    this.#aborted = [...entries]
    this.#persistedAborted = -1
  }

  #loadAborted(): AbortedEntry[] {
    if (this.#aborted !== undefined) return this.#aborted
    const bytes = readFileIfPresent(this.#context.platform.disk, this.#files.transactions)
    const entries = bytes === undefined ? [] : decodeAborted(bytes, this.baseOffset)
    this.#aborted = entries ?? []
    this.#persistedAborted = entries === undefined ? -1 : entries.length
    return this.#aborted
  }

  // ---- persistence

  /** Brings the index files up to date. Returns those whose content a sync concerns. */
  persist(): string[] {
    const written = this.index.persist()
    const entries = this.#aborted
    if (entries === undefined || entries.length === this.#persistedAborted) return written
    const { disk } = this.#context.platform
    const path = this.#files.transactions
    if (entries.length === 0 && disk.statSync(path) === undefined) return written
    const file = disk.openSync(path, 'create')
    try {
      file.truncateSync(0)
      if (entries.length > 0) file.writeSync(encodeAborted(entries), 0)
    } finally {
      file.closeSync()
    }
    this.#persistedAborted = entries.length
    written.push(path)
    return written
  }

  // ---- files

  /**
   * Cuts the log file and its indexes: everything from `position` on, which holds `offset`.
   * `newestBefore` is the newest among the batches that a scan passed just before it.
   */
  truncateTo(offset: number, position: number, newestBefore: NewestTimestamp): void {
    const { offset: offsets, time } = this.index.load(this.sizeBytes)
    offsets.truncateTo(offset)
    time.truncateTo(offset)
    this.index.truncated()
    this.setAborted(this.#loadAborted().filter((entry) => entry.lastOffset < offset))
    this.log.file.truncateSync(position)
    this.sizeBytes = position
    this.readableBytes = position
    this.#bytesSinceIndexEntry = 0
    const last = time.last ?? { timestamp: NO_TIMESTAMP, offset: this.baseOffset }
    const newest = newestBefore.timestamp > last.timestamp ? newestBefore : last
    this.#newest = { timestamp: newest.timestamp, offset: newest.offset }
    if (position > 0) return
    this.#firstTimestamp = undefined
    this.persist()
  }

  /** Paths of those files that exist. */
  existingFiles(): string[] {
    const { disk } = this.#context.platform
    return pathsOf(this.#files).filter((path) => disk.statSync(path) !== undefined)
  }

  /** Adds or removes a suffix of all files that exist. */
  changeSuffix(suffix: string): void {
    this.#renameIndexes(suffix)
    this.#renameLog(suffix)
  }

  /** The same; whichever names a power cut brings back, the log file has its own indexes. */
  async changeSuffixDurably(suffix: string): Promise<void> {
    const { disk } = this.#context.platform
    this.#renameIndexes(suffix)
    await disk.syncDirectory(this.directory)
    this.#renameLog(suffix)
    await disk.syncDirectory(this.directory)
  }

  #renameIndexes(suffix: string): void {
    const { disk } = this.#context.platform
    const target = segmentFiles(this.directory, this.baseOffset, suffix)
    for (const kind of ['offset', 'time', 'transactions'] as const) {
      const from = this.#files[kind]
      if (from !== target[kind] && disk.statSync(from) !== undefined) {
        disk.renameSync(from, target[kind])
      }
    }
    const { offset, time, transactions } = target
    this.#moved({ log: this.#files.log, offset, time, transactions })
  }

  #renameLog(suffix: string): void {
    const { disk } = this.#context.platform
    const target = segmentFiles(this.directory, this.baseOffset, suffix)
    const { log } = target
    if (log !== this.#files.log && disk.statSync(this.#files.log) !== undefined) {
      disk.renameSync(this.#files.log, log)
    }
    this.#moved(target)
  }

  /** Gives all files the suffix `.deleted`; returns what to remove later. */
  markDeleted(): string[] {
    this.changeSuffix(DELETED_SUFFIX)
    return this.existingFiles()
  }

  /** The directory has got another name. */
  movedTo(directory: string): void {
    this.#moved(segmentFiles(directory, this.baseOffset))
  }

  close(): void {
    this.log.close()
    this.index.discard()
  }

  #moved(files: SegmentFiles): void {
    this.#files = files
    this.log.renamed(files)
    this.index.moved(files)
  }
}
