import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseBootstrap } from './bootstrap.ts'

test('names, addresses and bracketed IPv6', () => {
  assert.deepEqual(parseBootstrap('kafka-1:9092, 10.0.0.2:9093,[::1]:9094,'), [
    { host: 'kafka-1', port: 9092 },
    { host: '10.0.0.2', port: 9093 },
    { host: '::1', port: 9094 },
  ])
})

for (const text of ['', 'host', 'host:', 'host:0', 'host:65536', 'a b:9092', '::1:9092', ':9092']) {
  test(`"${text}" is refused`, () => {
    assert.throws(() => parseBootstrap(text), /bootstrap server/)
  })
}
