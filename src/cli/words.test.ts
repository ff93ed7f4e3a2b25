// Times, rules, lists and numbers as users write them and Kafka prints them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readChanges } from './configs-changes.ts'
import { javaDouble } from './configs-quotas.ts'
import { parseDateTime, parseDuration } from './groups-times.ts'
import { describeError } from './java-errors.ts'
import { partitionRules, topicAndPartitions } from './partition-filter.ts'
import { currentPlan, proposePlan } from './reassign-plan.ts'
import { topicPattern } from './topic-filter.ts'

test('times are UTC unless they name a zone', () => {
  assert.equal(parseDateTime('1970-01-01T00:00:01.500'), 1500)
  assert.equal(parseDateTime('1970-01-01T01:00:00.000+01:00'), 0)
  assert.equal(parseDateTime('1970-01-01T01:00:00.000+0100'), 0)
  assert.equal(parseDateTime('1970-01-01T00:00:00.000Z'), 0)
  assert.throws(() => parseDateTime('yesterday'), /Unparseable date/)
  assert.throws(() => parseDateTime('2020-13-01T00:00:00.000'), /Unparseable date/)
})

test('spans of time', () => {
  assert.equal(parseDuration('P1DT2H3M4S'), 93_784_000)
  assert.equal(parseDuration('PT0.5S'), 500)
  assert.equal(parseDuration('-PT1M'), -60_000)
  for (const text of ['P', 'PT', '1D', 'P1DT', '']) assert.throws(() => parseDuration(text))
})

test('rules of partitions leave out the upper end', () => {
  const fits = partitionRules('a:0-2,b,:7,c.*:3-,d:-2')
  const wanted = [
    ['a', 0, true], ['a', 1, true], ['a', 2, false], ['b', 9, true], ['z', 7, true], ['z', 6, false],
    ['cc', 3, true], ['cc', 2, false], ['d', 1, true], ['d', 2, false], ['ab', 0, false],
  ] as const // prettier-ignore
  for (const [topic, partition, expected] of wanted) {
    assert.equal(fits(topic, partition), expected, `${topic}:${partition}`)
  }
  assert.throws(() => partitionRules('a:x'), /Invalid rule specification: a:x/)
  assert(topicAndPartitions('a,b', '1,2')('b', 2))
  assert(!topicAndPartitions('a,b', '1,2')('b', 3))
})

test('a pattern is for whole names', () => {
  assert(topicPattern('demo.*,x').test('demo-a'))
  assert(!topicPattern('demo').test('demo-a'))
  assert.throws(() => topicPattern('['), /\[ is an invalid regex/)
})

test('square brackets hold values with commas together', () => {
  const { added, deleted } = readChanges('a=1,b=[x,y],c=[p=1,q=2]', undefined, ['d,e'])
  assert.deepEqual(Object.fromEntries(added), { a: '1', b: 'x,y', c: 'p=1,q=2' })
  assert.deepEqual(deleted, ['d', 'e'])
  assert.throws(() => readChanges('ab', undefined, []), /must be in the format "key=val"/)
})

test('doubles as Java prints them', () => {
  const cases: readonly [number, string][] = [
    [0, '0.0'], [100, '100.0'], [75.5, '75.5'], [1_000_000, '1000000.0'], [12_345_678, '1.2345678E7'],
    [1e7, '1.0E7'], [0.00015, '1.5E-4'], [-2, '-2.0'],
  ] // prettier-ignore
  for (const [value, expected] of cases) assert.equal(javaDouble(value), expected)
})

test('errors are named as the exceptions of the Java client', () => {
  const name = 'org.apache.kafka.common.errors'
  assert.equal(describeError(36, 'x'), `${name}.TopicExistsException: x`)
  assert.equal(describeError(69), `${name}.GroupIdNotFoundException: The group id does not exist.`)
  assert.equal(describeError(17, 'y'), `${name}.InvalidTopicException: y`)
})

test('a proposed plan keeps the number of copies, spreads leaders, and never doubles a broker', () => {
  const brokers = [1, 2, 3, 4]
  const replicas = [1, 2, 3]
  const partition = { errorCode: 0, leader: 1, leaderEpoch: 0, isr: replicas, offlineReplicas: [] }
  const partitions = Array.from({ length: 12 }, (_, index) => ({
    ...partition,
    partition: index,
    replicas,
  }))
  const topics = [{ errorCode: 0, name: 't', id: '', isInternal: false, partitions }]
  assert.equal(currentPlan(topics).length, 12)
  const plan = proposePlan(topics, brokers, () => 2)
  for (const { replicas: ids } of plan) assert.equal(new Set(ids).size, 3)
  for (const broker of brokers) {
    assert.equal(plan.filter(({ replicas: [leader] }) => leader === broker).length, 3)
  }
})
