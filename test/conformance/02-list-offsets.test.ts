import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { Produce } from '../../src/wire/messages/00-produce.ts'
import { ListOffsets } from '../../src/wire/messages/02-list-offsets.ts'
import { batchOf } from './batches.ts'
import { ask, assertHas, createTopic, versionsOf } from './targets.ts'

const TOPIC = 'lo-topic'
const FIRST_TIMESTAMP = 1_000_000_000_000

before(async () => {
  await createTopic(TOPIC)
  for (const index of [0, 1, 2]) {
    const records = batchOf(['v'], { timestamp: FIRST_TIMESTAMP + index })
    await ask(Produce, 9, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 5_000,
      topicData: [{ name: TOPIC, partitionData: [{ index: 0, records }] }],
    })
  }
})

async function list(
  version: number,
  timestamp: number,
  topic = TOPIC,
  partition = 0,
  epoch = -1,
  maxNumOffsets = 1,
) {
  const partitions = [
    { partitionIndex: partition, currentLeaderEpoch: epoch, timestamp, maxNumOffsets },
  ]
  const { topics } = await ask(ListOffsets, version, {
    replicaId: -1,
    isolationLevel: 0,
    topics: [{ name: topic, partitions }],
  })
  assert.equal(topics[0]?.name, topic)
  return topics[0]?.partitions[0]
}

test('version 0 lists the offsets where segments begin, and the end', async () => {
  assertHas(await list(0, -1), { errorCode: 0, oldStyleOffsets: [3] })
  assertHas(await list(0, -2), { errorCode: 0, oldStyleOffsets: [0] })
  const topic = 'lo-segments'
  await createTopic(topic, { configs: { 'segment.bytes': '1000' } })
  for (let index = 0; index < 6; index++) {
    const partitionData = [{ index: 0, records: batchOf(['v'.repeat(400)]) }]
    const topicData = [{ name: topic, partitionData }]
    await ask(Produce, 9, { transactionalId: null, acks: -1, timeoutMs: 5_000, topicData })
  }
  const offsets = async (timestamp: number, count: number) =>
    (await list(0, timestamp, topic, 0, -1, count))?.oldStyleOffsets
  assert.deepEqual(await offsets(-1, 10), [6, 4, 2, 0])
  assert.deepEqual(await offsets(-1, 2), [6, 4])
  assert.deepEqual(await offsets(-1, 0), [])
  assert.deepEqual(await offsets(-2, 10), [0])
  assert.deepEqual(await offsets(Date.now() + 60_000, 10), [6, 4, 2, 0])
  assert.deepEqual(await offsets(0, 10), [])
  assertHas(await list(0, -1, 'lo-empty-0'), { errorCode: 3, oldStyleOffsets: [] })
})

test('every version from 1 on: latest, earliest, by time', async () => {
  for (const version of versionsOf(ListOffsets).filter((one) => one >= 1)) {
    const epoch = version >= 4 ? { leaderEpoch: 0 } : {}
    assertHas(await list(version, -1), { errorCode: 0, timestamp: -1, offset: 3, ...epoch })
    assertHas(await list(version, -2), { errorCode: 0, timestamp: -1, offset: 0, ...epoch })
    const timestamp = FIRST_TIMESTAMP + 1
    assertHas(await list(version, timestamp), { errorCode: 0, timestamp, offset: 1, ...epoch })
    const none = version >= 4 ? { leaderEpoch: -1 } : {}
    const later = await list(version, 100_000_000_000_000)
    assertHas(later, { errorCode: 0, timestamp: -1, offset: -1, ...none })
    assertHas(await list(version, 0), { errorCode: 0, timestamp: FIRST_TIMESTAMP, offset: 0 })
  }
})

test('special timestamps need their versions', async () => {
  const unsupported = { errorCode: 35, timestamp: -1, offset: -1 }
  assertHas(await list(6, -3), unsupported)
  assertHas(await list(7, -3), { errorCode: 0, timestamp: FIRST_TIMESTAMP + 2, offset: 2 })
  assertHas(await list(7, -4), unsupported)
  assertHas(await list(8, -4), { errorCode: 0, timestamp: -1, offset: 0 })
  assertHas(await list(8, -5), unsupported)
  assertHas(await list(9, -5), { errorCode: 0, timestamp: -1, offset: -1 })
  assertHas(await list(9, -6), unsupported)
})

test('an empty partition', async () => {
  await createTopic('lo-empty')
  for (const timestamp of [-1, -2])
    assertHas(await list(7, timestamp, 'lo-empty'), { errorCode: 0, offset: 0 })
  assertHas(await list(7, -3, 'lo-empty'), {
    errorCode: 0,
    timestamp: -1,
    offset: -1,
    leaderEpoch: -1,
  })
})

test('a partition that is asked for twice is invalid', async () => {
  const one = { partitionIndex: 0, timestamp: -1 }
  const { topics } = await ask(ListOffsets, 7, {
    replicaId: -1,
    isolationLevel: 0,
    topics: [{ name: TOPIC, partitions: [one, one] }],
  })
  const invalid = { partitionIndex: 0, errorCode: 42, timestamp: -1, offset: -1, leaderEpoch: -1 }
  assertHas(topics, [{ partitions: [invalid, invalid] }])
})

test('unknown topics, partitions and epochs', async () => {
  assertHas(await list(7, -1, 'lo-nowhere'), { errorCode: 3, offset: -1, leaderEpoch: -1 })
  assertHas(await list(7, -1, TOPIC, 9), { errorCode: 3, offset: -1 })
  assertHas(await list(7, -1, TOPIC, 0, 50), { errorCode: 75, offset: -1 })
})
