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

test('a naming template that no topic could follow is refused', () => {
  const templates = (value: string) => check({ 'ottla.topic.name.templates': value })
  templates('<env>.<team>.<app>.<type>, internal-<name>')
  for (const wrong of ['<', '<env>.', '<a><b>', '<env>..x', 'a b.<x>', '<env>.<>']) {
    assert.throws(() => templates(wrong), { name: 'ConfigError' }, wrong)
  }
})
