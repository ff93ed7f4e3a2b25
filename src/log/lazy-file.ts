// A file that is opened when first needed and closed again when too many are open. Whoever starts
// an asynchronous call on it pins it, so that the descriptor outlives the call.
import assert from 'node:assert/strict'
import type { Disk, DiskFile, OpenMode } from '../platform/disk.ts'
import { isDiskError } from './atomic-file.ts'
import type { Residency, Resident } from './residency.ts'

/** A path, or where the path of a log file is to be had. */
type Place = string | { readonly log: string }

export class LazyFile implements Resident {
  used = false
  readonly weight = 1
  readonly #disk: Disk
  readonly #openFiles: Residency
  #place: Place
  #mode: OpenMode
  #file: DiskFile | undefined
  #pins = 0
  #closing = false

  constructor(disk: Disk, openFiles: Residency, place: Place, mode: OpenMode) {
    this.#disk = disk
    this.#openFiles = openFiles
    this.#place = place
    this.#mode = mode
  }

  get path(): string {
    return typeof this.#place === 'string' ? this.#place : this.#place.log
  }

  /** The open file; throws what opening it throws. */
  get file(): DiskFile {
    this.used = true
    return this.#file ?? this.#open()
  }

  get isOpen(): boolean {
    return this.#file !== undefined
  }

  /** Keeps the descriptor until `unpin`. */
  pin(): DiskFile {
    const file = this.file
    this.#pins += 1
    return file
  }

  unpin(): void {
    assert(this.#pins > 0)
    this.#pins -= 1
    if (this.#closing && this.#pins === 0) this.close()
  }

  /** The file has got another name; an open descriptor stays good. */
  renamed(place: Place): void {
    this.#place = place
  }

  /** Closes now, or when the last pin goes. May be opened again. */
  close(): void {
    if (this.#pins > 0) {
      this.#closing = true
      return
    }
    this.#closing = false
    this.#openFiles.dismiss(this)
    const file = this.#file
    this.#file = undefined
    file?.closeSync()
  }

  release(): boolean {
    if (this.#pins > 0) return false
    const file = this.#file
    this.#file = undefined
    file?.closeSync()
    return true
  }

  #open(): DiskFile {
    const file = this.#openOrMakeRoom()
    this.#file = file
    // Created once; found gone later, it must not come back empty.
    if (this.#mode === 'create') this.#mode = 'write'
    this.#openFiles.admit(this)
    return file
  }

  #openOrMakeRoom(): DiskFile {
    try {
      return this.#disk.openSync(this.path, this.#mode)
    } catch (error) {
      if (!isDiskError(error, 'EMFILE')) throw error
      this.#openFiles.shrinkTo(this.#openFiles.weight >> 1)
      return this.#disk.openSync(this.path, this.#mode)
    }
  }
}
