// The file system, as little of it as a log needs. Every failing call throws or rejects with an
// Error whose `code` is the system's name for it (ENOENT, ENOSPC, EIO, EMFILE, EROFS, ...).
// What was written is durable only after `sync` of the file, and a new, renamed or removed name
// only after `syncDirectory` of its directory. The simulated twin forgets everything else.

export interface DiskError extends Error {
  readonly code: string
}

export type OpenMode =
  /** Existing file, reading only. */
  | 'read'
  /** Existing file, reading and writing. */
  | 'write'
  /** Reading and writing; made empty when it does not exist, kept as it is when it does. */
  | 'create'

export interface DirectoryEntry {
  readonly name: string
  readonly kind: 'file' | 'directory' | 'other'
}

export interface FileStatus {
  readonly kind: 'file' | 'directory' | 'other'
  /** Bytes. */
  readonly size: number
  readonly modifiedMs: number
}

/** Of the file system that a path lies on. */
export interface DiskSpace {
  readonly totalBytes: number
  /** What this process may still write. */
  readonly usableBytes: number
}

/** An exclusive claim on a path that the system gives back when its process dies. */
export interface DiskLock {
  release(): Promise<void>
}

export interface DiskFile {
  readonly path: string
  sizeSync(): number
  /** Bytes read; fewer than `length` only at the end of the file. */
  readSync(target: Uint8Array, offset: number, length: number, position: number): number
  read(target: Uint8Array, offset: number, length: number, position: number): Promise<number>
  /** Writes all bytes at `position`, or throws. */
  writeSync(bytes: Uint8Array, position: number): void
  /** Writes all bytes of all buffers, one after the other from `position`, or rejects. */
  writev(buffers: readonly Uint8Array[], position: number): Promise<void>
  truncateSync(size: number): void
  /** Makes the content durable (fdatasync). */
  sync(): Promise<void>
  syncSync(): void
  closeSync(): void
}

export interface Disk {
  openSync(path: string, mode: OpenMode): DiskFile
  open(path: string, mode: OpenMode): Promise<DiskFile>
  readFileSync(path: string): Buffer
  /** Entries in no particular order. */
  listSync(directory: string): DirectoryEntry[]
  /** Undefined when nothing is there. */
  statSync(path: string): FileStatus | undefined
  /** Makes the directory and those above it; nothing happens when it exists. */
  makeDirectorySync(path: string): void
  renameSync(from: string, to: string): void
  rename(from: string, to: string): Promise<void>
  /** Removes a file. */
  removeSync(path: string): void
  remove(path: string): Promise<void>
  /** Removes a directory with all that is in it; nothing happens when it is not there. */
  removeTree(path: string): Promise<void>
  /** Makes names created, renamed or removed in `directory` durable. */
  syncDirectory(directory: string): Promise<void>
  syncDirectorySync(directory: string): void
  /**
   * Makes everything on the file system that `path` lies on durable, content and names: cheaper than
   * many syncs. False: there is no way to ask for that here, and nothing was done.
   */
  syncFileSystem(path: string): Promise<boolean>
  space(path: string): Promise<DiskSpace>
  /** Rejects with code ELOCKED when another process, or this one, holds it. */
  lock(path: string): Promise<DiskLock>
}
