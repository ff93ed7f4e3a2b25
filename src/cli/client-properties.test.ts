import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulatedPlatform } from '../testing/simulated/simulated-world.ts'
import { clientOptions, parsePairs } from './client-properties.ts'
import { UsageError } from './command.ts'

const platform = simulatedPlatform({ seed: 1 })
const read = (properties: Readonly<Record<string, string>>) =>
  clientOptions('h:1', new Map(Object.entries(properties)), platform)

test('without settings a client goes by PLAINTEXT', () => {
  assert.equal(read({}).prepare, undefined)
  assert.equal(read({ 'request.timeout.ms': '7' }).requestTimeoutMs, 7)
})

test('a login as Java clients have it authenticates', () => {
  const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required'
  const options = read({
    'security.protocol': 'SASL_PLAINTEXT',
    'sasl.mechanism': 'PLAIN',
    'sasl.jaas.config': `${login} username="a\\"b" password="p;w";`,
  })
  assert.equal(typeof options.prepare, 'function')
})

const REFUSED: readonly [Readonly<Record<string, string>>, RegExp][] = [
  [{ 'request.timeout.ms': 'soon' }, /^Invalid value soon for configuration request.timeout.ms/],
  [{ 'security.protocol': 'SMTP' }, /security\.protocol: .* are allowed$/],
  [
    { 'security.protocol': 'SASL_PLAINTEXT' },
    /Invalid value GSSAPI for configuration sasl\.mechanism/,
  ],
  [
    { 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': 'PLAIN' },
    /sasl\.jaas\.config must name/,
  ],
]

test('what cannot be used is refused by its name', () => {
  for (const [properties, message] of REFUSED) {
    assert.throws(
      () => read(properties),
      (error) => error instanceof UsageError && message.test(error.message),
    )
  }
  assert.throws(() => parsePairs(['a']), /Invalid command line properties: a/)
  assert.deepEqual(
    [...parsePairs(['a=b=c', 'd='])],
    [
      ['a', 'b=c'],
      ['d', ''],
    ],
  )
})
