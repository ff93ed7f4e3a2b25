// Consumer groups as users know them: kafkajs and @platformatic/kafka against a broker in this
// process. Partitions are spread, taken over, read by each group for itself, and resumed.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Consumer as PlatformaticConsumer, MessagesStreamModes } from '@platformatic/kafka'
import { Kafka, logLevel, type Consumer } from 'kafkajs'
import { startBroker } from '../../../src/testing/start-broker.ts'

const PARTITIONS = 6
const MESSAGES = 60

interface Reader {
  readonly consumer: Consumer
  readonly values: string[]
  readonly partitions: () => readonly number[]
}

function client(bootstrap: string): Kafka {
  return new Kafka({
    clientId: 'test',
    brokers: [bootstrap],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 50 },
  })
}

async function fill(kafka: Kafka, topic: string): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }] })
  await admin.disconnect()
  const producer = kafka.producer()
  await producer.connect()
  const messages = Array.from({ length: MESSAGES }, (_, index) => ({
    partition: index % PARTITIONS,
    value: `v${index}`,
  }))
  await producer.send({ topic, messages })
  await producer.disconnect()
}

async function read(kafka: Kafka, topic: string, groupId: string): Promise<Reader> {
  const values: string[] = []
  let owned: readonly number[] = []
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: 6_000,
    rebalanceTimeout: 5_000,
    heartbeatInterval: 100,
    maxWaitTimeInMs: 100,
  })
  consumer.on('consumer.group_join', ({ payload }) => {
    owned = payload.memberAssignment[topic] ?? []
  })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    autoCommitInterval: 100,
    eachMessage: async ({ message }) => void values.push(String(message.value)),
  })
  return { consumer, values, partitions: () => owned }
}

async function until(isDone: () => boolean, what: string): Promise<void> {
  for (let waitedMs = 0; !isDone(); waitedMs += 20) {
    assert(waitedMs < 15_000, `waited for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function isSpread(readers: readonly Reader[]): boolean {
  const owned = readers.flatMap((reader) => [...reader.partitions()])
  return owned.length === PARTITIONS && new Set(owned).size === PARTITIONS
}

test('kafkajs: members share partitions, one takes over, groups are apart', async () => {
  await using broker = await startBroker()
  const kafka = client(broker.bootstrap)
  await fill(kafka, 'orders')
  const first = await read(kafka, 'orders', 'one')
  await until(() => first.values.length === MESSAGES, 'all messages')
  assert.equal(new Set(first.values).size, MESSAGES)
  const second = await read(kafka, 'orders', 'one')
  await until(
    () => isSpread([first, second]) && second.partitions().length === PARTITIONS / 2,
    'both members to have half',
  )
  await first.consumer.disconnect()
  await until(() => second.partitions().length === PARTITIONS, 'the other to take over')
  // What the first had committed is not read again.
  assert.deepEqual(second.values, [])
  const other = await read(kafka, 'orders', 'two')
  await until(() => other.values.length === MESSAGES, 'the other group to read from the start')
  await Promise.all([second.consumer.disconnect(), other.consumer.disconnect()])
})

test('kafkajs: a group resumes after the broker has been started again', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ottla-groups-'))
  try {
    const before = await startBroker({ directory })
    const kafka = client(before.bootstrap)
    await fill(kafka, 'orders')
    const reader = await read(kafka, 'orders', 'g')
    await until(() => reader.values.length === MESSAGES, 'all messages')
    await reader.consumer.disconnect()
    await before.stop()

    await using after = await startBroker({ directory })
    const admin = client(after.bootstrap).admin()
    await admin.connect()
    const [topic] = await admin.fetchOffsets({ groupId: 'g', topics: ['orders'] })
    const committed = topic?.partitions.map(({ offset }) => Number(offset))
    assert.deepEqual(
      committed,
      Array.from({ length: PARTITIONS }, () => MESSAGES / PARTITIONS),
    )
    const { groups } = await admin.describeGroups(['g'])
    assert.equal(groups[0]?.state, 'Empty')
    await admin.disconnect()
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

test('@platformatic/kafka: a consumer reads everything and commits', async () => {
  await using broker = await startBroker()
  await fill(client(broker.bootstrap), 'orders')
  const consumer = new PlatformaticConsumer({
    clientId: 'p',
    groupId: 'p',
    bootstrapBrokers: [broker.bootstrap],
  })
  const stream = await consumer.consume({
    topics: ['orders'],
    mode: MessagesStreamModes.EARLIEST,
    autocommit: true,
    maxWaitTime: 100,
  })
  let count = 0
  for await (const message of stream) {
    assert.equal(message.topic, 'orders')
    if (++count === MESSAGES) break
  }
  await consumer.close(true)
  assert.equal(count, MESSAGES)
})
