// Committed offsets: who may commit, what comes back, and how they are deleted.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { OffsetCommit } from '../../src/wire/messages/08-offset-commit.ts'
import { OffsetFetch } from '../../src/wire/messages/09-offset-fetch.ts'
import { FindCoordinator } from '../../src/wire/messages/10-find-coordinator.ts'
import { JoinGroup } from '../../src/wire/messages/11-join-group.ts'
import { SyncGroup } from '../../src/wire/messages/14-sync-group.ts'
import { DescribeGroups } from '../../src/wire/messages/15-describe-groups.ts'
import { OffsetDelete } from '../../src/wire/messages/47-offset-delete.ts'
import { until } from '../support/until.ts'
import { ask, assertHas, createTopic, versionsOf } from './targets.ts'

const TOPIC = 'oc-topic'
/** A consumer's subscription to that topic. */
const SUBSCRIPTION = Buffer.from(
  '000000000001' + '0008' + Buffer.from(TOPIC).toString('hex') + 'ffffffff',
  'hex',
)

before(async () => {
  await createTopic(TOPIC, { partitions: 2 })
  await until(async () => {
    const { coordinators } = await ask(FindCoordinator, 4, { keyType: 0, coordinatorKeys: ['x'] })
    return coordinators[0]?.errorCode === 0
  }, 'a coordinator')
})

interface Commit {
  readonly version?: number
  readonly generationId?: number
  readonly memberId?: string
  readonly topic?: string
  readonly partition?: number
  readonly offset?: number
  readonly metadata?: string | null
}

async function commit(groupId: string, commit: Commit = {}) {
  const { topics } = await ask(OffsetCommit, commit.version ?? 8, {
    groupId,
    generationIdOrMemberEpoch: commit.generationId ?? -1,
    memberId: commit.memberId ?? '',
    groupInstanceId: null,
    topics: [
      {
        name: commit.topic ?? TOPIC,
        partitions: [
          {
            partitionIndex: commit.partition ?? 0,
            committedOffset: commit.offset ?? 5,
            committedLeaderEpoch: 0,
            committedMetadata: commit.metadata === undefined ? 'm' : commit.metadata,
          },
        ],
      },
    ],
  })
  return topics[0]?.partitions[0]?.errorCode
}

async function committed(
  groupId: string,
  topics: { name: string; partitionIndexes: number[] }[] | null,
) {
  const { groups } = await ask(OffsetFetch, 8, { groups: [{ groupId, topics }] })
  return groups[0]
}

test('every version commits and fetches', async () => {
  for (const version of versionsOf(OffsetCommit)) {
    const groupId = `oc-v${version}`
    assert.equal(await commit(groupId, { version, offset: 10 + version }), 0, `version ${version}`)
    // What is committed in version 0 goes to ZooKeeper, and only version 0 finds it there.
    const reader = version === 0 ? 0 : Math.min(Math.max(version, 1), 9)
    const topics = [{ name: TOPIC, partitionIndexes: [0, 1] }]
    const answer = await ask(OffsetFetch, reader, {
      groupId,
      topics,
      groups: [{ groupId, topics }],
    })
    const found = reader >= 8 ? answer.groups[0]?.topics : answer.topics
    const [first] = found?.[0]?.partitions ?? []
    assertHas(first, { partitionIndex: 0, committedOffset: 10 + version, errorCode: 0 })
    if (version >= 6 && reader >= 5) assertHas(first, { committedLeaderEpoch: 0, metadata: 'm' })
  }
})

test('what was not committed is -1; of an unknown group there is nothing', async () => {
  await commit('oc-fetch')
  const topics = [
    { name: TOPIC, partitionIndexes: [0, 1] },
    { name: 'oc-nowhere', partitionIndexes: [0] },
  ]
  const missing = { committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode: 0 }
  assertHas(await committed('oc-fetch', topics), {
    errorCode: 0,
    topics: [
      { name: TOPIC, partitions: [{ committedOffset: 5, metadata: 'm', errorCode: 0 }, missing] },
      { name: 'oc-nowhere', partitions: [missing] },
    ],
  })
  assertHas(await committed('oc-fetch', null), {
    errorCode: 0,
    topics: [{ name: TOPIC, partitions: [{ committedOffset: 5 }] }],
  })
  assertHas(await committed('oc-unknown', null), { errorCode: 0, topics: [] })
})

test('what a commit may carry', async () => {
  assert.equal(await commit('oc-carry', { metadata: 'x'.repeat(4_097) }), 12)
  assert.equal(await commit('oc-carry', { metadata: 'x'.repeat(4_096) }), 0)
  assert.equal(await commit('oc-carry', { metadata: null }), 0)
  assert.equal(await commit('oc-carry', { offset: -1 }), 0)
  assert.equal(await commit('oc-carry', { partition: 99 }), 3)
  assert.equal(await commit('oc-carry', { topic: 'oc-nowhere' }), 3)
})

test('a commit without a group makes an empty one, of no type', async () => {
  assert.equal(await commit('oc-simple'), 0)
  const { groups } = await ask(DescribeGroups, 5, {
    groups: ['oc-simple'],
    includeAuthorizedOperations: false,
  })
  assertHas(groups, [
    { errorCode: 0, groupState: 'Empty', protocolType: '', protocolData: '', members: [] },
  ])
})

async function enter(groupId: string) {
  const request = {
    groupId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 3_000,
    memberId: '',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: SUBSCRIPTION }],
    reason: null,
  }
  const { memberId } = await ask(JoinGroup, 9, request)
  const { generationId } = await ask(JoinGroup, 9, { ...request, memberId })
  return { memberId, generationId }
}

async function assign(
  groupId: string,
  { memberId, generationId }: { memberId: string; generationId: number },
) {
  const assignments = [{ memberId, assignment: Buffer.from('all') }]
  const request = { groupId, memberId, generationId, groupInstanceId: null, assignments }
  await ask(SyncGroup, 5, { ...request, protocolType: 'consumer', protocolName: 'range' })
}

test('a member commits in its generation, once it has its assignment; strangers do not', async () => {
  const group = 'oc-members'
  const member = await enter(group)
  assert.equal(await commit(group, member), 27)
  await assign(group, member)
  assert.equal(await commit(group, member), 0)
  assert.equal(await commit(group, { ...member, generationId: 9 }), 22)
  assert.equal(await commit(group, { ...member, memberId: 'nope' }), 25)
  assert.equal(await commit(group), 25)
  assert.equal(await commit('oc-nobody', { ...member, generationId: 3 }), 22)
})

test('offsets of a topic that members subscribe to stay', async () => {
  const group = 'oc-delete'
  const member = await enter(group)
  await assign(group, member)
  await commit(group, member)
  const remove = (groupId: string) =>
    ask(OffsetDelete, 0, {
      groupId,
      topics: [{ name: TOPIC, partitions: [{ partitionIndex: 0 }] }],
    })
  assertHas(await remove(group), { errorCode: 0, topics: [{ partitions: [{ errorCode: 86 }] }] })
  await commit('oc-deletable')
  assertHas(await remove('oc-deletable'), {
    errorCode: 0,
    topics: [{ partitions: [{ errorCode: 0 }] }],
  })
  assertHas(await remove('oc-unknown'), { errorCode: 69, topics: [] })
})
