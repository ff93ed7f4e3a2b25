// What the controller is told about settings, read from the broker's each time it asks.
import { describeTopicConfig } from '../config/describe.ts'
import { validateTopicConfig } from '../config/topic-config.ts'
import type { ControllerSettings, TopicConfigRules } from '../controller/controller-types.ts'
import type { TopicNaming } from '../metadata/topic-name.ts'
import type { BrokerConfig } from '../config/broker-config.ts'
import type { DynamicSettings } from './dynamic-settings.ts'

const NAME_FIELDS = 'ottla.topic.name.fields.'

export function controllerSettings(config: BrokerConfig): ControllerSettings {
  return {
    numPartitions: config.get('num.partitions'),
    defaultReplicationFactor: config.get('default.replication.factor'),
    deleteTopicEnable: config.get('delete.topic.enable'),
    uncleanLeaderElectionEnable: config.get('unclean.leader.election.enable'),
    autoLeaderRebalanceEnable: config.get('auto.leader.rebalance.enable'),
    leaderImbalanceCheckIntervalSeconds: config.get('leader.imbalance.check.interval.seconds'),
    leaderImbalancePerBrokerPercentage: config.get('leader.imbalance.per.broker.percentage'),
    interBrokerListenerName: config.interBrokerListenerName,
    fastFailoverEnable: config.get('ottla.fast.failover.enable'),
    topicNaming: topicNaming(config),
  }
}

function topicNaming(config: BrokerConfig): TopicNaming {
  const fields = [...config.prefixed(NAME_FIELDS)].map(
    ([field, words]) => [field, words.split(',').map((word) => word.trim())] as const,
  )
  return { templates: config.get('ottla.topic.name.templates'), fields: new Map(fields) }
}

export function topicConfigRules(settings: DynamicSettings): TopicConfigRules {
  return {
    validate: (overrides) => validateTopicConfig(overrides),
    describe: (overrides) =>
      describeTopicConfig(settings.config, overrides).map(
        ({ name, value, readOnly, configSource, isSensitive }) => ({
          name,
          value,
          readOnly,
          configSource,
          isSensitive,
        }),
      ),
  }
}
