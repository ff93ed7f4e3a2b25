// The access lists of all nodes, each distinct one once, under the numbers that snapshots use.
import { OPEN_ACL } from './protocol.ts'
import type { Acl } from './protocol.ts'

/** ZooKeeper's number for "world may do everything" (`OPEN_UNSAFE_ACL_ID`). */
export const OPEN_ACL_ID = -1

interface SharedAcl {
  readonly acl: readonly Acl[]
  readonly key: string
  users: number
}

export class AclTable {
  readonly #byId = new Map<number, SharedAcl>()
  readonly #ids = new Map<string, number>()
  #lastId = 0

  get(id: number): readonly Acl[] {
    if (id === OPEN_ACL_ID) return OPEN_ACL
    return this.#byId.get(id)?.acl ?? []
  }

  /** The number of the list, counted as used once more. */
  use(acl: readonly Acl[]): number {
    if (isOpen(acl)) return OPEN_ACL_ID
    const key = JSON.stringify(acl)
    let id = this.#ids.get(key)
    if (id === undefined) {
      id = ++this.#lastId
      this.#ids.set(key, id)
      this.#byId.set(id, { acl, key, users: 0 })
    }
    this.useAgain(id)
    return id
  }

  useAgain(id: number): void {
    const shared = this.#byId.get(id)
    if (shared !== undefined) shared.users++
  }

  release(id: number): void {
    const shared = this.#byId.get(id)
    if (shared === undefined) return
    shared.users--
    if (shared.users > 0) return
    this.#byId.delete(id)
    if (this.#ids.get(shared.key) === id) this.#ids.delete(shared.key)
  }

  /** From a snapshot; not used by any node yet. */
  restore(id: number, acl: readonly Acl[]): void {
    const key = JSON.stringify(acl)
    this.#byId.set(id, { acl, key, users: 0 })
    this.#ids.set(key, id)
    this.#lastId = Math.max(this.#lastId, id)
  }

  /** Forgets what no node of the snapshot used. */
  dropUnused(): void {
    for (const [id, shared] of this.#byId) {
      if (shared.users === 0) {
        shared.users = 1
        this.release(id)
      }
    }
  }

  *entries(): Iterable<[number, readonly Acl[]]> {
    for (const [id, shared] of this.#byId) yield [id, shared.acl]
  }

  get size(): number {
    return this.#byId.size
  }
}

function isOpen(acl: readonly Acl[]): boolean {
  const only = acl.length === 1 ? acl[0] : undefined
  return only?.perms === 31 && only.scheme === 'world' && only.id === 'anyone'
}
