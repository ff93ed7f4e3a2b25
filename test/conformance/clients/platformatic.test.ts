// @platformatic/kafka as its users use it.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  Admin,
  Consumer,
  MessagesStreamModes,
  Producer,
  stringDeserializers,
  stringSerializers,
  type ConsumeOptions,
} from '@platformatic/kafka'
import { startBroker, type TestBroker } from '../../../src/testing/start-broker.ts'
import { until } from '../../support/until.ts'

const EARLIEST_TIMESTAMP = -2n
const LATEST_TIMESTAMP = -1n
const TOPIC_RESOURCE = 2 as const
const SET = 0 as const

let broker: TestBroker
let admin: Admin

const base = () => ({ clientId: 'platformatic', bootstrapBrokers: [broker.bootstrap] })

before(async () => {
  broker = await startBroker()
  admin = new Admin(base())
})

after(async () => {
  await admin.close()
  await broker.stop()
})

type ProducerSettings = Partial<
  ConstructorParameters<typeof Producer<string, string, string, string>>[0]
>

async function produce(topic: string, values: readonly string[], settings: ProducerSettings = {}) {
  const producer = new Producer({ ...base(), serializers: stringSerializers, ...settings })
  const messages = values.map((value) => ({ topic, key: 'k', value, headers: { h: 'header' } }))
  const result = await producer.send({ messages })
  await producer.close()
  return result
}

type Reading = Partial<ConsumeOptions<string, string, string, string>> & {
  readonly groupId?: string
}

async function consume(topic: string, count: number, reading: Reading = {}): Promise<string[]> {
  const { groupId = `read-${topic}`, ...options } = reading
  const consumer = new Consumer({ ...base(), groupId, deserializers: stringDeserializers })
  const stream = await consumer.consume({
    topics: [topic],
    mode: MessagesStreamModes.EARLIEST,
    autocommit: true,
    maxWaitTime: 50,
    ...options,
  })
  const values: string[] = []
  for await (const { value } of stream) if (values.push(value) >= count) break
  await consumer.close(true)
  return values
}

test('topics are created, listed, described, altered, grown and deleted', async () => {
  const topic = 'pf-topics'
  const created = await admin.createTopics({
    topics: [topic],
    partitions: 2,
    replicas: 1,
    configs: [{ name: 'retention.ms', value: '1234' }],
  })
  assert.deepEqual(
    created.map(({ name, partitions }) => [name, partitions]),
    [[topic, 2]],
  )
  await assert.rejects(admin.createTopics({ topics: [topic] }))
  assert((await admin.listTopics()).includes(topic))
  const retention = async (): Promise<string | null | undefined> => {
    const configurationKeys = ['retention.ms']
    const resource = { resourceType: TOPIC_RESOURCE, resourceName: topic, configurationKeys }
    const [description] = await admin.describeConfigs({ resources: [resource] })
    return description?.configs[0]?.value
  }
  assert.equal(await retention(), '1234')
  const configs = [{ name: 'retention.ms', configOperation: SET, value: '99' }]
  const resources = [{ resourceType: TOPIC_RESOURCE, resourceName: topic, configs }]
  await admin.incrementalAlterConfigs({ resources })
  await until(async () => (await retention()) === '99', 'the altered setting')
  await admin.createPartitions({
    topics: [{ name: topic, count: 3, assignments: [{ brokerIds: [1] }] }],
  })
  await admin.deleteTopics({ topics: [topic] })
  await until(async () => !(await admin.listTopics()).includes(topic), 'the topic to be gone')
})

for (const acks of [0, 1, -1]) {
  test(`records come back that were sent with acks ${acks}`, async () => {
    const topic = `pf-acks-${acks}`
    await admin.createTopics({ topics: [topic], partitions: 1 })
    await produce(topic, ['a', 'b', 'c'], { acks })
    assert.deepEqual(await consume(topic, 3), ['a', 'b', 'c'])
  })
}

