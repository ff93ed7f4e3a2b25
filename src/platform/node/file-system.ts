// The file system of the operating system.
import fs from 'node:fs'
import { promisify } from 'node:util'
import type { Disk, DiskFile, DiskSpace, DirectoryEntry, FileStatus, OpenMode } from '../disk.ts'
import { remainingBuffers, totalBytes } from '../remaining-buffers.ts'
import { lockFile } from './file-lock.ts'
import { syncFileSystem } from './file-system-sync.ts'

const { O_CREAT, O_RDONLY, O_RDWR } = fs.constants
const FLAGS: Record<OpenMode, number> = {
  read: O_RDONLY,
  write: O_RDWR,
  create: O_RDWR | O_CREAT,
}
const PERMISSIONS = 0o644

/** Windows cannot open a directory to sync it; its file system orders names by itself. */
const CAN_SYNC_DIRECTORIES = process.platform !== 'win32'

class SystemFile implements DiskFile {
  readonly path: string
  readonly #descriptor: number

  constructor(path: string, descriptor: number) {
    this.path = path
    this.#descriptor = descriptor
  }

  sizeSync(): number {
    return fs.fstatSync(this.#descriptor).size
  }

  readSync(target: Uint8Array, offset: number, length: number, position: number): number {
    let done = 0
    while (done < length) {
      const left = length - done
      const count = fs.readSync(this.#descriptor, target, offset + done, left, position + done)
      if (count === 0) break
      done += count
    }
    return done
  }

  read(target: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      let done = 0
      const step = (): void => {
        const left = length - done
        fs.read(this.#descriptor, target, offset + done, left, position + done, onRead)
      }
      const onRead = (error: Error | null, count: number): void => {
        if (error !== null) return reject(error)
        done += count
        if (count === 0 || done === length) resolve(done)
        else step()
      }
      step()
    })
  }

  writeSync(bytes: Uint8Array, position: number): void {
    let done = 0
    while (done < bytes.byteLength) {
      const left = bytes.byteLength - done
      done += fs.writeSync(this.#descriptor, bytes, done, left, position + done)
    }
  }

  writev(buffers: readonly Uint8Array[], position: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let rest = buffers
      let at = position
      const step = (): void => fs.writev(this.#descriptor, rest, at, onWritten)
      const onWritten = (error: Error | null, count: number): void => {
        if (error !== null) return reject(error)
        at += count
        rest = remainingBuffers(rest, count)
        if (rest.length === 0) resolve()
        else step()
      }
      if (totalBytes(buffers) === 0) resolve()
      else step()
    })
  }

  truncateSync(size: number): void {
    fs.ftruncateSync(this.#descriptor, size)
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#descriptor, (error) => (error === null ? resolve() : reject(error)))
    })
  }

  syncSync(): void {
    fs.fdatasyncSync(this.#descriptor)
  }

  closeSync(): void {
    fs.closeSync(this.#descriptor)
  }
}

function kindOf(entry: fs.Dirent | fs.Stats): DirectoryEntry['kind'] {
  if (entry.isFile()) return 'file'
  return entry.isDirectory() ? 'directory' : 'other'
}

const openDescriptor = promisify(fs.open)

export const fileSystem: Disk = {
  openSync: (path, mode) => new SystemFile(path, fs.openSync(path, FLAGS[mode], PERMISSIONS)),
  async open(path, mode) {
    return new SystemFile(path, await openDescriptor(path, FLAGS[mode], PERMISSIONS))
  },
  readFileSync: (path) => fs.readFileSync(path),
  listSync(directory) {
    const entries = fs.readdirSync(directory, { withFileTypes: true })
    return entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) }))
  },
  statSync(path): FileStatus | undefined {
    const stats = fs.statSync(path, { throwIfNoEntry: false })
    if (stats === undefined) return undefined
    return { kind: kindOf(stats), size: stats.size, modifiedMs: stats.mtimeMs }
  },
  makeDirectorySync(path) {
    fs.mkdirSync(path, { recursive: true })
  },
  renameSync: (from, to) => fs.renameSync(from, to),
  rename: (from, to) => fs.promises.rename(from, to),
  removeSync: (path) => fs.unlinkSync(path),
  remove: (path) => fs.promises.unlink(path),
  removeTree: (path) => fs.promises.rm(path, { recursive: true, force: true }),
  async syncDirectory(directory) {
    if (!CAN_SYNC_DIRECTORIES) return
    const handle = await fs.promises.open(directory, O_RDONLY)
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
  syncDirectorySync(directory) {
    if (!CAN_SYNC_DIRECTORIES) return
    const descriptor = fs.openSync(directory, O_RDONLY)
    try {
      fs.fsyncSync(descriptor)
    } finally {
      fs.closeSync(descriptor)
    }
  },
  syncFileSystem,
  async space(path): Promise<DiskSpace> {
    const { bsize, blocks, bavail } = await fs.promises.statfs(path)
    return { totalBytes: blocks * bsize, usableBytes: bavail * bsize }
  },
  lock: lockFile,
}
