// The settings of one broker as they are now: an immutable value.
//
//   dynamic of this broker  >  dynamic of the cluster  >  server.properties  >  default
//
// A name under `listener.name.<name>.` counts for that listener alone.
import {
  brokerSetting,
  brokerSettings,
  type SettingName,
  type SettingValue,
  type SettingValues,
} from './broker-settings.ts'
import { ConfigError } from './config-error.ts'
import {
  checkPorts,
  parseListeners,
  parseProtocolMap,
  securityProtocol,
  type Listener,
  type SecurityProtocol,
} from './listeners.ts'
import { canonicalText, parseList } from './parse-value.ts'
import { checkTogether } from './rules.ts'
import { ottlaPrefixes } from './settings/ottla.ts'

/** Where a value comes from; the numbers are those of DescribeConfigs. */
export const ConfigSource = {
  TOPIC: 1,
  DYNAMIC_BROKER: 2,
  DYNAMIC_CLUSTER: 3,
  STATIC: 4,
  DEFAULT: 5,
} as const
export type ConfigSource = (typeof ConfigSource)[keyof typeof ConfigSource]

interface Layer {
  readonly source: ConfigSource
  readonly values: ReadonlyMap<string, string>
}

export interface SourcedValue {
  readonly name: string
  readonly value: string
  readonly source: ConfigSource
}

const LISTENER_PREFIX = 'listener.name.'
const NOTHING: ReadonlyMap<string, string> = new Map()

export class BrokerConfig {
  /** What server.properties says. */
  readonly originals: ReadonlyMap<string, string>
  /** Names that are no settings; they have no effect. */
  readonly unknown: readonly string[]
  readonly listeners: readonly Listener[]
  /** One for each name; ports 0 stand for the port that the system chose. */
  readonly advertisedListeners: readonly Listener[]
  readonly interBrokerListenerName: string
  readonly interBrokerSecurityProtocol: SecurityProtocol
  readonly logDirectories: readonly string[]
  readonly #layers: readonly Layer[]
  readonly #values: SettingValues

  private constructor(layers: readonly Layer[]) {
    this.#layers = layers
    this.originals = layers.at(-1)?.values ?? NOTHING
    this.#values = parseValues((name) => this.text(name))
    this.unknown = [...this.originals.keys()].filter(isUnknown)
    const { listeners, advertised, interBroker } = readListeners(this)
    this.listeners = listeners
    this.advertisedListeners = advertised
    this.interBrokerListenerName = interBroker.name
    this.interBrokerSecurityProtocol = interBroker.securityProtocol
    this.logDirectories = parseList(this.get('log.dirs') ?? this.get('log.dir'))
    checkTogether(this)
  }

  /** Throws ConfigError naming the setting, its value and what is allowed. */
  static parse(properties: ReadonlyMap<string, string>): BrokerConfig {
    const values = withBothIds(properties)
    return new BrokerConfig([{ source: ConfigSource.STATIC, values }])
  }

  get<Name extends SettingName>(name: Name): SettingValue<Name> {
    return this.#values[name]
  }

  /** The value as text, null when there is none; also for names that are no settings. */
  text(name: string): string | null {
    for (const { values } of this.#layers) {
      const value = values.get(name)
      if (value !== undefined) return value
    }
    return brokerSetting(name)?.defaultText ?? null
  }

  /** Whether somebody has set it, here or dynamically. */
  isSet(name: string): boolean {
    return this.#layers.some(({ values }) => values.has(name))
  }

  /** Every place that gives one of the names a value, the one that counts first. */
  sources(names: readonly string[]): SourcedValue[] {
    const found: SourcedValue[] = []
    for (const { source, values } of this.#layers) {
      for (const name of names) {
        const value = values.get(name)
        if (value !== undefined) found.push({ name, value: shownText(name, value), source })
      }
    }
    for (const name of names) {
      const value = brokerSetting(name)?.defaultText ?? null
      if (value !== null) found.push({ name, value, source: ConfigSource.DEFAULT })
    }
    return found
  }

  /** The dynamic settings that are in effect. */
  get dynamic(): { broker: ReadonlyMap<string, string>; cluster: ReadonlyMap<string, string> } {
    const of = (source: ConfigSource): ReadonlyMap<string, string> =>
      this.#layers.find((layer) => layer.source === source)?.values ?? NOTHING
    return { broker: of(ConfigSource.DYNAMIC_BROKER), cluster: of(ConfigSource.DYNAMIC_CLUSTER) }
  }

  /** All names that have been set anywhere, or by one source. */
  setNames(source?: ConfigSource): Set<string> {
    const names = new Set<string>()
    for (const layer of this.#layers) {
      if (source !== undefined && layer.source !== source) continue
      for (const name of layer.values.keys()) names.add(name)
    }
    return names
  }

