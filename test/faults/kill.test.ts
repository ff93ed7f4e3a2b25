// kill -9 while records are being produced: the broker is back at once, and every record that was
// acknowledged is there, in order, once.
import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { KafkaClient } from '../../src/client/kafka-client.ts'
import { Producer } from '../../src/client/producer.ts'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { Produce } from '../../src/wire/messages/00-produce.ts'
import { OffsetCommit } from '../../src/wire/messages/08-offset-commit.ts'
import { OffsetFetch } from '../../src/wire/messages/09-offset-fetch.ts'
import { FindCoordinator } from '../../src/wire/messages/10-find-coordinator.ts'
import { CreateTopics } from '../../src/wire/messages/19-create-topics.ts'
import { buildBatch } from '../../src/wire/records/build-batch.ts'
import { BrokerProcess } from '../support/broker-process.ts'
import { readBack } from '../support/read-back.ts'
import { pause, until } from '../support/until.ts'
import { Wire } from '../support/wire.ts'

const TOPIC = 'orders'
const PARTITIONS = 6
const directory = mkdtempSync(join(tmpdir(), 'ottla-faults-'))

after(() => rmSync(directory, { recursive: true, force: true }))

const address = ({ port }: BrokerProcess) => ({ host: '127.0.0.1', port })

async function createTopic(broker: BrokerProcess, partitions = 1): Promise<void> {
  using wire = await Wire.open(address(broker))
  await until(async () => {
    const { topics } = await wire.ask(CreateTopics, 7, {
      topics: [
        {
          name: TOPIC,
          numPartitions: partitions,
          replicationFactor: 1,
          assignments: [],
          configs: [],
        },
      ],
      timeoutMs: 10_000,
    })
    return topics[0]?.errorCode === 0
  }, 'a topic')
}

/** The offset of one record with acks -1; undefined while the broker does not take it. */
async function append(wire: Wire, value: string): Promise<number | undefined> {
  const record = { key: null, value: Buffer.from(value), timestamp: Date.now() }
  const partitionData = [{ index: 0, records: buildBatch({ records: [record] }) }]
  const topicData = [{ name: TOPIC, partitionData }]
  const request = { transactionalId: null, acks: -1, timeoutMs: 5_000, topicData }
  const { responses } = await wire.ask(Produce, 9, request)
  const answer = responses[0]?.partitionResponses[0]
  return answer?.errorCode === 0 ? answer.baseOffset : undefined
}

async function appendAll(broker: BrokerProcess, values: readonly string[]): Promise<void> {
  using wire = await Wire.open(address(broker))
  for (const value of values) {
    await until(async () => (await append(wire, value)) !== undefined, `${value} to be appended`)
  }
}

test('every acknowledged record survives kill -9, in order, once', async () => {
  let broker = await BrokerProcess.start(join(directory, 'kill'))
  const { bootstrap } = broker
  await createTopic(broker, PARTITIONS)
  const client = await KafkaClient.connect({
    platform: nodePlatform(),
    bootstrap,
    clientId: 'kill',
  })
  const producer = new Producer(client, { acks: -1, idempotent: true, lingerMs: 1 })
  const sent = Array.from({ length: PARTITIONS }, () => 0)
  const acknowledged: { partition: number; offset: number; value: string }[] = []
  const failures: unknown[] = []
  let isProducing = true
  const produceTo = async (partition: number): Promise<void> => {
    const waiting: Promise<void>[] = []
    while (isProducing) {
      const count = sent[partition] ?? 0
      sent[partition] = count + 1
      const value = `${partition}-${count}`
      const sending = producer.send({ topic: TOPIC, partition, value: Buffer.from(value) }).then(
        ({ offset }) => void acknowledged.push({ partition, offset, value }),
        (error: unknown) => void failures.push(error),
      )
      waiting.push(sending)
      if (waiting.length % 20 === 0) await pause(1)
    }
    await Promise.all(waiting)
  }
  const producing = Promise.all(sent.map((_, partition) => produceTo(partition)))
  for (const kills of [1, 2, 3]) {
    const before = acknowledged.length
    await until(() => acknowledged.length > before + 1_000, `records after kill ${kills - 1}`)
    await broker.kill()
    broker = await broker.again()
  }
  const before = acknowledged.length
  await until(() => acknowledged.length > before + 1_000, 'records after the last kill')
  isProducing = false
  await producing
  await producer.close()
  client.close()
  assert.deepEqual(failures, [])
  for (const partition of sent.keys()) {
    const records = await readBack(address(broker), TOPIC, partition)
    const values = Array.from(
      { length: sent[partition] ?? 0 },
      (_, index) => `${partition}-${index}`,
    )
    assert.deepEqual(
      records.map(({ value }) => value),
      values,
    )
    const byOffset = new Map(records.map(({ offset, value }) => [offset, value]))
    for (const one of acknowledged) {
      if (one.partition === partition) assert.equal(byOffset.get(one.offset), one.value)
    }
  }
  await broker.stop()
})

