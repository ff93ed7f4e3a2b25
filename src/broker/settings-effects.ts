// What a change of settings does to parts that hold values of their own.
import type { Logs } from '../log/logs.ts'
import type { Listeners } from '../network/listener.ts'
import type { Replicas } from '../replication/replicas.ts'
import { connectionLimits } from './broker-listeners.ts'
import type { DynamicSettings } from './dynamic-settings.ts'

export function applySettings(
  settings: DynamicSettings,
  logs: Logs,
  replicas: Replicas,
  listeners: Listeners,
): void {
  settings.listen({
    onTopicSettings: (topic) => logs.updateTopicConfig(topic),
    onBrokerSettings(config) {
      listeners.updateLimits(connectionLimits(config))
      for (const topic of new Set([...replicas.all()].map((partition) => partition.topic))) {
        logs.updateTopicConfig(topic)
      }
    },
  })
}
