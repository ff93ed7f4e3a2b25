// kafkajs as its users use it.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import kafkajs, { Kafka, logLevel, type Admin } from 'kafkajs'
import { startBroker, type TestBroker } from '../../../src/testing/start-broker.ts'
import { until } from '../../support/until.ts'

// Node finds only some names of that package by itself.
const { CompressionTypes, ConfigResourceTypes } = kafkajs

let broker: TestBroker
let kafka: Kafka
let admin: Admin

before(async () => {
  broker = await startBroker()
  kafka = new Kafka({
    clientId: 'kafkajs',
    brokers: [broker.bootstrap],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 50 },
  })
  admin = kafka.admin()
  await admin.connect()
})

after(async () => {
  await admin.disconnect()
  await broker.stop()
})

async function produce(topic: string, values: readonly string[], options = {}): Promise<void> {
  const producer = kafka.producer()
  await producer.connect()
  const messages = values.map((value) => ({ key: 'k', value, headers: { h: 'header' } }))
  await producer.send({ topic, messages, ...options })
  await producer.disconnect()
}

interface Reading {
  readonly count: number
  readonly groupId?: string
  readonly seek?: { readonly partition: number; readonly offset: string }
  readonly fromBeginning?: boolean
}

async function consume(topic: string, reading: Reading): Promise<string[]> {
  const { count, groupId = `read-${topic}`, seek, fromBeginning = true } = reading
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 50 })
  const values: string[] = []
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning })
  await consumer.run({
    eachMessage: async ({ message }) => void values.push(String(message.value)),
  })
  if (seek !== undefined) consumer.seek({ topic, ...seek })
  await until(() => values.length >= count, `${count} records of ${topic}`)
  await consumer.disconnect()
  return values
}

test('topics are created, listed, described, altered, grown and deleted', async () => {
  const topic = 'js-topics'
  const configEntries = [{ name: 'retention.ms', value: '1234' }]
  assert.equal(
    await admin.createTopics({ topics: [{ topic, numPartitions: 2, configEntries }] }),
    true,
  )
  assert.equal(await admin.createTopics({ topics: [{ topic }] }), false)
  assert((await admin.listTopics()).includes(topic))
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
  assert.deepEqual(
    topics[0]?.partitions.map(({ leader, isr }) => [leader, isr]),
    [
      [1, [1]],
      [1, [1]],
    ],
  )
  const type = ConfigResourceTypes.TOPIC
  const described = async (): Promise<string | undefined> => {
    const { resources } = await admin.describeConfigs({
      resources: [{ type, name: topic, configNames: ['retention.ms'] }],
      includeSynonyms: false,
    })
    return resources[0]?.configEntries[0]?.configValue
  }
  assert.equal(await described(), '1234')
  const altered = [{ name: 'retention.ms', value: '99' }]
  await admin.alterConfigs({
    resources: [{ type, name: topic, configEntries: altered }],
    validateOnly: false,
  })
  await until(async () => (await described()) === '99', 'the altered setting')
  await admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] })
  await until(async () => (await admin.fetchTopicOffsets(topic)).length === 4, 'four partitions')
  await admin.deleteTopics({ topics: [topic] })
  await until(async () => !(await admin.listTopics()).includes(topic), 'the topic to be gone')
  const { brokers, controller } = await admin.describeCluster()
  assert.deepEqual([brokers.map(({ nodeId }) => nodeId), controller], [[1], 1])
})

for (const acks of [0, 1, -1]) {
  test(`records come back that were sent with acks ${acks}`, async () => {
    const topic = `js-acks-${acks}`
    await admin.createTopics({ topics: [{ topic }] })
    await produce(topic, ['a', 'b', 'c'], { acks })
    assert.deepEqual(await consume(topic, { count: 3 }), ['a', 'b', 'c'])
  })
}

test('compressed with gzip, and with headers', async () => {
  const topic = 'js-gzip'
  await admin.createTopics({ topics: [{ topic }] })
  const values = Array.from({ length: 100 }, (_, index) => `value ${index}`)
  await produce(topic, values, { compression: CompressionTypes.GZIP })
  assert.deepEqual(await consume(topic, { count: 100 }), values)
})

test('an idempotent producer', async () => {
  const topic = 'js-idempotent'
  await admin.createTopics({ topics: [{ topic }] })
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  for (const value of ['a', 'b', 'c']) await producer.send({ topic, messages: [{ value }] })
  await producer.disconnect()
  assert.deepEqual(await consume(topic, { count: 3 }), ['a', 'b', 'c'])
})

test('producing to a topic creates it', async () => {
  await produce('js-auto', ['first'])
  assert.deepEqual(await consume('js-auto', { count: 1 }), ['first'])
})

test('from an offset, by time, from the end', async () => {
  const topic = 'js-offsets'
  await admin.createTopics({ topics: [{ topic }] })
  const producer = kafka.producer()
  await producer.connect()
  const messages = [1_000, 2_000, 3_000].map((time) => ({
    value: `at ${time}`,
    timestamp: String(time),
  }))
  await producer.send({ topic, messages })
  await producer.disconnect()
  const seek = { partition: 0, offset: '1' }
  assert.deepEqual(await consume(topic, { count: 2, seek, fromBeginning: false }), [
    'at 2000',
    'at 3000',
  ])
  const byTime = async (time: number) =>
    (await admin.fetchTopicOffsetsByTimestamp(topic, time))[0]?.offset
  assert.equal(await byTime(1_500), '1')
  assert.equal(await byTime(9_000), '3')
  assert.deepEqual(
    (await admin.fetchTopicOffsets(topic)).map(({ low, high }) => [low, high]),
    [['0', '3']],
  )
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] })
  assert.deepEqual(
    (await admin.fetchTopicOffsets(topic)).map(({ low }) => low),
    ['2'],
  )
})

test('groups: committed offsets are kept, reset, and deleted with the group', async () => {
  const topic = 'js-groups'
  const groupId = 'js-group'
  await admin.createTopics({ topics: [{ topic }] })
  await produce(topic, ['a', 'b', 'c'])
  assert.deepEqual(await consume(topic, { count: 3, groupId }), ['a', 'b', 'c'])
  const offset = async () =>
    (await admin.fetchOffsets({ groupId, topics: [topic] }))[0]?.partitions[0]?.offset
  assert.equal(await offset(), '3')
  await produce(topic, ['d'])
  assert.deepEqual(await consume(topic, { count: 1, groupId }), ['d'])
  await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '2' }] })
  assert.deepEqual(await consume(topic, { count: 2, groupId }), ['c', 'd'])
  const { groups } = await admin.listGroups()
  assert(groups.some((group) => group.groupId === groupId))
  await admin.deleteGroups([groupId])
  const { groups: left } = await admin.listGroups()
  assert(!left.some((group) => group.groupId === groupId))
})
