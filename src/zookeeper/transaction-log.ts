// The transaction log in ZooKeeper's format, one file after the other:
//   "ZKLG" version:int32 dbid:int64 { adler32:int64 length:int32 entry 'B' }* zeros
// Group commit: one write and sync is under way; what is appended meanwhile goes with the next.
// `durableZxid` is the last entry that a crash cannot take back. After a failure nothing more is
// written and nothing more becomes durable.
import { join } from 'node:path'
import type { Disk, DiskFile } from '../platform/disk.ts'
import { adler32 } from './adler32.ts'
import { FILE_VERSION, LOG_MAGIC, numberedName } from './data-files.ts'
import { JuteWriter } from './jute.ts'
import { writeEntry } from './transactions.ts'
import type { Entry } from './transactions.ts'

/** The byte after each entry. */
export const END_OF_ENTRY = 0x42
const PENDING_CAPACITY = 16 * 1024

export interface LogOptions {
  readonly disk: Disk
  readonly directory: string
  /** Files grow by this much at a time, so that a sync need not write a new size: 0 turns it off. */
  readonly preAllocateBytes: number
  /** False trades the last writes before a power cut for speed (`forceSync=no`). */
  readonly sync: boolean
  readonly lastZxid: number
  readonly onDurable: (zxid: number) => void
  readonly onFailure: (error: unknown) => void
}

interface OpenFile {
  readonly file: DiskFile
  position: number
  allocated: number
}

export class TransactionLog {
  readonly #options: LogOptions
  #open: OpenFile | undefined
  #pending: JuteWriter | undefined
  #pendingFirstZxid = 0
  #appendedZxid: number
  #writing: Promise<void> | undefined
  #failed = false
  #rollRequested = false
  durableZxid: number

  constructor(options: LogOptions) {
    this.#options = options
    this.#appendedZxid = options.lastZxid
    this.durableZxid = options.lastZxid
  }

  get pendingBytes(): number {
    return this.#pending?.position ?? 0
  }

  /** Queues the entry. `onDurable` is called with its zxid, or a later one, once it is safe. */
  append(entry: Entry): void {
    if (this.#failed) return
    if (this.#pending === undefined) {
      this.#pending = new JuteWriter(PENDING_CAPACITY)
      this.#pendingFirstZxid = entry.zxid
    }
    appendFramed(this.#pending, entry)
    this.#appendedZxid = entry.zxid
    this.#writing ??= this.#drain()
  }

  /** The next write begins a new file; entries of a snapshot just taken stay in the old ones. */
  roll(): void {
    this.#rollRequested = true
  }

  /** Resolves when everything appended so far is durable, or has failed. */
  async flush(): Promise<void> {
    await this.#writing
  }

  /** Writes what is queued and closes the file. */
  async close(): Promise<void> {
    await this.#writing
    this.#closeFile()
  }

  async #drain(): Promise<void> {
    try {
      // Everything that the current turn of the event loop brings goes into one write.
      await Promise.resolve()
      while (this.#pending !== undefined) {
        const bytes = this.#pending.finish()
        const zxid = this.#appendedZxid
        this.#pending = undefined
        await this.#write(bytes)
        this.durableZxid = zxid
        this.#options.onDurable(zxid)
      }
    } catch (error) {
      this.#failed = true
      this.#pending = undefined
      this.#options.onFailure(error)
    } finally {
      this.#writing = undefined
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    const { disk, directory, preAllocateBytes, sync } = this.#options
    if (this.#rollRequested) this.#closeFile()
    this.#rollRequested = false
    const isNew = this.#open === undefined
    const open = this.#open ?? this.#begin()
    const end = open.position + bytes.length
    if (preAllocateBytes > 0 && end > open.allocated) {
      open.allocated = Math.ceil(end / preAllocateBytes) * preAllocateBytes
      open.file.truncateSync(open.allocated)
    }
    await open.file.writev([bytes], open.position)
    open.position = end
    if (!sync) return
    await open.file.sync()
    if (isNew) await disk.syncDirectory(directory)
  }

  #begin(): OpenFile {
    const { disk, directory } = this.#options
    const path = join(directory, numberedName('log', this.#pendingFirstZxid))
    const file = disk.openSync(path, 'create')
    const header = new JuteWriter(16).int32(LOG_MAGIC).int32(FILE_VERSION).int64(0n).finish()
    file.truncateSync(0)
    file.writeSync(header, 0)
    this.#open = { file, position: header.length, allocated: 0 }
    return this.#open
  }

  /** Cuts off what was allocated ahead: a file that is done holds entries only. */
  #closeFile(): void {
    const open = this.#open
    this.#open = undefined
    if (open === undefined) return
    if (open.allocated > open.position && !this.#failed) open.file.truncateSync(open.position)
    open.file.closeSync()
  }
}

function appendFramed(writer: JuteWriter, entry: Entry): void {
  writer.int32(0)
  const checksumAt = writer.gap()
  const lengthAt = writer.gap()
  const start = writer.position
  writeEntry(writer, entry)
  writer.patchInt32(lengthAt, writer.position - start)
  writer.patchInt32(checksumAt, adler32(writer.written(), start) | 0)
  writer.int8(END_OF_ENTRY)
}
