// What a change of settings does to parts that hold values of their own.
import type { Controller } from '../controller/controller.ts'
import type { Logs } from '../log/logs.ts'
import type { Listeners } from '../network/listener.ts'
import { connectionLimits } from './broker-listeners.ts'
import type { DynamicSettings } from './dynamic-settings.ts'

export function applySettings(
  settings: DynamicSettings,
  logs: Logs,
  listeners: Listeners,
  controller: Controller,
): void {
  settings.listen({
    onTopicSettings: (topic) => logs.updateTopicConfig(topic),
    onBrokerSettings(config) {
      listeners.updateLimits(connectionLimits(config))
      logs.updateBrokerConfig(config)
      controller.onSettingsChange()
    },
  })
  // Of what changed while the logs were loading nobody has told them.
  logs.updateBrokerConfig(settings.config)
}
