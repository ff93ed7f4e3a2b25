import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ZERO_UUID } from '../../src/wire/uuid.ts'
import { Metadata } from '../../src/wire/messages/03-metadata.ts'
import { until } from '../support/until.ts'
import {
  ask,
  assertHas,
  BROKER_ID,
  connectRaw,
  createTopic,
  theTarget,
  versionsOf,
} from './targets.ts'

const flags = { includeClusterAuthorizedOperations: false, includeTopicAuthorizedOperations: false }
const NOT_ASKED = -2_147_483_648

async function topicsOf(version: number, names: readonly (string | null)[], creates = false) {
  const { topics } = await ask(Metadata, version, {
    topics: names.map((name) => ({ name })),
    allowAutoTopicCreation: creates,
    ...flags,
  })
  return topics
}

test('every version describes the broker and a topic', async () => {
  await createTopic('md-all', { partitions: 3 })
  const { host, port } = await theTarget()
  for (const version of versionsOf(Metadata)) {
    const answer = await ask(Metadata, version, {
      topics: [{ name: 'md-all' }],
      allowAutoTopicCreation: false,
      ...flags,
    })
    assertHas(answer.brokers, [{ nodeId: BROKER_ID, host, port }])
    if (version >= 1) {
      assertHas(answer, { brokers: [{ rack: 'rack-1' }], controllerId: BROKER_ID })
      assertHas(answer.topics, [{ isInternal: false }])
    }
    if (version >= 2) assert.match(answer.clusterId ?? '', /^[\w-]{22}$/)
    if (version >= 7) assert(answer.topics[0]?.partitions.every((one) => one.leaderEpoch === 0))
    if (version >= 8) assertHas(answer.topics, [{ topicAuthorizedOperations: NOT_ASKED }])
    assertHas(answer.topics, [{ errorCode: 0, name: 'md-all' }])
    assert.deepEqual(
      answer.topics[0]?.partitions.map((one) => one.partitionIndex).toSorted(),
      [0, 1, 2],
    )
    for (const partition of answer.topics[0]?.partitions ?? []) {
      const here = [BROKER_ID]
      assertHas(partition, {
        errorCode: 0,
        leaderId: BROKER_ID,
        replicaNodes: here,
        isrNodes: here,
      })
    }
  }
})

test('all topics: an empty list in version 0, null later', async () => {
  await createTopic('md-listed')
  const old = await ask(Metadata, 0, { topics: [], ...flags })
  assert(old.topics.some(({ name }) => name === 'md-listed'))
  const all = await ask(Metadata, 9, { topics: null, ...flags })
  assert(all.topics.some(({ name }) => name === 'md-listed'))
  const none = await ask(Metadata, 1, { topics: [], ...flags })
  assert.deepEqual(none.topics, [])
})

for (const [version, name] of [
  [12, 'md-auto'],
  [3, 'md-auto-v3'],
] as const) {
  test(`version ${version} creates a topic: first no leader, soon there`, async () => {
    const [first] = await topicsOf(version, [name], true)
    assertHas(first, { errorCode: 5, name, isInternal: false, partitions: [] })
    if (version >= 10) assert.equal(first?.topicId, ZERO_UUID)
    await until(async () => (await topicsOf(version, [name], true))[0]?.errorCode === 0, name)
    const [then] = await topicsOf(version, [name], true)
    assertHas(then?.partitions, [{ errorCode: 0, leaderId: BROKER_ID }])
  })
}

test('without leave to create, an unknown topic is unknown', async () => {
  assertHas(await topicsOf(12, ['md-none']), [
    { errorCode: 3, name: 'md-none', topicId: ZERO_UUID, partitions: [] },
  ])
})

test('by id: found, and unknown with a null name', async () => {
  const topicId = await createTopic('md-id')
  const found = await ask(Metadata, 12, { topics: [{ topicId, name: null }], ...flags })
  assertHas(found.topics, [{ errorCode: 0, name: 'md-id', topicId }])
  const unknown = 'oDRNU2JBTbiilAAs40mmXw'
  const missing = await ask(Metadata, 12, { topics: [{ topicId: unknown, name: null }], ...flags })
  assertHas(missing.topics, [{ errorCode: 100, name: null, topicId: unknown, partitions: [] }])
})

test('illegal names are refused one by one', async () => {
  const names = ['bad name', '', '..', 'x'.repeat(250)]
  const topics = await topicsOf(12, names, true)
  assert.deepEqual(
    topics.map(({ errorCode }) => errorCode),
    [17, 17, 17, 17],
  )
  assert.deepEqual(new Set(topics.map(({ name }) => name)), new Set(names))
})

test('a topic that is asked for twice is answered once', async () => {
  await createTopic('md-twice')
  const topics = await topicsOf(9, ['md-twice', 'md-twice'])
  assertHas(topics, [{ errorCode: 0, name: 'md-twice' }])
})

test('internal topics are flagged, __share_group_state too', async () => {
  const topics = await topicsOf(12, ['__share_group_state'], true)
  assertHas(topics, [{ errorCode: 5, isInternal: true }])
})

test('authorized operations, when asked for', async () => {
  await createTopic('md-allowed')
  using wire = await connectRaw()
  const answer = await wire.ask(Metadata, 10, {
    topics: [{ name: 'md-allowed' }],
    includeClusterAuthorizedOperations: true,
    includeTopicAuthorizedOperations: true,
  })
  assertHas(answer, { topics: [{ topicAuthorizedOperations: 0b1101_1111_1000 & 0xdf8 }] })
  assert.notEqual(answer.clusterAuthorizedOperations, NOT_ASKED)
})
