// The settings in force: server.properties, and over it what the znodes below /config say of this
// broker, of all brokers and of each topic. Whoever depends on a value reads it here each time, or
// is told of the change.
import type { BrokerConfig } from '../config/broker-config.ts'
import { ConfigError } from '../config/config-error.ts'
import { usableDynamic } from '../config/dynamic-config.ts'
import { resolveTopicConfig, type LogConfig } from '../config/topic-config.ts'
import type { EntityConfigs } from '../metadata/entity-configs.ts'
import type { Logger } from '../telemetry/logger.ts'

export interface SettingsListener {
  /** The settings of one topic are other ones now. */
  onTopicSettings(topic: string): void
  /** Settings of the broker are other ones now; those of topics may follow from them. */
  onBrokerSettings(config: BrokerConfig): void
}

export class DynamicSettings {
  readonly configs: EntityConfigs
  readonly #brokerId: number
  readonly #logger: Logger
  readonly #listeners: SettingsListener[] = []
  // Resolving walks 36 settings and their synonyms; a topic's partitions share the result.
  readonly #byTopic = new Map<string, LogConfig>()
  #withoutOverrides: LogConfig | undefined
  #config: BrokerConfig

  constructor(config: BrokerConfig, configs: EntityConfigs, brokerId: number, logger: Logger) {
    this.configs = configs
    this.#config = config
    this.#brokerId = brokerId
    this.#logger = logger
    configs.onChange(({ path }) => this.#onChange(path))
  }

  get config(): BrokerConfig {
    return this.#config
  }

  listen(listener: SettingsListener): void {
    this.#listeners.push(listener)
  }

  topic(name: string): LogConfig {
    const overrides = this.configs.topic(name)
    if (overrides.size === 0) return (this.#withoutOverrides ??= resolveTopicConfig(this.#config))
    const known = this.#byTopic.get(name)
    if (known !== undefined) return known
    const resolved = resolveTopicConfig(this.#config, overrides)
    this.#byTopic.set(name, resolved)
    return resolved
  }

  #onChange(path: string): void {
    const [type, name = ''] = path.split('/')
    if (type === 'topics') {
      this.#byTopic.delete(name)
      for (const listener of this.#listeners) listener.onTopicSettings(name)
    } else if (type === 'brokers') {
      this.#readBrokerSettings()
    }
  }

  #readBrokerSettings(): void {
    const own = usableDynamic(this.configs.broker(this.#brokerId), 'broker')
    const all = usableDynamic(this.configs.brokerDefault, 'cluster')
    for (const problem of [...own.problems, ...all.problems]) {
      this.#logger.warn(`A dynamic setting does not count: ${problem}`)
    }
    try {
      this.#config = this.#config.withDynamic(own.values, all.values)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      this.#logger.error('The dynamic settings do not go together and are left as they were', error)
      return
    }
    this.#byTopic.clear()
    this.#withoutOverrides = undefined
    for (const listener of this.#listeners) listener.onBrokerSettings(this.#config)
  }
}
