// Who waits for which change. One-shot watches go when they fire; persistent ones stay, and
// recursive ones also hear of everything below. A watcher hears of one change of one path once,
// however many of its watches match.
import { EventType } from './protocol.ts'
import type { Acl } from './protocol.ts'
import { parentOf } from './paths.ts'
import type { Change } from './tree.ts'

export const WatchMode = { once: 1, persistent: 2, recursive: 4 } as const

/** `acl`: who may read the node that the event is of. */
export type Fire<Watcher> = (
  watcher: Watcher,
  type: number,
  path: string,
  acl: readonly Acl[],
) => void

/** Watches of one kind (data or children) by path. */
class WatchIndex<Watcher> {
  readonly #byPath = new Map<string, Map<Watcher, number>>()
  readonly #byWatcher = new Map<Watcher, Set<string>>()
  recursiveCount = 0

  add(path: string, watcher: Watcher, mode: number): void {
    let watchers = this.#byPath.get(path)
    if (watchers === undefined) this.#byPath.set(path, (watchers = new Map()))
    const before = watchers.get(watcher) ?? 0
    watchers.set(watcher, before | mode)
    if ((mode & ~before & WatchMode.recursive) !== 0) this.recursiveCount++
    let paths = this.#byWatcher.get(watcher)
    if (paths === undefined) this.#byWatcher.set(watcher, (paths = new Set()))
    paths.add(path)
  }

  has(path: string, watcher: Watcher): boolean {
    return this.#byPath.get(path)?.has(watcher) === true
  }

  remove(path: string, watcher: Watcher): boolean {
    const watchers = this.#byPath.get(path)
    const mode = watchers?.get(watcher)
    if (watchers === undefined || mode === undefined) return false
    if ((mode & WatchMode.recursive) !== 0) this.recursiveCount--
    watchers.delete(watcher)
    if (watchers.size === 0) this.#byPath.delete(path)
    const paths = this.#byWatcher.get(watcher)
    paths?.delete(path)
    if (paths?.size === 0) this.#byWatcher.delete(watcher)
    return true
  }

  removeWatcher(watcher: Watcher): void {
    for (const path of this.#byWatcher.get(watcher) ?? []) this.remove(path, watcher)
  }

  /** Those who wait for exactly this path; their one-shot watches are gone afterwards. */
  take(path: string, accepts: number, into: Set<Watcher>): void {
    const watchers = this.#byPath.get(path)
    if (watchers === undefined) return
    for (const [watcher, mode] of watchers) {
      if ((mode & accepts) === 0) continue
      into.add(watcher)
      if ((mode & WatchMode.once) === 0) continue
      if (mode === WatchMode.once) this.remove(path, watcher)
      else watchers.set(watcher, mode & ~WatchMode.once)
    }
  }

  takeRecursive(path: string, into: Set<Watcher>): void {
    if (this.recursiveCount === 0) return
    for (let at = parentOf(path); at !== undefined; at = parentOf(at)) {
      for (const [watcher, mode] of this.#byPath.get(at) ?? []) {
        if ((mode & WatchMode.recursive) !== 0) into.add(watcher)
      }
    }
  }

  get pathCount(): number {
    return this.#byPath.size
  }

  get watcherCount(): number {
    return this.#byWatcher.size
  }

  get size(): number {
    let total = 0
    for (const watchers of this.#byPath.values()) total += watchers.size
    return total
  }

  entries(): Iterable<[string, ReadonlyMap<Watcher, number>]> {
    return this.#byPath
  }
}

const ANY = WatchMode.once | WatchMode.persistent | WatchMode.recursive
const NOT_RECURSIVE = WatchMode.once | WatchMode.persistent

export type WatchKind = 'data' | 'children' | 'any'

export class WatchTable<Watcher> {
  readonly data = new WatchIndex<Watcher>()
  readonly children = new WatchIndex<Watcher>()

  addPersistent(path: string, watcher: Watcher, recursive: boolean): void {
    const mode = recursive ? WatchMode.recursive : WatchMode.persistent
    this.data.add(path, watcher, mode)
    this.children.add(path, watcher, mode)
  }

  has(path: string, watcher: Watcher, kind: WatchKind): boolean {
    if (kind !== 'children' && this.data.has(path, watcher)) return true
    return kind !== 'data' && this.children.has(path, watcher)
  }

  /** False: there was none. */
  remove(path: string, watcher: Watcher, kind: WatchKind): boolean {
    const data = kind !== 'children' && this.data.remove(path, watcher)
    const children = kind !== 'data' && this.children.remove(path, watcher)
    return data || children
  }

  removeWatcher(watcher: Watcher): void {
    this.data.removeWatcher(watcher)
    this.children.removeWatcher(watcher)
  }

  /** Tells everybody concerned, in ZooKeeper's order: the node itself first, then its parent. */
  fire(change: Change, tell: Fire<Watcher>): void {
    const concerned = new Set<Watcher>()
    this.data.take(change.path, ANY, concerned)
    this.data.takeRecursive(change.path, concerned)
    if (change.type === 'deleted') this.children.take(change.path, ANY, concerned)
    for (const watcher of concerned) tell(watcher, EventType[change.type], change.path, change.acl)
    if (change.type === 'dataChanged') return
    const parent = parentOf(change.path) ?? '/'
    const concernedByParent = new Set<Watcher>()
    this.children.take(parent, NOT_RECURSIVE, concernedByParent)
    for (const watcher of concernedByParent) {
      tell(watcher, EventType.childrenChanged, parent, change.parentAcl)
    }
  }
}
