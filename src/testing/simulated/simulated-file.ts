// An open file of a simulated disk. It is void when the process that opened it has ended.

import { diskError } from '../../platform/disk-error.ts'
import type { DiskFile, OpenMode } from '../../platform/disk.ts'
import type { DiskFaults, DiskOperation } from './disk-faults.ts'
import type { FileImage } from './file-image.ts'
import type { Seeded } from './seeded.ts'

/** What a file may use of the disk that it was opened on. */
export interface FileAccess {
  readonly faults: DiskFaults
  readonly random: Seeded
  nowMs(): number
  wait(operation: DiskOperation): Promise<void>
  isVoid(): boolean
}

export class SimulatedFile implements DiskFile {
  readonly path: string
  readonly #mode: OpenMode
  readonly #image: FileImage
  readonly #access: FileAccess
  #isClosed = false

  constructor(path: string, mode: OpenMode, image: FileImage, access: FileAccess) {
    this.path = path
    this.#mode = mode
    this.#image = image
    this.#access = access
  }

  sizeSync(): number {
    return this.#perform('size', () => this.#image.size)
  }

  readSync(target: Uint8Array, offset: number, length: number, position: number): number {
    return this.#perform('read', () => this.#image.read(target, offset, length, position))
  }

  async read(
    target: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<number> {
    await this.#access.wait('read')
    return this.readSync(target, offset, length, position)
  }

  writeSync(bytes: Uint8Array, position: number): void {
    this.#perform('write', () => this.#write(bytes, position))
  }

  async writev(buffers: readonly Uint8Array[], position: number): Promise<void> {
    await this.#access.wait('write')
    this.#perform('write', () => {
      let at = position
      for (const buffer of buffers) {
        this.#write(buffer, at)
        at += buffer.byteLength
      }
    })
  }

  truncateSync(size: number): void {
    this.#perform('truncate', () => {
      this.#mustBeWritable()
      this.#access.faults.freeBytes += this.#image.size - size
      this.#image.truncate(size)
    })
  }

  async sync(): Promise<void> {
    await this.#access.wait('sync')
    this.syncSync()
  }

  syncSync(): void {
    try {
      this.#perform('sync', () => {
        // A process that dies in a sync leaves the writes to the system: only a power failure
        // decides the fate of each.
        if (!this.#access.faults.isLastStep) this.#image.sync()
      })
    } catch (error) {
      if (!this.#access.faults.isCrashed) this.#image.failSync(this.#access.random)
      throw error
    }
  }

  closeSync(): void {
    this.#perform('close', () => {
      this.#isClosed = true
    })
  }

  #write(bytes: Uint8Array, position: number): void {
    this.#mustBeWritable()
    const { faults } = this.#access
    const growth = Math.max(0, position + bytes.byteLength - this.#image.size)
    const missing = Math.max(0, growth - faults.freeBytes)
    const fitting = bytes.subarray(0, bytes.byteLength - missing)
    if (fitting.byteLength > 0) this.#image.write(fitting, position)
    this.#image.modifiedMs = this.#access.nowMs()
    faults.freeBytes -= growth - missing
    if (missing > 0) throw diskError('ENOSPC', 'no space left on device', this.path)
  }

  #mustBeWritable(): void {
    if (this.#mode === 'read') throw diskError('EBADF', 'opened for reading only', this.path)
  }

  #perform<Result>(operation: DiskOperation, effect: () => Result): Result {
    return this.#access.faults.perform(operation, this.path, () => {
      if (this.#isClosed || this.#access.isVoid()) {
        throw diskError('EBADF', 'not an open file', this.path)
      }
      return effect()
    })
  }
}
