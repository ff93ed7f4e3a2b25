import assert from 'node:assert/strict'
import { test } from 'node:test'
import { javaAddress } from './java-address.ts'

test('addresses read as in Kafka’s logs', () => {
  assert.equal(javaAddress('127.0.0.1'), '/127.0.0.1')
  assert.equal(javaAddress('::1'), '/0:0:0:0:0:0:0:1')
  assert.equal(javaAddress('::'), '/0:0:0:0:0:0:0:0')
  assert.equal(javaAddress('2001:db8::8a2e:0370:7334'), '/2001:db8:0:0:0:8a2e:370:7334')
  assert.equal(javaAddress('fe80::1%eth0'), '/fe80:0:0:0:0:0:0:1%eth0')
  assert.equal(javaAddress('::ffff:10.0.0.7'), '/10.0.0.7')
})
