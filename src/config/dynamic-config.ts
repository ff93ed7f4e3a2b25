// Changing settings while the broker runs: what may be proposed, and what of the znodes counts.
import type { BrokerConfig } from './broker-config.ts'
import { brokerSetting } from './broker-settings.ts'
import { ConfigError } from './config-error.ts'
import type { UpdateMode } from './setting.ts'
import { baseName } from './synonyms.ts'

/** For one broker, or for all that have no value of their own. */
export type DynamicScope = 'broker' | 'cluster'

type Values = ReadonlyMap<string, string>

/** Settings of TLS that change for a listener only. */
const ONLY_BY_LISTENER = new Set([
  'ssl.keystore.type',
  'ssl.keystore.location',
  'ssl.keystore.password',
  'ssl.keystore.certificate.chain',
  'ssl.keystore.key',
  'ssl.key.password',
  'ssl.truststore.type',
  'ssl.truststore.location',
  'ssl.truststore.password',
  'ssl.truststore.certificates',
])

const THREAD_COUNTS = [
  'background.threads',
  'num.io.threads',
  'num.network.threads',
  'num.recovery.threads.per.data.dir',
  'num.replica.fetchers',
] as const

/**
 * The reason, in Kafka's words, why the dynamic settings of `scope` cannot become `proposed`, or
 * undefined. The reply's code is INVALID_REQUEST.
 */
export function validateDynamic(
  config: BrokerConfig,
  proposed: Values,
  scope: DynamicScope,
): string | undefined {
  return problemOfNames(proposed, scope) ?? problemOfValues(config, proposed, scope)
}

/** The settings of a znode that count, and what is wrong with the others, for the log. */
export function usableDynamic(
  found: Values,
  scope: DynamicScope,
): { values: Map<string, string>; problems: string[] } {
  const values = new Map<string, string>()
  const problems: string[] = []
  for (const [name, text] of found) {
    const problem = problemOfNames(new Map([[name, text]]), scope) ?? problemOfText(name, text)
    if (problem === undefined) values.set(name, text)
    else problems.push(problem)
  }
  return { values, problems }
}

function problemOfNames(proposed: Values, scope: DynamicScope): string | undefined {
  const names = [...proposed.keys()]
  const fixed = names.filter((name) => updateOf(name) === 'read-only')
  if (fixed.length > 0) return `Cannot update these configs dynamically: ${setText(fixed)}`
  const bare = names.filter((name) => ONLY_BY_LISTENER.has(name))
  if (bare.length > 0) {
    return `These security configs can be dynamically updated only per-listener using the listener prefix: Hash${plainSet(bare)}`
  }
  const local = names.filter((name) => updateOf(name) === 'per-broker')
  if (scope === 'broker' || local.length === 0) return undefined
  return `Cannot update these configs at default cluster level, broker id must be specified: ${setText(local)}`
}

/** Undefined for what is no setting: it is stored, and has no effect. */
function updateOf(name: string): UpdateMode | undefined {
  return brokerSetting(name)?.update ?? brokerSetting(baseName(name))?.update
}

function problemOfText(name: string, text: string): string | undefined {
  return messageOf(() => brokerSetting(baseName(name))?.parse(name, text))
}

function problemOfValues(
  config: BrokerConfig,
  proposed: Values,
  scope: DynamicScope,
): string | undefined {
  for (const [name, text] of proposed) {
    const problem = problemOfText(name, text)
    if (problem !== undefined) return problem
  }
  const { broker, cluster } = config.dynamic
  return messageOf(() => {
    const changed =
      scope === 'broker'
        ? config.withDynamic(proposed, cluster)
        : config.withDynamic(broker, proposed)
    checkThreads(config, changed)
  })
}

/** A pool may at most double or halve in one step. */
function checkThreads(current: BrokerConfig, changed: BrokerConfig): void {
  for (const name of THREAD_COUNTS) {
    const from = current.get(name)
    const to = changed.get(name)
    if (to < from / 2)
      refuseThreads(name, to, `value should be at least half the current value ${from}`)
    if (to > from * 2) {
      refuseThreads(name, to, `value should not be greater than double the current value ${from}`)
    }
  }
}

function refuseThreads(name: string, count: number, reason: string): never {
  const cause = `Dynamic thread count update validation failed for ${name}=${count}, ${reason}`
  throw new ConfigError(
    `Invalid value org.apache.kafka.common.config.ConfigException: ${cause} for configuration Invalid dynamic configuration`,
    name,
  )
}

function messageOf(action: () => unknown): string | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
}

/** As Scala prints a set: small ones by another name than large ones. */
function setText(names: readonly string[]): string {
  return names.length > 4 ? `Hash${plainSet(names)}` : plainSet(names)
}

function plainSet(names: readonly string[]): string {
  return `Set(${names.join(', ')})`
}