  /** What is set under names that begin with `prefix`, without it. */
  prefixed(prefix: string): Map<string, string> {
    const found = new Map<string, string>()
    for (const { values } of this.#layers.toReversed()) {
      for (const [name, value] of values) {
        if (name.startsWith(prefix)) found.set(name.slice(prefix.length), value)
      }
    }
    return found
  }

  /** The settings as they count for one listener. */
  forListener(listenerName: string): BrokerConfig {
    const overrides = this.prefixed(`${LISTENER_PREFIX}${listenerName.toLowerCase()}.`)
    if (overrides.size === 0) return this
    const [first] = this.#layers
    const source = first?.source ?? ConfigSource.STATIC
    return new BrokerConfig([{ source, values: overrides }, ...this.#layers])
  }

  /**
   * The same broker with these dynamic settings instead of those it had. Throws ConfigError as
   * `parse`; see `usableDynamic` in dynamic-config.ts for what znodes may hold.
   */
  withDynamic(
    perBroker: ReadonlyMap<string, string>,
    clusterDefault: ReadonlyMap<string, string>,
  ): BrokerConfig {
    return new BrokerConfig([
      { source: ConfigSource.DYNAMIC_BROKER, values: perBroker },
      { source: ConfigSource.DYNAMIC_CLUSTER, values: clusterDefault },
      { source: ConfigSource.STATIC, values: this.originals },
    ])
  }
}

/** `broker.id` and `node.id` are one setting; either may be given. */
function withBothIds(properties: ReadonlyMap<string, string>): Map<string, string> {
  const values = new Map(properties)
  const brokerId = values.get('broker.id')
  const nodeId = values.get('node.id')
  if (brokerId !== undefined && nodeId === undefined) values.set('node.id', brokerId)
  if (brokerId === undefined && nodeId !== undefined) values.set('broker.id', nodeId)
  if (brokerId !== undefined && nodeId !== undefined && Number(brokerId) !== Number(nodeId)) {
    throw new ConfigError('You must set `node.id` to the same value as `broker.id`.', 'node.id')
  }
  return values
}

// The compiler cannot follow that each entry has the type of its own setting.
function parseValues(textOf: (name: string) => string | null): SettingValues {
  const entries: unknown[][] = []
  for (const [name, setting] of Object.entries(brokerSettings)) {
    const text = textOf(name)
    entries.push([name, text === null ? null : setting.parse(name, text)])
  }
  return Object.fromEntries(entries)
}

function isUnknown(name: string): boolean {
  if (brokerSetting(name) !== undefined) return false
  if (ottlaPrefixes.some((prefix) => name.startsWith(prefix))) return false
  return !name.startsWith(LISTENER_PREFIX) && !name.startsWith('config.providers')
}

function shownText(name: string, text: string): string {
  const setting = brokerSetting(name)
  return setting === undefined ? text : canonicalText(setting.type, text)
}

interface ReadListeners {
  readonly listeners: readonly Listener[]
  readonly advertised: readonly Listener[]
  readonly interBroker: Pick<Listener, 'name' | 'securityProtocol'>
}

function readListeners(config: BrokerConfig): ReadListeners {
  const protocols = parseProtocolMap(config.get('listener.security.protocol.map'))
  const text = config.get('listeners')
  const listeners = parseListeners('listeners', text, protocols)
  checkPorts(text, listeners)
  const advertisedText = config.get('advertised.listeners')
  const advertised =
    advertisedText === null
      ? listeners
      : parseListeners('advertised.listeners', advertisedText, protocols)
  return { listeners, advertised, interBroker: readInterBroker(config, protocols) }
}

function readInterBroker(
  config: BrokerConfig,
  protocols: ReadonlyMap<string, SecurityProtocol>,
): ReadListeners['interBroker'] {
  const listenerName = config.get('inter.broker.listener.name')
  if (listenerName === null) {
    const name = config.get('security.inter.broker.protocol')
    return { name, securityProtocol: securityProtocol(name) ?? 'PLAINTEXT' }
  }
  if (config.isSet('security.inter.broker.protocol')) {
    throw new ConfigError(
      'Only one of inter.broker.listener.name and security.inter.broker.protocol should be set.',
      'inter.broker.listener.name',
    )
  }
  const name = listenerName.toUpperCase()
  const protocol = protocols.get(name)
  if (protocol === undefined) {
    throw new ConfigError(
      `Listener with name ${name} defined in inter.broker.listener.name not found in listener.security.protocol.map.`,
      'inter.broker.listener.name',
    )
  }
  return { name, securityProtocol: protocol }
}
