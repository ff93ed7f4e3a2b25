// The producer snapshots of one log directory: which offsets have one, writing, reading, removing.
import { join } from 'node:path'
import type { Disk } from '../platform/disk.ts'
import { readFileIfPresent, replaceFileSync } from './atomic-file.ts'
import { offsetFileName, SNAPSHOT_SUFFIX } from './file-names.ts'
import { decodeSnapshot } from './producer-snapshot.ts'
import type { ProducerEntry } from './producer-entry.ts'

export class SnapshotFiles {
  readonly #disk: Disk
  #directory: string
  /** Ascending. */
  #offsets: number[]

  constructor(disk: Disk, directory: string, offsets: readonly number[]) {
    this.#disk = disk
    this.#directory = directory
    this.#offsets = [...offsets].sort((a, b) => a - b)
  }

  get offsets(): readonly number[] {
    return this.#offsets
  }

  has(offset: number): boolean {
    return this.#offsets.includes(offset)
  }

  path(offset: number): string {
    return join(this.#directory, offsetFileName(offset, SNAPSHOT_SUFFIX))
  }

  /** Returns the path, for a later sync. */
  write(offset: number, content: Buffer): string {
    replaceFileSync(this.#disk, this.path(offset), content, { durable: false })
    if (!this.has(offset)) {
      this.#offsets.push(offset)
      this.#offsets.sort((a, b) => a - b)
    }
    return this.path(offset)
  }

  /** The newest readable one at or before `offset`. Damaged ones are removed and named. */
  newestUpTo(
    offset: number,
    onDamaged: (path: string) => void,
  ): { readonly offset: number; readonly entries: readonly ProducerEntry[] } | undefined {
    for (const candidate of this.#offsets.toReversed()) {
      if (candidate > offset) continue
      const bytes = readFileIfPresent(this.#disk, this.path(candidate))
      const entries = bytes && decodeSnapshot(bytes)
      if (entries !== undefined) return { offset: candidate, entries }
      onDamaged(this.path(candidate))
      this.remove(candidate)
    }
    return undefined
  }

  remove(offset: number): void {
    if (!this.has(offset)) return
    this.#offsets = this.#offsets.filter((other) => other !== offset)
    if (this.#disk.statSync(this.path(offset)) !== undefined)
      this.#disk.removeSync(this.path(offset))
  }

  /** Forgets one whose file somebody else removes; returns its path. */
  forget(offset: number): string | undefined {
    if (!this.has(offset)) return undefined
    this.#offsets = this.#offsets.filter((other) => other !== offset)
    return this.path(offset)
  }

  removeAbove(offset: number): void {
    for (const other of this.#offsets.filter((candidate) => candidate > offset)) this.remove(other)
  }

  movedTo(directory: string): void {
    this.#directory = directory
  }
}