for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
  test(`compressed with ${compression}, by an idempotent producer`, async () => {
    const topic = `pf-${compression}`
    await admin.createTopics({ topics: [topic], partitions: 1 })
    const values = Array.from({ length: 200 }, (_, index) => `value ${index} ${'x'.repeat(100)}`)
    const result = await produce(topic, values, { compression, idempotent: true })
    assert.equal(result.offsets?.[0]?.offset, 0n)
    assert.deepEqual(await consume(topic, 200), values)
  })
}

test('producing to a topic creates it, when the producer allows it', async () => {
  await produce('pf-auto', ['first'], { autocreateTopics: true })
  assert.deepEqual(await consume('pf-auto', 1), ['first'])
})

test('from an offset, by time, and what is left of deleted records', async () => {
  const topic = 'pf-offsets'
  await admin.createTopics({ topics: [topic], partitions: 1 })
  const producer = new Producer({ ...base(), serializers: stringSerializers })
  const times = [1_000n, 2_000n, 3_000n]
  await producer.send({
    messages: times.map((timestamp) => ({ topic, value: `at ${timestamp}`, timestamp })),
  })
  await producer.close()
  const mode = MessagesStreamModes.MANUAL
  const offsets = [{ topic, partition: 0, offset: 1n }]
  assert.deepEqual(await consume(topic, 2, { mode, offsets }), ['at 2000', 'at 3000'])
  const offsetAt = async (timestamp: bigint) => {
    const partitions = [{ partitionIndex: 0, timestamp }]
    const [found] = await admin.listOffsets({ topics: [{ name: topic, partitions }] })
    return found?.partitions[0]?.offset
  }
  assert.equal(await offsetAt(1_500n), 1n)
  assert.equal(await offsetAt(EARLIEST_TIMESTAMP), 0n)
  assert.equal(await offsetAt(LATEST_TIMESTAMP), 3n)
  await admin.deleteRecords({
    topics: [{ name: topic, partitions: [{ partition: 0, offset: 2n }] }],
  })
  assert.equal(await offsetAt(EARLIEST_TIMESTAMP), 2n)
})

test('a group goes on where it has committed; another begins for itself', async () => {
  const topic = 'pf-groups'
  await admin.createTopics({ topics: [topic], partitions: 1 })
  await produce(topic, ['a', 'b', 'c'])
  assert.deepEqual(await consume(topic, 3, { groupId: 'pf-one' }), ['a', 'b', 'c'])
  await produce(topic, ['d'])
  const mode = MessagesStreamModes.COMMITTED
  assert.deepEqual(await consume(topic, 1, { groupId: 'pf-one', mode }), ['d'])
  assert.deepEqual(await consume(topic, 4, { groupId: 'pf-two' }), ['a', 'b', 'c', 'd'])
  const groups = await admin.describeGroups({ groups: ['pf-one'] })
  assert.equal(groups.get('pf-one')?.members.size, 0)
  await admin.deleteGroups({ groups: ['pf-one'] })
  assert.equal((await admin.listGroups()).has('pf-one'), false)
})

test('a static member comes back under its name and has its partitions again', async () => {
  const topic = 'pf-static'
  await admin.createTopics({ topics: [topic], partitions: 2 })
  const joined = async (): Promise<string | null | undefined> => {
    const consumer = new Consumer({
      ...base(),
      groupId: 'pf-static',
      groupInstanceId: 'i1',
      deserializers: stringDeserializers,
    })
    consumer.topics.trackAll(topic)
    await consumer.joinGroup({})
    const { memberId } = consumer
    assert.deepEqual(
      consumer.assignments?.map((one) => [one.topic, one.partitions.toSorted((a, b) => a - b)]),
      [[topic, [0, 1]]],
    )
    // Without leaving: as if its process had ended.
    await consumer.close(true)
    return memberId
  }
  assert.match((await joined()) ?? '', /^i1-/)
  assert.match((await joined()) ?? '', /^i1-/)
})
