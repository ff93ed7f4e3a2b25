// The watches that a client has set and not yet heard of, so that they can be set again on its next
// connection. Paths are the server's, chroot included.
import { JuteWriter } from './jute.ts'
import { EventType } from './protocol.ts'

/** Bytes of paths in one setWatches request, far below any server's limit on a frame. */
const MAX_BATCH_BYTES = 128 * 1024

export type WatchList = 'data' | 'exist' | 'children' | 'persistent' | 'recursive'

/** What a client may ask to forget. */
export type RemovedWatches = 'data' | 'children' | 'persistent' | 'any'

function kindOf(list: WatchList): Exclude<RemovedWatches, 'any'> {
  if (list === 'children') return 'children'
  return list === 'data' || list === 'exist' ? 'data' : 'persistent'
}

function isOfKind(list: WatchList, kind: RemovedWatches): boolean {
  return kind === 'any' || kindOf(list) === kind
}

const LISTS: readonly WatchList[] = ['data', 'exist', 'children', 'persistent', 'recursive']

export class ClientWatches {
  readonly #lists: Readonly<Record<WatchList, Set<string>>> = {
    data: new Set(),
    exist: new Set(),
    children: new Set(),
    persistent: new Set(),
    recursive: new Set(),
  }

  add(list: WatchList, path: string): void {
    this.#lists[list].add(path)
  }

  has(path: string, kind: RemovedWatches): boolean {
    return LISTS.some((list) => isOfKind(list, kind) && this.#lists[list].has(path))
  }

  /** The kinds of watches that were there; persistent ones belong to no other kind. */
  removeKind(path: string, kind: RemovedWatches): Exclude<RemovedWatches, 'any'>[] {
    const removed = LISTS.filter((list) => isOfKind(list, kind) && this.#lists[list].delete(path))
    return [...new Set(removed.map(kindOf))]
  }

  clear(): void {
    for (const list of LISTS) this.#lists[list].clear()
  }

  /** One-shot watches that an event uses up. */
  consume(type: number, path: string): void {
    const { data, exist, children } = this.#lists
    if (type === EventType.childrenChanged || type === EventType.deleted) children.delete(path)
    if (type === EventType.childrenChanged) return
    data.delete(path)
    exist.delete(path)
  }

  get hasPersistent(): boolean {
    return this.#lists.persistent.size > 0 || this.#lists.recursive.size > 0
  }

  /** Bodies of setWatches (or, with persistent ones, setWatches2) requests. */
  requests(relativeZxid: number): Buffer[] {
    const lists = this.hasPersistent ? LISTS : LISTS.slice(0, 3)
    const batches: string[][][] = []
    let room = 0
    for (const [index, list] of lists.entries()) {
      for (const path of this.#lists[list]) {
        if (room <= 0) {
          batches.push(lists.map(() => []))
          room = MAX_BATCH_BYTES
        }
        room -= Buffer.byteLength(path) + 4
        batches.at(-1)?.[index]?.push(path)
      }
    }
    return batches.map((batch) => encode(relativeZxid, batch))
  }
}

function encode(relativeZxid: number, lists: readonly string[][]): Buffer {
  const writer = new JuteWriter().long(relativeZxid)
  for (const paths of lists) writer.strings(paths)
  return writer.finish()
}
