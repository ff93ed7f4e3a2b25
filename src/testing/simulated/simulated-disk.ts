// A disk in memory that forgets what a real one may forget.

import { diskError } from '../../platform/disk-error.ts'
import type {
  Disk,
  DiskFile,
  DiskLock,
  DiskSpace,
  DirectoryEntry,
  FileStatus,
  OpenMode,
} from '../../platform/disk.ts'
import { sleep, type Clock } from '../../platform/clock.ts'
import { DiskFaults, type DiskOperation, type FailureOptions } from './disk-faults.ts'
import { FileImage, type UnsyncedFate } from './file-image.ts'
import { NameTree, type NameFate } from './name-tree.ts'
import { SimulatedFile, type FileAccess } from './simulated-file.ts'
import type { Seeded } from './seeded.ts'

/** What outlives a process: the names and files of one machine. */
export class Medium {
  readonly names = new NameTree()
  readonly random: Seeded

  constructor(random: Seeded) {
    this.random = random
  }

  /** The power fails; answers what became of unsynced writes and names, for the trace. */
  crash(options: CrashOptions = {}): CrashReport {
    const report: CrashReport = { writes: [], namesLost: 0 }
    for (const [path, file] of this.names.files()) {
      for (const outcome of file.crash(options.writes ?? 'random', this.random)) {
        report.writes.push(`${path} ${outcome}`)
      }
    }
    const fate = options.names ?? (this.random.chance(0.5) ? 'ordered' : 'random')
    report.namesLost = this.names.crash(fate, this.random)
    return report
  }
}

export interface CrashOptions {
  readonly writes?: UnsyncedFate
  readonly names?: NameFate
}

export interface CrashReport {
  writes: string[]
  namesLost: number
}

const TOTAL_BYTES = 2 ** 40

export class SimulatedDisk implements Disk {
  readonly faults = new DiskFaults()
  /** How long an asynchronous operation takes; synchronous ones take no time. */
  latencyMs: (operation: DiskOperation) => number = () => 0
  /** Not every system has a way to. */
  canSyncFileSystem = true
  readonly #medium: Medium
  readonly #clock: Clock
  readonly #locked = new Set<string>()
  /** Handles opened before a crash are void. */
  #life = 0

  constructor(medium: Medium, clock: Clock) {
    this.#medium = medium
    this.#clock = clock
  }

  // Faults, for tests.

  /** The power fails and comes back: unsynced bytes and names may be gone, handles are void. */
  crash(options?: CrashOptions): CrashReport {
    this.kill()
    return this.#medium.crash(options)
  }

  /** The process dies and starts again: nothing is forgotten, handles and locks are void. */
  kill(): void {
    this.#life++
    this.#locked.clear()
    this.faults.reset()
  }

  failNext(operation: DiskOperation, code: string, options?: FailureOptions): void {
    this.faults.failNext(operation, code, options)
  }

  /** From now on files may grow by `freeBytes`; the write that needs more is cut short by ENOSPC. */
  fillUp(freeBytes = 0): void {
    this.faults.freeBytes = freeBytes
  }

  freeUp(): void {
    this.faults.freeBytes = Infinity
  }

  /** Damages one byte on the medium. */
  flipBits(path: string, position: number, mask = 0xff): void {
    this.#file(path).flipBits(position, mask)
  }

  /** Puts a file there that survives everything. */
  install(path: string, content: Uint8Array | string): void {
    const directory = parentOf(path)
    this.makeDirectorySync(directory)
    const file = new FileImage()
    file.write(Buffer.from(content), 0)
    file.sync()
    file.modifiedMs = this.#clock.nowMs()
    this.#medium.names.addFile(path, file)
    for (let above = directory; ; above = parentOf(above)) {
      this.#medium.names.sync(above)
      if (above === '/') return
    }
  }

  /** All files with their content as a reader sees it, sorted by path. */
  contents(): Map<string, Buffer> {
    const files = [...this.#medium.names.files()].toSorted(([a], [b]) => (a < b ? -1 : 1))
    return new Map(files.map(([path, file]) => [path, file.content()]))
  }

  // The interface.

  openSync(path: string, mode: OpenMode): DiskFile {
    return this.#perform('open', path, () => {
      const entry = this.#medium.names.find(path)
      if (entry?.kind === 'directory') throw diskError('EISDIR', 'is a directory', path)
      if (this.faults.isReadOnly && mode !== 'read') {
        throw diskError('EROFS', 'read-only file system', path)
      }
      const file = entry ?? this.#create(path, mode)
      return new SimulatedFile(path, mode, file, this.#access())
    })
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    await this.#wait('open')
    return this.openSync(path, mode)
  }

