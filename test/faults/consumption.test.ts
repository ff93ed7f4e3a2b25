// kill -9 while a group consumes: its members come back by themselves, everything is read, and
// nothing that was committed before is read again.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Kafka, logLevel, type Consumer } from 'kafkajs'
import { BrokerProcess } from '../support/broker-process.ts'
import { pause, until } from '../support/until.ts'

const TOPIC = 'orders'
const GROUP = 'readers'
const PARTITIONS = 4
const MESSAGES = 400
/** Slow enough that the kill comes in the middle. */
const MESSAGE_MS = 5

const directory = mkdtempSync(join(tmpdir(), 'ottla-consumption-'))

after(() => rmSync(directory, { recursive: true, force: true }))

interface Seen {
  readonly partition: number
  readonly offset: number
  readonly value: string
}

async function consume(kafka: Kafka, seen: Seen[]): Promise<Consumer> {
  const consumer = kafka.consumer({
    groupId: GROUP,
    sessionTimeout: 6_000,
    rebalanceTimeout: 5_000,
    heartbeatInterval: 200,
    maxWaitTimeInMs: 100,
  })
  await consumer.connect()
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true })
  await consumer.run({
    autoCommitThreshold: 1,
    eachMessage: async ({ partition, message }) => {
      seen.push({ partition, offset: Number(message.offset), value: String(message.value) })
      await pause(MESSAGE_MS)
    },
  })
  return consumer
}

async function fill(kafka: Kafka): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: PARTITIONS }] })
  await admin.disconnect()
  const producer = kafka.producer()
  await producer.connect()
  const messages = Array.from({ length: MESSAGES }, (_, index) => ({
    partition: index % PARTITIONS,
    value: `v${index}`,
  }))
  await producer.send({ topic: TOPIC, messages })
  await producer.disconnect()
}

async function committedOffsets(kafka: Kafka): Promise<Map<number, number>> {
  const admin = kafka.admin()
  await admin.connect()
  const [topic] = await admin.fetchOffsets({ groupId: GROUP, topics: [TOPIC] })
  await admin.disconnect()
  const partitions = topic?.partitions ?? []
  return new Map(partitions.map(({ partition, offset }) => [partition, Number(offset)]))
}

test('kill -9 while a group consumes: it resumes from what it has committed', async () => {
  const broker = await BrokerProcess.start(directory)
  const kafka = new Kafka({
    brokers: [broker.bootstrap],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 50 },
  })
  await fill(kafka)
  const seen: Seen[] = []
  const consumers = [await consume(kafka, seen), await consume(kafka, seen)]
  await until(() => seen.length > MESSAGES / 4, 'some messages')
  const before = await committedOffsets(kafka)
  await broker.kill()
  const seenBefore = seen.length
  assert(seenBefore < MESSAGES, 'everything was read before the kill')
  const again = await broker.again()
  await until(() => new Set(seen.map(({ value }) => value)).size === MESSAGES, 'the rest', 40_000)
  // What was in flight when the broker died may come twice, but nothing below the commits seen.
  for (const { partition, offset } of seen.slice(seenBefore + consumers.length)) {
    assert(offset >= (before.get(partition) ?? 0), `${partition} went back to ${offset}`)
  }
  await Promise.all(consumers.map((consumer) => consumer.disconnect()))
  const end = [...(await committedOffsets(kafka)).values()]
  assert.deepEqual(end, new Array<number>(PARTITIONS).fill(MESSAGES / PARTITIONS))
  await again.stop()
})
