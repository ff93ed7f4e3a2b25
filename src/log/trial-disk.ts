// A disk on which a start can be tried: it reads what another one holds, keeps every change in
// memory, and tells afterwards what became of a file. The other disk is only ever read.
import { basename, dirname } from 'node:path'
import type {
  Disk,
  DiskFile,
  DiskLock,
  DiskSpace,
  DirectoryEntry,
  FileStatus,
  OpenMode,
} from '../platform/disk.ts'
import { diskError } from '../platform/disk-error.ts'

/** A file that is not as the other disk has it. */
interface Shadow {
  /** Where its first bytes are found, as long as `content` is not set. */
  readonly source: string | undefined
  size: number
  content: Buffer | undefined
}

export type Fate =
  | { readonly kind: 'kept' | 'removed' | 'written' }
  /** Only its first `size` bytes are left. */
  | { readonly kind: 'cut'; readonly size: number }

export class TrialDisk implements Disk {
  readonly #base: Disk
  /** Null: removed. */
  readonly #shadows = new Map<string, Shadow | null>()

  constructor(base: Disk) {
    this.#base = base
  }

  /** What a change would have done to the file at `path`. */
  fateOf(path: string): Fate {
    const shadow = this.#shadows.get(path)
    if (shadow === undefined) return { kind: 'kept' }
    if (shadow === null) return { kind: 'removed' }
    const isSame = shadow.source === path && shadow.content === undefined
    return isSame ? { kind: 'cut', size: shadow.size } : { kind: 'written' }
  }

  openSync(path: string, mode: OpenMode): DiskFile {
    if (this.statSync(path) === undefined) {
      if (mode !== 'create') throw diskError('ENOENT', 'no such file', path)
      this.#shadows.set(path, { source: undefined, size: 0, content: Buffer.alloc(0) })
    }
    return new TrialFile(path, this)
  }

  open(path: string, mode: OpenMode): Promise<DiskFile> {
    return Promise.resolve(this.openSync(path, mode))
  }

  readFileSync(path: string): Buffer {
    if (!this.#shadows.has(path)) return this.#base.readFileSync(path)
    const size = this.sizeOf(path)
    const bytes = Buffer.alloc(size)
    this.read(path, bytes, 0)
    return bytes
  }

  listSync(directory: string): DirectoryEntry[] {
    const entries = new Map(this.#base.listSync(directory).map((entry) => [entry.name, entry]))
    for (const [path, shadow] of this.#shadows) {
      if (dirname(path) !== directory) continue
      const name = basename(path)
      if (shadow === null) entries.delete(name)
      else entries.set(name, { name, kind: 'file' })
    }
    return [...entries.values()]
  }

  statSync(path: string): FileStatus | undefined {
    const shadow = this.#shadows.get(path)
    if (shadow === null) return undefined
    if (shadow === undefined) return this.#base.statSync(path)
    return { kind: 'file', size: shadow.size, modifiedMs: 0 }
  }

  makeDirectorySync(): void {}

  renameSync(from: string, to: string): void {
    const shadow = this.#shadows.get(from)
    if (shadow === null) throw diskError('ENOENT', 'no such file', from)
    this.#shadows.set(to, shadow ?? { source: from, size: this.sizeOf(from), content: undefined })
    this.#shadows.set(from, null)
  }

  rename(from: string, to: string): Promise<void> {
    this.renameSync(from, to)
    return Promise.resolve()
  }

  removeSync(path: string): void {
    this.#shadows.set(path, null)
  }

  remove(path: string): Promise<void> {
    this.removeSync(path)
    return Promise.resolve()
  }

  removeTree(): Promise<void> {
    return Promise.resolve()
  }

  syncDirectory(): Promise<void> {
    return Promise.resolve()
  }

  syncDirectorySync(): void {}

  syncFileSystem(): Promise<boolean> {
    return Promise.resolve(true)
  }

  space(path: string): Promise<DiskSpace> {
    return this.#base.space(path)
  }

  lock(): Promise<DiskLock> {
    return Promise.resolve({ release: () => Promise.resolve() })
  }

  // For its files.

  sizeOf(path: string): number {
    return this.statSync(path)?.size ?? 0
  }

  /** How many bytes there were. */
  read(path: string, target: Uint8Array, position: number): number {
    const shadow = this.#shadows.get(path)
    const length = Math.max(0, Math.min(target.length, this.sizeOf(path) - position))
    if (length === 0) return 0
    if (shadow?.content !== undefined) {
      target.set(shadow.content.subarray(position, position + length))
      return length
    }
    const file = this.#base.openSync(shadow?.source ?? path, 'read')
    try {
      return file.readSync(target, 0, length, position)
    } finally {
      file.closeSync()
    }
  }

  truncate(path: string, size: number): void {
    const old = this.sizeOf(path)
    if (size === old) return
    const shadow = this.#shadows.get(path)
    const isOriginal = shadow === undefined || shadow?.content === undefined
    if (size < old && isOriginal) {
      this.#shadows.set(path, { source: shadow?.source ?? path, size, content: undefined })
      return
    }
    const content = Buffer.alloc(size)
    this.read(path, content, 0)
    this.#shadows.set(path, { source: undefined, size, content })
  }

  write(path: string, bytes: Uint8Array, position: number): void {
    const size = Math.max(this.sizeOf(path), position + bytes.length)
    const content = Buffer.alloc(size)
    this.read(path, content, 0)
    content.set(bytes, position)
    this.#shadows.set(path, { source: undefined, size, content })
  }
}

class TrialFile implements DiskFile {
  readonly path: string
  readonly #disk: TrialDisk

  constructor(path: string, disk: TrialDisk) {
    this.path = path
    this.#disk = disk
  }

  sizeSync(): number {
    return this.#disk.sizeOf(this.path)
  }

  readSync(target: Uint8Array, offset: number, length: number, position: number): number {
    return this.#disk.read(this.path, target.subarray(offset, offset + length), position)
  }

  read(target: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return Promise.resolve(this.readSync(target, offset, length, position))
  }

  writeSync(bytes: Uint8Array, position: number): void {
    this.#disk.write(this.path, bytes, position)
  }

  writev(buffers: readonly Uint8Array[], position: number): Promise<void> {
    this.writeSync(Buffer.concat(buffers), position)
    return Promise.resolve()
  }

  truncateSync(size: number): void {
    this.#disk.truncate(this.path, size)
  }

  sync(): Promise<void> {
    return Promise.resolve()
  }

  syncSync(): void {}

  closeSync(): void {}
}
