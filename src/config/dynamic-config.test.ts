// What may change while the broker runs; the refusals are those that Kafka 3.9 gave.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerConfig } from './broker-config.ts'
import { usableDynamic, validateDynamic, type DynamicScope } from './dynamic-config.ts'

const config = BrokerConfig.parse(
  new Map([
    ['num.io.threads', '4'],
    ['log.cleaner.dedupe.buffer.size', '2097152'],
  ]),
)

const refusal = (name: string, value: string, scope: DynamicScope): string | undefined =>
  validateDynamic(config, new Map([[name, value]]), scope)

test('settings that stay as the broker started are refused', () => {
  assert.equal(
    refusal('broker.id', '7', 'broker'),
    'Cannot update these configs dynamically: Set(broker.id)',
  )
})

test('settings of one broker are refused for the whole cluster', () => {
  assert.equal(
    refusal('listeners', 'PLAINTEXT://127.0.0.1:1', 'cluster'),
    'Cannot update these configs at default cluster level, broker id must be specified: Set(listeners)',
  )
  assert.equal(refusal('log.cleaner.threads', '1', 'cluster'), undefined)
})

test('rules between settings hold for the result', () => {
  assert.equal(
    refusal('log.cleaner.threads', '100', 'broker'),
    'requirement failed: log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.',
  )
})

test('threads at most double', () => {
  assert.equal(
    refusal('num.io.threads', '100', 'broker'),
    'Invalid value org.apache.kafka.common.config.ConfigException: Dynamic thread count update validation failed for num.io.threads=100, value should not be greater than double the current value 4 for configuration Invalid dynamic configuration',
  )
  assert.match(refusal('num.io.threads', '1', 'broker') ?? '', /at least half the current value 4/)
  assert.equal(refusal('num.io.threads', '8', 'broker'), undefined)
})

test('keys and certificates change for a listener only', () => {
  assert.equal(
    refusal('ssl.keystore.password', 'x', 'broker'),
    'These security configs can be dynamically updated only per-listener using the listener prefix: HashSet(ssl.keystore.password)',
  )
  assert.equal(refusal('listener.name.a.ssl.keystore.password', 'x', 'broker'), undefined)
})

test('what nobody knows is stored', () => {
  assert.equal(refusal('nope.nope', '7', 'broker'), undefined)
})

test('of a znode counts what could have been set, the rest is told', () => {
  const found = new Map([
    ['broker.id', '9'],
    ['log.cleaner.threads', 'many'],
    ['message.max.bytes', '5'],
    ['leader.replication.throttled.rate', '1000'],
  ])
  const { values, problems } = usableDynamic(found, 'broker')
  assert.deepEqual([...values.keys()], ['message.max.bytes', 'leader.replication.throttled.rate'])
  assert.deepEqual(problems, [
    'Cannot update these configs dynamically: Set(broker.id)',
    'Invalid value many for configuration log.cleaner.threads: Not a number of type INT',
  ])
})
