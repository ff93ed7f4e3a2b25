import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerConfig } from '../config/broker-config.ts'
import { refuseUnsupportedSettings } from './refused-settings.ts'

const check = (settings: Record<string, string>): void =>
  refuseUnsupportedSettings(BrokerConfig.parse(new Map(Object.entries(settings))))

test('an authorizer that nobody would ask is a reason not to start', () => {
  assert.throws(
    () => check({ 'authorizer.class.name': 'kafka.security.authorizer.AclAuthorizer' }),
    {
      name: 'ConfigError',
      message: /^authorizer\.class\.name=kafka\.security\.authorizer\.AclAuthorizer: no authorizer/,
    },
  )
})

test('tiered storage is refused, and plain settings are not', () => {
  assert.throws(() => check({ 'remote.log.storage.system.enable': 'true' }), /remote storage/)
  check({ 'remote.log.storage.system.enable': 'false', 'authorizer.class.name': '' })
})
