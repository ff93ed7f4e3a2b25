// What `ottla start` starts: the file and overrides that the user gave, or a broker that works on any
// machine without either.
import { readFileSync } from 'node:fs'
import { BrokerConfig } from '../config/broker-config.ts'
import { ConfigError } from '../config/config-error.ts'
import { resolveProviders } from '../config/config-providers.ts'
import { parseProperties } from '../config/properties.ts'
import { UsageError } from './command.ts'
import { brokerProperties, javaProperties } from './java-options.ts'

/** A broker alone on this machine, as Kafka's own example file has it. */
const ALONE: Readonly<Record<string, string>> = {
  'broker.id': '0',
  listeners: 'PLAINTEXT://127.0.0.1:9092',
  'log.dirs': 'data/kafka-logs',
  'ottla.zookeeper.data.dir': 'data/zookeeper',
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'group.initial.rebalance.delay.ms': '0',
}

export interface StartSettings {
  /** As the user gave it; undefined: none. */
  readonly file: string | undefined
  readonly properties: ReadonlyMap<string, string>
  /** Names that the user set: their ports are not moved. */
  readonly named: ReadonlySet<string>
}

/** Throws UsageError for a file that cannot be read or an override that is none. */
export function readStartSettings(
  file: string | undefined,
  overrides: readonly string[],
): StartSettings {
  const given = file === undefined ? new Map<string, string>() : readProperties(file)
  for (const override of overrides) {
    const equals = override.indexOf('=')
    if (equals < 1) throw new UsageError(`--override takes key=value, not ${override}`)
    given.set(override.slice(0, equals).trim(), override.slice(equals + 1).trim())
  }
  const defaults = file === undefined ? Object.entries(ALONE) : []
  const properties = new Map([...defaults, ...brokerProperties(javaProperties()), ...given])
  return { file, properties, named: new Set(given.keys()) }
}

export function readProperties(file: string): Map<string, string> {
  try {
    return parseProperties(readFileSync(file, 'latin1'))
  } catch (error) {
    throw new UsageError(
      `Cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

/** Throws UsageError that names the file, the setting, its value and what is allowed. */
export function parseSettings(
  file: string | undefined,
  properties: ReadonlyMap<string, string>,
): BrokerConfig {
  try {
    const resolved = resolveProviders(properties, {
      readFile: (path) => readFileSync(path, 'latin1'),
      environment: (name) => process.env[name],
    })
    return BrokerConfig.parse(resolved)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new UsageError(`${file ?? 'settings'}: ${error.message}`)
  }
}
