// What a rebalance asks of members, and what becomes of those that do not do it.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { OffsetCommit } from '../../src/wire/messages/08-offset-commit.ts'
import { OffsetFetch } from '../../src/wire/messages/09-offset-fetch.ts'
import { LeaveGroup } from '../../src/wire/messages/13-leave-group.ts'
import { until } from '../support/until.ts'
import { beat, describe, enter, join, settle, sync, untilCoordinated } from './members.ts'
import { ask, assertHas, createTopic } from './targets.ts'

const TOPIC = 'alpha'

before(async () => {
  await createTopic(TOPIC)
  await untilCoordinated()
})

interface Member {
  readonly memberId: string
  readonly generationId: number
}

async function commit(groupId: string, { memberId, generationId }: Member): Promise<number> {
  const partition = { partitionIndex: 0, committedOffset: 5, committedMetadata: '' }
  const { topics } = await ask(OffsetCommit, 8, {
    groupId,
    memberId,
    generationIdOrMemberEpoch: generationId,
    groupInstanceId: null,
    topics: [{ name: TOPIC, partitions: [partition] }],
  })
  return topics[0]?.partitions[0]?.errorCode ?? -1
}

async function committed(groupId: string): Promise<number | undefined> {
  const { groups } = await ask(OffsetFetch, 8, { groups: [{ groupId, topics: null }] })
  return groups[0]?.topics[0]?.partitions[0]?.committedOffset
}

/** A second member begins to join, so that the first must join again. */
async function disturb(groupId: string, first: Member, rebalanceTimeoutMs: number) {
  const second = enter(groupId, { rebalanceTimeoutMs })
  const isTold = async (): Promise<boolean> =>
    (await beat(groupId, first.memberId, first.generationId)) === 27
  await until(isTold, 'a rebalance')
  return { second }
}

test('while a rebalance is prepared, members may still commit', async () => {
  const group = 'gr-commit'
  const first = await settle(group)
  const { second } = await disturb(group, first, 3_000)
  assert.equal(await commit(group, first), 0)
  assertHas(await describe(group), { groupState: 'PreparingRebalance' })
  await join(group, { memberId: first.memberId })
  await second
  // Until the assignments are there, nobody may.
  assert.equal(await commit(group, { ...first, generationId: 2 }), 27)
  assert.equal(await committed(group), 5)
})

test('a member that does not join again within its rebalance timeout is removed', async () => {
  const group = 'gr-late'
  const first = await settle(group, { rebalanceTimeoutMs: 1_500 })
  const { second } = await disturb(group, first, 1_500)
  const startedAt = performance.now()
  const joined = await second
  assert(performance.now() - startedAt > 1_000)
  assertHas(joined, { errorCode: 0, generationId: 2, leader: joined.memberId })
  assert.deepEqual(
    joined.members.map(({ memberId }) => memberId),
    [joined.memberId],
  )
  assert.equal(await beat(group, first.memberId, first.generationId), 25)
})

test('when the last one leaves the group is empty, and of the same type', async () => {
  const group = 'gr-last'
  const { memberId } = await settle(group)
  const members = [{ memberId, groupInstanceId: null, reason: null }]
  assertHas(await ask(LeaveGroup, 5, { groupId: group, members }), { errorCode: 0 })
  assertHas(await describe(group), { groupState: 'Empty', protocolType: 'consumer', members: [] })
  const next = await settle(group)
  assert.equal(next.generationId, 3)
})

test('a subscription that cannot be read is no obstacle', async () => {
  const group = 'gr-unreadable'
  // Long ones that read as a huge array take Apache Kafka's memory; its join is never answered.
  const metadata = Buffer.from('meta')
  const { memberId, generationId } = await enter(group, { metadata })
  assertHas(await sync(group, memberId, generationId), { errorCode: 0 })
  assert.equal(await commit(group, { memberId, generationId }), 0)
  assertHas(await describe(group), { groupState: 'Stable', members: [{ memberId }] })
})

test('the assignment of the generation before is no assignment of this one', async () => {
  const group = 'gr-old-sync'
  const first = await settle(group)
  await join(group, { memberId: first.memberId })
  assertHas(await sync(group, first.memberId, first.generationId), { errorCode: 22 })
  assertHas(await sync(group, first.memberId, first.generationId + 1), { errorCode: 0 })
})
