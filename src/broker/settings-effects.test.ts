import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerConfig } from '../config/broker-config.ts'
import type { Controller } from '../controller/controller.ts'
import { Logs } from '../log/logs.ts'
import { EntityConfigs } from '../metadata/entity-configs.ts'
import type { Listeners } from '../network/listener.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { Metrics } from '../telemetry/metrics.ts'
import { simulatedPlatform } from '../testing/simulated/simulated-world.ts'
import { DynamicSettings } from './dynamic-settings.ts'
import { applySettings } from './settings-effects.ts'

test('what is set while the logs are loading holds for them too', async () => {
  const config = BrokerConfig.parse(new Map([['zookeeper.connect', 'localhost:2181']]))
  const configs = new EntityConfigs()
  const settings = new DynamicSettings(config, configs, 0, silentLogger)
  const logs = await Logs.open({
    platform: simulatedPlatform({ seed: 1 }),
    logger: silentLogger,
    metrics: new Metrics(),
    config,
    directories: ['/data'],
    brokerId: 0,
    clusterId: 'jzqEa8BARt2v_OD1cmK9Nw',
    topicConfig: (topic) => settings.topic(topic),
  })
  const log = logs.getOrCreate('t', 0, undefined, { isNew: true })
  configs.set('topics/t', new Map([['retention.ms', '5']]))
  assert.notEqual(log.config.retentionMs, 5)
  let told = 0
  const listeners = { updateLimits: () => {} } as unknown as Listeners
  const controller = { onSettingsChange: () => (told += 1) } as unknown as Controller
  applySettings(settings, logs, listeners, controller)
  assert.equal(log.config.retentionMs, 5)
  configs.set('topics/t', new Map([['retention.ms', '7']]))
  assert.equal(log.config.retentionMs, 7)
  configs.set('brokers/<default>', new Map([['ottla.fast.failover.enable', 'false']]))
  assert.equal(settings.config.get('ottla.fast.failover.enable'), false)
  assert.equal(told, 1)
})
