// Settings that ask for something this broker does not do and that must not be ignored: whoever set
// them relies on them.
import type { BrokerConfig } from '../config/broker-config.ts'
import { ConfigError } from '../config/config-error.ts'
import { templateProblem } from '../metadata/topic-name.ts'

interface Refusal {
  readonly setting: string
  readonly isAsked: (config: BrokerConfig) => boolean
  /** Continues "name=value:". */
  readonly reason: string
}

const isGiven =
  (name: Parameters<BrokerConfig['get']>[0]) =>
  (config: BrokerConfig): boolean => {
    const value = config.get(name)
    return value !== null && value !== false && value !== '' && String(value) !== ''
  }

const REFUSALS: readonly Refusal[] = [
  {
    setting: 'authorizer.class.name',
    isAsked: isGiven('authorizer.class.name'),
    reason: 'no authorizer is there yet, and everybody would be allowed everything.',
  },
  {
    setting: 'process.roles',
    isAsked: isGiven('process.roles'),
    reason: 'this broker keeps its metadata in ZooKeeper, not in a KRaft quorum.',
  },
  {
    setting: 'zookeeper.metadata.migration.enable',
    isAsked: isGiven('zookeeper.metadata.migration.enable'),
    reason: 'a migration to KRaft is not supported.',
  },
  {
    setting: 'remote.log.storage.system.enable',
    isAsked: isGiven('remote.log.storage.system.enable'),
    reason: 'there is no remote storage, and its segments would be missing.',
  },
  ...(['zookeeper.ssl.crl.enable', 'zookeeper.ssl.ocsp.enable'] as const).map((setting) => ({
    setting,
    isAsked: isGiven(setting),
    reason: 'whether a certificate was revoked is not looked up here.',
  })),
  ...(
    [
      'create.topic.policy.class.name',
      'alter.config.policy.class.name',
      'client.quota.callback.class',
    ] as const
  ).map((setting) => ({
    setting,
    isAsked: isGiven(setting),
    reason: 'a Java class cannot be loaded here, and its rules would not hold.',
  })),
]

/** Throws ConfigError for the first setting that cannot be followed. */
export function refuseUnsupportedSettings(config: BrokerConfig): void {
  for (const { setting, isAsked, reason } of REFUSALS) {
    if (!isAsked(config)) continue
    throw new ConfigError(`${setting}=${config.text(setting)}: ${reason}`, setting)
  }
  refuseUselessTemplates(config)
}

const TEMPLATES = 'ottla.topic.name.templates'

function refuseUselessTemplates(config: BrokerConfig): void {
  for (const template of config.get(TEMPLATES)) {
    const problem = templateProblem(template)
    if (problem === undefined) continue
    throw new ConfigError(
      `${TEMPLATES}=${config.text(TEMPLATES)}: in ${template}, ${problem}; ` +
        'a template looks like <env>.<team>.<app>.<type>.',
      TEMPLATES,
    )
  }
}
