// The dynamic settings of topics, brokers, clients, users and addresses, as their znodes hold them.
// A pure holder: whoever reads the znodes (config-store.ts) sets them here.
//
// Entity paths are those of the znodes below /config: `topics/foo`, `brokers/1`, `brokers/<default>`,
// `users/alice/clients/app`, names sanitised as in the path.

export type EntityType = 'topics' | 'brokers' | 'clients' | 'users' | 'ips'
export const ENTITY_TYPES = ['topics', 'clients', 'users', 'brokers', 'ips'] as const

/** The name of the entity whose settings apply where no other does. */
export const DEFAULT_ENTITY = '<default>'

export type Settings = ReadonlyMap<string, string>

export interface EntityChange {
  /** Below /config, such as `topics/foo`. */
  readonly path: string
  readonly before: Settings
  readonly after: Settings
}

export type EntityListener = (change: EntityChange) => void

const NONE: Settings = new Map()

export class EntityConfigs {
  readonly #byPath = new Map<string, Settings>()
  readonly #listeners = new Set<EntityListener>()

  /** Settings of the entity at `path`; empty when it has none. */
  at(path: string): Settings {
    return this.#byPath.get(path) ?? NONE
  }

  topic(name: string): Settings {
    return this.at(`topics/${name}`)
  }

  broker(id: number): Settings {
    return this.at(`brokers/${id}`)
  }

  get brokerDefault(): Settings {
    return this.at(`brokers/${DEFAULT_ENTITY}`)
  }

  /** All entities of one type, by the rest of their path (`alice`, `alice/clients/app`). */
  *entities(type: EntityType): Generator<[string, Settings]> {
    const prefix = `${type}/`
    for (const [path, settings] of this.#byPath) {
      if (path.startsWith(prefix)) yield [path.slice(prefix.length), settings]
    }
  }

  /** Sets what an entity's znode holds; undefined or empty when the node is gone. */
  set(path: string, settings: Settings | undefined): void {
    const before = this.at(path)
    const after = settings ?? NONE
    if (after.size === 0) this.#byPath.delete(path)
    else this.#byPath.set(path, after)
    if (equal(before, after)) return
    for (const listener of this.#listeners) listener({ path, before, after })
  }

  /** Calls `listener` after every change; the result removes it. */
  onChange(listener: EntityListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

function equal(left: Settings, right: Settings): boolean {
  if (left.size !== right.size) return false
  for (const [name, value] of left) if (right.get(name) !== value) return false
  return true
}
