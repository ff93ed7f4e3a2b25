// Every setting of a broker, declared once: those of Apache Kafka 3.9 and a few of our own.
import { serverSettings } from './settings/server.ts'
import { networkSettings } from './settings/network.ts'
import { logSettings } from './settings/log.ts'
import { replicationSettings } from './settings/replication.ts'
import { groupsSettings } from './settings/groups.ts'
import { transactionsSettings } from './settings/transactions.ts'
import { quotasSettings } from './settings/quotas.ts'
import { metricsSettings } from './settings/metrics.ts'
import { zookeeperSettings } from './settings/zookeeper.ts'
import { kraftSettings } from './settings/kraft.ts'
import { sslSettings } from './settings/ssl.ts'
import { saslSettings } from './settings/sasl.ts'
import { securitySettings } from './settings/security.ts'
import { remoteStorageSettings } from './settings/remote-storage.ts'
import { ottlaSettings } from './settings/ottla.ts'
import type { Setting } from './setting.ts'

export const brokerSettings = {
  ...serverSettings,
  ...networkSettings,
  ...logSettings,
  ...replicationSettings,
  ...groupsSettings,
  ...transactionsSettings,
  ...quotasSettings,
  ...metricsSettings,
  ...zookeeperSettings,
  ...kraftSettings,
  ...sslSettings,
  ...saslSettings,
  ...securitySettings,
  ...remoteStorageSettings,
  ...ottlaSettings,
}

export type BrokerSettings = typeof brokerSettings
export type SettingName = keyof BrokerSettings
/** What `config.get` gives for a name. */
export type SettingValue<Name extends SettingName> =
  BrokerSettings[Name] extends Setting<infer Value> ? Value : never
export type SettingValues = { readonly [Name in SettingName]: SettingValue<Name> }

const byName: ReadonlyMap<string, Setting<unknown>> = new Map(Object.entries(brokerSettings))

/** The entry of a name that came from outside. */
export function brokerSetting(name: string): Setting<unknown> | undefined {
  return byName.get(name)
}

export function brokerSettingNames(): Iterable<string> {
  return byName.keys()
}
