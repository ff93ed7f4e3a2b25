// Settings of a topic: where their values come from, and what is said about bad ones.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerConfig } from './broker-config.ts'
import { resolveTopicConfig, validateTopicConfig } from './topic-config.ts'
import { topicSettings } from './topic-settings.ts'

const broker = (settings: Record<string, string>): BrokerConfig =>
  BrokerConfig.parse(new Map(Object.entries(settings)))

test('the first synonym that is set wins, in its own unit', () => {
  const day = { 'log.retention.hours': '24' }
  assert.equal(resolveTopicConfig(broker({})).retentionMs, 7 * 86_400_000)
  assert.equal(resolveTopicConfig(broker(day)).retentionMs, 86_400_000)
  const minutes = { ...day, 'log.retention.minutes': '10' }
  assert.equal(resolveTopicConfig(broker(minutes)).retentionMs, 600_000)
  const millis = { ...minutes, 'log.retention.ms': '5' }
  assert.equal(resolveTopicConfig(broker(millis)).retentionMs, 5)
  const own = new Map([['retention.ms', '-1']])
  assert.equal(resolveTopicConfig(broker(millis), own).retentionMs, -1)
  assert.equal(resolveTopicConfig(broker({ 'log.retention.hours': '-1' })).retentionMs, -1)
  assert.equal(resolveTopicConfig(broker({ 'log.roll.hours': '2' })).segmentMs, 7_200_000)
})

test('the check interval stands in for the flush interval', () => {
  const scheduled = broker({ 'log.flush.scheduler.interval.ms': '1000' })
  assert.equal(resolveTopicConfig(scheduled).flushMs, 1000)
  const both = broker({ 'log.flush.scheduler.interval.ms': '1000', 'log.flush.interval.ms': '7' })
  assert.equal(resolveTopicConfig(both).flushMs, 7)
})

test('a dynamic default of the cluster reaches the topic', () => {
  const config = broker({}).withDynamic(new Map(), new Map([['message.max.bytes', '5']]))
  assert.equal(resolveTopicConfig(config).maxMessageBytes, 5)
})

test('a bad value in a znode counts as not set', () => {
  const overrides = new Map([
    ['retention.ms', 'forever'],
    ['nope', '1'],
    ['segment.bytes', '100'],
  ])
  const config = resolveTopicConfig(broker({ 'log.retention.ms': '5' }), overrides)
  assert.deepEqual([config.retentionMs, config.segmentBytes], [5, 100])
})

test('both policies at once, in any order', () => {
  const policy = (text: string) =>
    resolveTopicConfig(broker({}), new Map([['cleanup.policy', text]])).cleanupPolicy
  assert.deepEqual(policy('compact, delete'), { compact: true, delete: true })
  assert.deepEqual(policy('compact'), { compact: true, delete: false })
})

test('topic and broker agree on the default of every setting', () => {
  const config = broker({})
  for (const [name, { synonyms, defaultText }] of Object.entries(topicSettings)) {
    const [first] = synonyms
    const brokerDefault = first === undefined ? null : config.text(first.name)
    if (brokerDefault !== null) assert.equal(brokerDefault, defaultText, name)
  }
})

test('what a topic cannot have is refused, whatever its name is', () => {
  const unknown = validateTopicConfig(new Map([['__proto__', '1']]))
  assert.equal(unknown, 'Unknown topic config name: __proto__')
  const lags = { 'min.compaction.lag.ms': '5', 'max.compaction.lag.ms': '4' }
  assert.equal(
    validateTopicConfig(new Map(Object.entries(lags))),
    'conflict topic config setting min.compaction.lag.ms (5) > max.compaction.lag.ms (4)',
  )
})
