// Dynamic settings in ZooKeeper: every broker reads them into EntityConfigs when it starts, and
// whenever a node below /config/changes says that an entity has changed. Whoever alters settings
// writes the entity's node first, then such a notification.
import type { EntityConfigs, Settings } from '../metadata/entity-configs.ts'
import { ENTITY_TYPES } from '../metadata/entity-configs.ts'
import { CONFIG, CONFIG_CHANGES, entityConfigPath } from '../metadata/znode-paths.ts'
import {
  decodeConfig,
  decodeConfigChange,
  encodeConfig,
  encodeConfigChange,
} from '../metadata/znodes.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { ZooKeeperClient } from '../zookeeper/client.ts'
import { ZooKeeperCode } from '../zookeeper/errors.ts'
import { isCode, retrying } from './guarded-store.ts'

const CHANGE_PREFIX = `${CONFIG_CHANGES}/config_change_`
/** Notifications older than this are removed by whoever sees them. */
const CHANGE_LIFETIME_MS = 15 * 60 * 1000

export interface ConfigStoreOptions {
  readonly zookeeper: ZooKeeperClient
  readonly configs: EntityConfigs
  readonly clock: Clock
  readonly logger: Logger
}

export class ConfigStore {
  readonly #options: ConfigStoreOptions
  #lastSeen = ''
  #stopWatching: (() => void) | undefined
  #reading: Promise<void> | undefined
  #isReadAgain = false

  constructor(options: ConfigStoreOptions) {
    this.#options = options
  }

  /** Reads all settings and follows their changes. */
  async start(): Promise<void> {
    const { zookeeper } = this.#options
    this.#stopWatching = zookeeper.onWatch(({ path }) => {
      if (path === CONFIG_CHANGES) this.#follow()
    })
    await this.reload()
  }

  stop(): void {
    this.#stopWatching?.()
  }

  /** Reads everything, with a watch: at the start, and in a new session. */
  async reload(): Promise<void> {
    const seen = await this.#changes()
    this.#lastSeen = seen.at(-1) ?? this.#lastSeen
    const paths: string[] = []
    for (const type of ENTITY_TYPES) {
      for (const name of await this.#childrenOf(`${CONFIG}/${type}`)) {
        paths.push(`${type}/${name}`)
        if (type === 'users') paths.push(...(await this.#clientsOf(name)))
      }
    }
    await this.read(paths)
  }

  async #clientsOf(user: string): Promise<string[]> {
    const names = await this.#childrenOf(`${CONFIG}/users/${user}/clients`)
    return names.map((name) => `users/${user}/clients/${name}`)
  }

  /** Reads these entities, by their paths below /config such as `topics/foo`. */
  async read(entities: Iterable<string>): Promise<void> {
    await Promise.all(
      [...entities].map(async (entity) => {
        this.#options.configs.set(entity, await this.readNow(entity))
      }),
    )
  }

  /** What the entity's node holds, past what is known here; undefined when there is no node. */
  async readNow(entity: string): Promise<Settings | undefined> {
    const { zookeeper } = this.#options
    try {
      const { data } = await retrying(zookeeper, () => zookeeper.get(entityConfigPath(entity)))
      return decodeConfig(data)
    } catch (error) {
      if (isCode(error, ZooKeeperCode.NONODE)) return undefined
      throw error
    }
  }

  /** Replaces all settings of an entity and tells every broker. */
  async write(entity: string, settings: Settings): Promise<void> {
    const { zookeeper, configs } = this.#options
    const path = entityConfigPath(entity)
    const data = encodeConfig(settings)
    await retrying(zookeeper, async () => {
      try {
        await zookeeper.set(path, data, -1)
      } catch (error) {
        if (!isCode(error, ZooKeeperCode.NONODE)) throw error
        await zookeeper.createRecursive(path, data)
      }
    })
    configs.set(entity, settings)
    await this.notify(entity)
  }

  /** Removes an entity's node, as is done for addresses and users without any setting. */
  async remove(entity: string): Promise<void> {
    const { zookeeper, configs } = this.#options
    await retrying(zookeeper, async () => {
      try {
        await zookeeper.delete(entityConfigPath(entity))
      } catch (error) {
        if (!isCode(error, ZooKeeperCode.NONODE)) throw error
      }
    })
    configs.set(entity, undefined)
    await this.notify(entity)
  }

  /** Makes every broker read the entity again. */
  async notify(entity: string): Promise<void> {
    const { zookeeper } = this.#options
    const data = encodeConfigChange(entity)
    // Told twice after a lost answer, which does no harm.
    await retrying(zookeeper, () => zookeeper.create(CHANGE_PREFIX, data, { sequential: true }))
  }

  // One reading at a time; what arrives meanwhile is read by the next.
  #follow(): void {
    if (this.#reading !== undefined) {
      this.#isReadAgain = true
      return
    }
    this.#reading = this.#readChanges()
      .catch((error) => this.#options.logger.warn('Settings could not be read', error))
      .finally(() => {
        this.#reading = undefined
        if (!this.#isReadAgain) return
        this.#isReadAgain = false
        this.#follow()
      })
  }

  async #readChanges(): Promise<void> {
    const names = await this.#changes()
    const fresh = names.filter((name) => name > this.#lastSeen)
    const entities = new Set<string>()
    for (const name of fresh) {
      const change = await this.#readChange(name)
      if (change !== undefined) entities.add(change)
      this.#lastSeen = name
    }
    await this.read(entities)
    await this.#purge(names)
  }

  async #readChange(name: string): Promise<string | undefined> {
    const { zookeeper } = this.#options
    const path = `${CONFIG_CHANGES}/${name}`
    try {
      const { data } = await retrying(zookeeper, () => zookeeper.get(path))
      return decodeConfigChange(data)
    } catch (error) {
      if (isCode(error, ZooKeeperCode.NONODE)) return undefined
      throw error
    }
  }

  // Names end in ten digits that count up, so the oldest come first.
  async #purge(names: readonly string[]): Promise<void> {
    const { zookeeper, clock } = this.#options
    for (const name of names) {
      const path = `${CONFIG_CHANGES}/${name}`
      const stat = await retrying(zookeeper, () => zookeeper.exists(path))
      if (stat === undefined) continue
      if (clock.nowMs() - stat.ctime < CHANGE_LIFETIME_MS) return
      await zookeeper.delete(path).catch((error) => {
        if (!isCode(error, ZooKeeperCode.NONODE)) throw error
      })
    }
  }

  async #changes(): Promise<string[]> {
    const { zookeeper } = this.#options
    const names = await retrying(zookeeper, () =>
      zookeeper.children(CONFIG_CHANGES, { watch: true }),
    )
    return names.toSorted()
  }

  async #childrenOf(path: string): Promise<string[]> {
    const { zookeeper } = this.#options
    try {
      return await retrying(zookeeper, () => zookeeper.children(path))
    } catch (error) {
      if (isCode(error, ZooKeeperCode.NONODE)) return []
      throw error
    }
  }
}
