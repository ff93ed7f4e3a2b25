// Names and directories: what a lookup sees, and what a power failure would leave of it.
//
// Each change of a name waits until its directory has been synced. A power failure keeps all
// synced changes and some of the waiting ones: the first few of them in order, as a journaling
// file system does, or any, as the standard allows.

import { diskError } from '../../platform/disk-error.ts'
import type { FileImage } from './file-image.ts'
import type { Seeded } from './seeded.ts'

class Directory {
  readonly kind = 'directory'
  readonly entries = new Map<string, Entry>()
}

type Entry = FileImage | Directory

type Change =
  | { readonly kind: 'add'; readonly path: string; readonly file: FileImage | undefined }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'remove'; readonly path: string }

interface PendingChange {
  readonly change: Change
  isDurable: boolean
}

/** What becomes of unsynced names in a power failure. */
export type NameFate = 'random' | 'ordered' | 'lost' | 'kept'

export class NameTree {
  #seen = new Directory()
  readonly #durable = new Directory()
  #pending: PendingChange[] = []
  /** What is not durable yet, by the directories that it happened in. */
  readonly #waiting = new Map<string, PendingChange[]>()

  get unsyncedChanges(): number {
    return this.#pending.filter((pending) => !pending.isDurable).length
  }

  find(path: string): Entry | undefined {
    return find(this.#seen, parts(path))
  }

  list(path: string): Map<string, Entry> {
    const directory = this.find(path)
    if (directory === undefined) throw diskError('ENOENT', 'no such directory', path)
    if (directory.kind !== 'directory') throw diskError('ENOTDIR', 'not a directory', path)
    return directory.entries
  }

  addFile(path: string, file: FileImage): void {
    this.#change({ kind: 'add', path, file }, path)
  }

  /** Adds the directory and those above it that are not there. */
  addDirectory(path: string): void {
    const names = parts(path)
    for (let depth = 1; depth <= names.length; depth++) {
      const prefix = `/${names.slice(0, depth).join('/')}`
      const entry = this.find(prefix)
      if (entry === undefined) this.#change({ kind: 'add', path: prefix, file: undefined }, prefix)
      else if (entry.kind === 'file') throw diskError('ENOTDIR', 'not a directory', prefix)
    }
  }

  rename(from: string, to: string): void {
    const source = this.find(from)
    const target = this.find(to)
    if (source === undefined) throw diskError('ENOENT', 'no such file or directory', from)
    if (target?.kind === 'directory' && target !== source) {
      if (source.kind === 'file') throw diskError('EISDIR', 'is a directory', to)
      if (target.entries.size > 0) throw diskError('ENOTEMPTY', 'directory not empty', to)
    }
    this.#change({ kind: 'rename', from, to }, to)
  }

  remove(path: string): void {
    if (this.find(path) === undefined) throw diskError('ENOENT', 'no such file', path)
    this.#change({ kind: 'remove', path }, path)
  }

  /** Everything that has happened to names in this directory survives from now on. */
  sync(directory: string): void {
    this.list(directory)
    const key = parts(directory).join('/')
    for (const pending of this.#waiting.get(key) ?? []) pending.isDurable = true
    this.#waiting.delete(key)
    while (this.#pending[0]?.isDurable) {
      const pending = this.#pending.shift()
      if (pending !== undefined) applyTo(this.#durable, pending.change)
    }
  }

  /** Everything that has happened to names survives from now on. */
  syncAll(): void {
    for (const { change } of this.#pending) applyTo(this.#durable, change)
    this.#pending = []
    this.#waiting.clear()
  }

  /** The power fails. Answers how many unsynced changes of names were lost. */
  crash(fate: NameFate, random: Seeded): number {
    let orderedLeft = random.between(0, this.unsyncedChanges)
    let lost = 0
    for (const { change, isDurable } of this.#pending) {
      const survives = isDurable || isKept(fate, random, orderedLeft-- > 0)
      if (survives) applyTo(this.#durable, change)
      else lost++
    }
    this.#pending = []
    this.#waiting.clear()
    this.#seen = copyOf(this.#durable)
    return lost
  }

  /** All files by path. */
  *files(directory: Directory = this.#seen, prefix = ''): Iterable<[string, FileImage]> {
    for (const [name, entry] of directory.entries) {
      const path = `${prefix}/${name}`
      if (entry.kind === 'file') yield [path, entry]
      else yield* this.files(entry, path)
    }
  }

  #change(change: Change, path: string): void {
    const isApplied = applyTo(this.#seen, change)
    if (!isApplied) throw diskError('ENOENT', 'no such file or directory', path)
    const pending = { change, isDurable: false }
    this.#pending.push(pending)
    for (const directory of directoriesOf(change)) {
      const waiting = this.#waiting.get(directory)
      if (waiting === undefined) this.#waiting.set(directory, [pending])
      else waiting.push(pending)
    }
  }
}

function isKept(fate: NameFate, random: Seeded, isAmongFirst: boolean): boolean {
  if (fate === 'random') return random.chance(0.5)
  return fate === 'kept' || (fate === 'ordered' && isAmongFirst)
}

function parts(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

function find(root: Directory, names: readonly string[]): Entry | undefined {
  let entry: Entry | undefined = root
  for (const name of names) {
    if (entry?.kind !== 'directory') return undefined
    entry = entry.entries.get(name)
  }
  return entry
}

function parentOf(root: Directory, path: string): { entries: Map<string, Entry>; name: string } {
  const names = parts(path)
  const name = names.pop() ?? ''
  const parent = find(root, names)
  return { entries: parent?.kind === 'directory' ? parent.entries : NOWHERE, name }
}

const NOWHERE: Map<string, Entry> = new Map()

/** False when the change makes no sense because an earlier one is missing. */
function applyTo(root: Directory, change: Change): boolean {
  const target = parentOf(root, change.kind === 'rename' ? change.to : change.path)
  if (target.entries === NOWHERE) return false
  if (change.kind === 'add') {
    target.entries.set(target.name, change.file ?? new Directory())
    return true
  }
  if (change.kind === 'remove') return target.entries.delete(target.name)
  const source = parentOf(root, change.from)
  const entry = source.entries.get(source.name)
  if (entry === undefined) return false
  source.entries.delete(source.name)
  target.entries.set(target.name, entry)
  return true
}

function directoriesOf(change: Change): string[] {
  const paths = change.kind === 'rename' ? [change.from, change.to] : [change.path]
  return paths.map((path) => parts(path).slice(0, -1).join('/'))
}

function copyOf(directory: Directory): Directory {
  const copy = new Directory()
  for (const [name, entry] of directory.entries) {
    copy.entries.set(name, entry.kind === 'file' ? entry : copyOf(entry))
  }
  return copy
}