test('it is back at once, within the old session of ZooKeeper', async () => {
  const first = await BrokerProcess.start(join(directory, 'at-once'), {
    'zookeeper.session.timeout.ms': '30000',
  })
  await createTopic(first)
  await appendAll(first, ['before'])
  await first.kill()
  const second = await first.again()
  await appendAll(second, ['after'])
  const { aliveMs } = second
  await second.stop()
  assert(aliveMs < 3_000, `the first record after ${Math.round(aliveMs)} ms`)
})

/** The segment that is written to. */
function lastSegment(broker: BrokerProcess): string {
  const partition = join(broker.logs, `${TOPIC}-0`)
  const [last = ''] = readdirSync(partition)
    .filter((name) => name.endsWith('.log'))
    .toSorted()
    .reverse()
  return join(partition, last)
}

const TEARS: readonly (readonly [string, (segment: string) => void, number])[] = [
  ['garbage at the end', (segment) => appendFileSync(segment, Buffer.alloc(300, 7)), 3],
  ['zeros at the end', (segment) => appendFileSync(segment, Buffer.alloc(4_096)), 3],
  ['half a batch at the end', (segment) => truncateSync(segment, statSync(segment).size - 10), 2],
]

for (const [what, tear, kept] of TEARS) {
  test(`${what} is cut off, and offsets go on`, async () => {
    const first = await BrokerProcess.start(join(directory, what.replaceAll(' ', '-')))
    await createTopic(first)
    await appendAll(first, ['a', 'b', 'c'])
    await first.kill()
    tear(lastSegment(first))
    const second = await first.again()
    await appendAll(second, ['next'])
    const values = (await readBack(address(second), TOPIC, 0)).map(({ offset, value }) => [
      offset,
      value,
    ])
    const before = ['a', 'b', 'c'].slice(0, kept).map((value, offset) => [offset, value])
    assert.deepEqual(values, [...before, [kept, 'next']])
    await second.stop()
  })
}

test('what a group has committed is there after kill -9', async () => {
  const first = await BrokerProcess.start(join(directory, 'group'))
  await createTopic(first)
  await appendAll(first, ['a', 'b', 'c'])
  const partitions = [{ partitionIndex: 0, committedOffset: 2, committedMetadata: 'two' }]
  const untilCoordinated = (wire: Wire): Promise<void> =>
    until(async () => {
      const { coordinators } = await wire.ask(FindCoordinator, 4, {
        keyType: 0,
        coordinatorKeys: ['g'],
      })
      return coordinators[0]?.errorCode === 0
    }, 'a coordinator')
  {
    using wire = await Wire.open(address(first))
    await untilCoordinated(wire)
    const topics = [{ name: TOPIC, partitions }]
    const request = { groupId: 'g', memberId: '', groupInstanceId: null, topics }
    await until(async () => {
      const answer = await wire.ask(OffsetCommit, 8, request)
      return answer.topics[0]?.partitions[0]?.errorCode === 0
    }, 'a commit')
  }
  await first.kill()
  const second = await first.again()
  using wire = await Wire.open(address(second))
  await untilCoordinated(wire)
  let found: unknown
  await until(async () => {
    const { groups } = await wire.ask(OffsetFetch, 8, { groups: [{ groupId: 'g', topics: null }] })
    const [group] = groups
    found = group?.topics.map((topic) => [
      topic.name,
      topic.partitions.map((one) => one.committedOffset),
    ])
    return group?.errorCode === 0
  }, 'the offsets to be loaded')
  assert.deepEqual(found, [[TOPIC, [2]]])
  await second.stop()
})
