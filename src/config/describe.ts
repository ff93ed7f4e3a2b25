// What DescribeConfigs answers about a broker or a topic.
import { type BrokerConfig, ConfigSource, type SourcedValue } from './broker-config.ts'
import { brokerSetting, brokerSettingNames } from './broker-settings.ts'
import { inJavaOrder } from './java-order.ts'
import { canonicalText, type SettingType } from './parse-value.ts'
import type { Setting } from './setting.ts'
import { synonymsOf } from './synonyms.ts'
import { isTopicSetting, resolvedText } from './topic-config.ts'
import { topicSetting, topicSettingNames } from './topic-settings.ts'

/** One entry of the answer, with the names of the protocol. */
export interface DescribedConfig {
  readonly name: string
  /** Null when there is none, or when it is sensitive. */
  readonly value: string | null
  readonly readOnly: boolean
  readonly configSource: number
  readonly isSensitive: boolean
  readonly synonyms: readonly DescribedSynonym[]
  readonly configType: number
  readonly documentation: string | null
}

export interface DescribedSynonym {
  readonly name: string
  readonly value: string | null
  readonly source: number
}

const TYPE_CODES: Readonly<Record<SettingType, number>> = {
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7,
  class: 8,
  password: 9,
}
const UNKNOWN_TYPE = 0

/** All settings of this broker, or those of `keys`, in the order of Kafka's answers. */
export function describeBrokerConfig(
  config: BrokerConfig,
  keys?: ReadonlySet<string> | null,
): DescribedConfig[] {
  const names = new Set(config.setNames())
  for (const name of brokerSettingNames()) {
    if (brokerSetting(name)?.isInternal === false) names.add(name)
  }
  return chosen(names, keys).map((name) => describeBrokerSetting(config, name, false))
}

/** The dynamic settings of the whole cluster. */
export function describeClusterConfig(
  config: BrokerConfig,
  keys?: ReadonlySet<string> | null,
): DescribedConfig[] {
  const names = config.setNames(ConfigSource.DYNAMIC_CLUSTER)
  return chosen(names, keys).map((name) => describeBrokerSetting(config, name, true))
}

/** All settings of a topic with these settings of its own, or those of `keys`. */
export function describeTopicConfig(
  config: BrokerConfig,
  overrides: ReadonlyMap<string, string>,
  keys?: ReadonlySet<string> | null,
): DescribedConfig[] {
  return chosen(topicSettingNames(), keys).flatMap((name) =>
    isTopicSetting(name) ? [describeTopicSetting(config, overrides, name)] : [],
  )
}

function chosen(names: Iterable<string>, keys: ReadonlySet<string> | null | undefined): string[] {
  // An empty list of keys asks for all of them.
  if (keys === undefined || keys === null || keys.size === 0) return inJavaOrder(names)
  return inJavaOrder([...names].filter((name) => keys.has(name)))
}

function describeBrokerSetting(
  config: BrokerConfig,
  name: string,
  isCluster: boolean,
): DescribedConfig {
  const alternatives = synonymsOf(name)
  const setting = brokerSetting(alternatives.at(-1) ?? name)
  const own = brokerSetting(name) ?? setting
  const sources = sourcesFrom(config, name).filter(
    ({ source }) => !isCluster || source === ConfigSource.DYNAMIC_CLUSTER,
  )
  const text = isCluster ? (sources[0]?.value ?? null) : config.text(name)
  return described(name, own, text, sources, own === undefined || own.update === 'read-only')
}

function describeTopicSetting(
  config: BrokerConfig,
  overrides: ReadonlyMap<string, string>,
  name: Parameters<typeof resolvedText>[2],
): DescribedConfig {
  const setting = topicSetting(name)
  const [brokerName] = setting?.synonyms ?? []
  const sources = brokerName === undefined ? [] : sourcesFrom(config, brokerName.name)
  const text = resolvedText(config, overrides, name)
  const own = overrides.has(name) ? [{ name, value: text ?? '', source: ConfigSource.TOPIC }] : []
  return described(name, setting, text, [...own, ...sources], false)
}

/** Nothing that counts less than the setting itself is told before it. */
function sourcesFrom(config: BrokerConfig, name: string): SourcedValue[] {
  const sources = config.sources(synonymsOf(name))
  const first = sources.findIndex((one) => one.name === name)
  return first < 0 ? [] : sources.slice(first)
}

function described(
  name: string,
  setting: Setting<unknown> | undefined,
  text: string | null,
  sources: readonly SourcedValue[],
  readOnly: boolean,
): DescribedConfig {
  // What nobody knows may be a secret.
  const isSensitive = setting === undefined || setting.type === 'password'
  return {
    name,
    value: isSensitive || text === null ? null : canonicalText(setting.type, text),
    readOnly,
    configSource: sources[0]?.source ?? ConfigSource.DEFAULT,
    isSensitive,
    synonyms: sources.map((one) => ({ ...one, value: isSensitive ? null : one.value })),
    configType: setting === undefined ? UNKNOWN_TYPE : TYPE_CODES[setting.type],
    documentation: setting?.doc ?? null,
  }
}
