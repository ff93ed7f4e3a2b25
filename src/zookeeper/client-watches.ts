// The watches that a client has set and not yet heard of, so that they can be set again on its next
// connection. Paths are the server's, chroot included.
import { JuteWriter } from './jute.ts'
import { EventType } from './protocol.ts'

/** Bytes of paths in one setWatches request, far below any server's limit on a frame. */
const MAX_BATCH_BYTES = 128 * 1024

export type WatchList = 'data' | 'exist' | 'children' | 'persistent' | 'recursive'

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

  remove(list: WatchList, path: string): void {
    this.#lists[list].delete(path)
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
