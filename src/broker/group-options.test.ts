import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerConfig } from '../config/broker-config.ts'
import { DEFAULT_GROUP_SETTINGS } from '../coordinator/group/group-settings.ts'
import { groupSettings } from './group-options.ts'

test('the coordinator’s defaults are those of the configuration', () => {
  const config = BrokerConfig.parse(new Map([['zookeeper.connect', 'localhost:2181']]))
  assert.deepEqual(groupSettings(config), DEFAULT_GROUP_SETTINGS)
})