  readFileSync(path: string): Buffer {
    return this.#perform('read', path, () => this.#file(path).content())
  }

  listSync(directory: string): DirectoryEntry[] {
    return this.#perform('list', directory, () =>
      Array.from(this.#medium.names.list(directory), ([name, { kind }]) => ({ name, kind })),
    )
  }

  statSync(path: string): FileStatus | undefined {
    return this.#perform('stat', path, () => {
      const entry = this.#medium.names.find(path)
      if (entry === undefined) return undefined
      if (entry.kind === 'directory') return { kind: 'directory', size: 0, modifiedMs: 0 }
      return { kind: 'file', size: entry.size, modifiedMs: entry.modifiedMs }
    })
  }

  makeDirectorySync(path: string): void {
    this.#perform('makeDirectory', path, () => this.#medium.names.addDirectory(path))
  }

  renameSync(from: string, to: string): void {
    this.#perform('rename', from, () => this.#medium.names.rename(from, to))
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#wait('rename')
    this.renameSync(from, to)
  }

  removeSync(path: string): void {
    this.#perform('remove', path, () => {
      const file = this.#file(path)
      this.#medium.names.remove(path)
      this.faults.freeBytes += file.size
    })
  }

  async remove(path: string): Promise<void> {
    await this.#wait('remove')
    this.removeSync(path)
  }

  async removeTree(path: string): Promise<void> {
    await this.#wait('removeTree')
    this.#perform('removeTree', path, () => {
      if (this.#medium.names.find(path) !== undefined) this.#medium.names.remove(path)
    })
  }

  syncDirectorySync(directory: string): void {
    this.#perform('syncDirectory', directory, () => this.#medium.names.sync(directory))
  }

  async syncDirectory(directory: string): Promise<void> {
    await this.#wait('syncDirectory')
    this.syncDirectorySync(directory)
  }

  async syncFileSystem(path: string): Promise<boolean> {
    await this.#wait('syncFileSystem')
    if (!this.canSyncFileSystem) return false
    const { names, random } = this.#medium
    try {
      this.#perform('syncFileSystem', path, () => {
        if (this.faults.isLastStep) return
        for (const [, file] of names.files()) file.sync()
        names.syncAll()
      })
    } catch (error) {
      if (!this.faults.isCrashed) for (const [, file] of names.files()) file.failSync(random)
      throw error
    }
    return true
  }

  async space(path: string): Promise<DiskSpace> {
    await this.#wait('stat')
    return this.#perform('stat', path, () => {
      let usedBytes = 0
      for (const [, file] of this.#medium.names.files()) usedBytes += file.size
      const usableBytes = Math.min(this.faults.freeBytes, TOTAL_BYTES - usedBytes)
      return { totalBytes: TOTAL_BYTES, usableBytes }
    })
  }

  async lock(path: string): Promise<DiskLock> {
    await this.#wait('lock')
    return this.#perform('lock', path, () => {
      if (this.#locked.has(path)) throw diskError('ELOCKED', 'locked by another process', path)
      if (this.#medium.names.find(path) === undefined) this.#create(path, 'create')
      this.#locked.add(path)
      const life = this.#life
      const release = async (): Promise<void> => {
        if (life === this.#life) this.#locked.delete(path)
      }
      return { release }
    })
  }

  #perform<Result>(operation: DiskOperation, path: string, effect: () => Result): Result {
    return this.faults.perform(operation, path, effect)
  }

  async #wait(operation: DiskOperation): Promise<void> {
    const latencyMs = this.latencyMs(operation)
    if (latencyMs > 0) await sleep(this.#clock, latencyMs)
    else await Promise.resolve()
  }

  #file(path: string): FileImage {
    const entry = this.#medium.names.find(path)
    if (entry === undefined) throw diskError('ENOENT', 'no such file', path)
    if (entry.kind === 'directory') throw diskError('EISDIR', 'is a directory', path)
    return entry
  }

  #create(path: string, mode: OpenMode): FileImage {
    if (mode !== 'create') throw diskError('ENOENT', 'no such file', path)
    const file = new FileImage()
    file.modifiedMs = this.#clock.nowMs()
    this.#medium.names.addFile(path, file)
    return file
  }

  #access(): FileAccess {
    const life = this.#life
    return {
      faults: this.faults,
      random: this.#medium.random,
      nowMs: () => this.#clock.nowMs(),
      wait: (operation) => this.#wait(operation),
      isVoid: () => life !== this.#life,
    }
  }
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash <= 0 ? '/' : path.slice(0, slash)
}
