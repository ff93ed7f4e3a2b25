// Groups as their members see them: who may join, who must join again, and who is fenced.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { FindCoordinator } from '../../src/wire/messages/10-find-coordinator.ts'
import { JoinGroup } from '../../src/wire/messages/11-join-group.ts'
import { Heartbeat } from '../../src/wire/messages/12-heartbeat.ts'
import { LeaveGroup } from '../../src/wire/messages/13-leave-group.ts'
import { DescribeGroups } from '../../src/wire/messages/15-describe-groups.ts'
import { ListGroups } from '../../src/wire/messages/16-list-groups.ts'
import { DeleteGroups } from '../../src/wire/messages/42-delete-groups.ts'
import { pause, until } from '../support/until.ts'
import { CLIENT_ID } from '../support/wire.ts'
import {
  beat,
  describe,
  enter,
  join,
  METADATA,
  settle,
  sync,
  untilCoordinated,
  type Joining,
} from './members.ts'
import { ask, assertHas, BROKER_ID, theTarget, versionsOf } from './targets.ts'

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'

before(untilCoordinated)

test('FindCoordinator: every version; unknown types are invalid', async () => {
  const { host, port } = await theTarget()
  const here = { errorCode: 0, nodeId: BROKER_ID, host, port }
  for (const version of versionsOf(FindCoordinator)) {
    const answer = await ask(FindCoordinator, version, {
      key: 'g',
      keyType: 0,
      coordinatorKeys: ['g', ''],
    })
    if (version < 4) assertHas(answer, here)
    else
      assertHas(answer.coordinators, [
        { key: 'g', ...here },
        { key: '', ...here },
      ])
  }
  const { coordinators } = await ask(FindCoordinator, 4, { keyType: 5, coordinatorKeys: ['x'] })
  assertHas(coordinators, [{ key: 'x', nodeId: -1, host: '', port: -1, errorCode: 42 }])
  assert.match(
    coordinators[0]?.errorMessage ?? '',
    /^This most likely occurs because of a request being malformed/,
  )
})

test('every version of JoinGroup, SyncGroup, Heartbeat and LeaveGroup', async () => {
  for (const version of versionsOf(JoinGroup)) {
    const groupId = `gm-v${version}`
    const first = await join(groupId, { version })
    const joined = version >= 4 ? await join(groupId, { version, memberId: first.memberId }) : first
    if (version >= 4) assertHas(first, { errorCode: 79, generationId: -1, members: [] })
    const { memberId, generationId } = joined
    assertHas(joined, { errorCode: 0, generationId: 1, protocolName: 'range', leader: memberId })
    if (version >= 7) assertHas(joined, { protocolType: 'consumer' })
    assert.deepEqual(
      joined.members.map((one) => [one.memberId, one.metadata.toString('hex')]),
      [[memberId, METADATA.toString('hex')]],
    )
    const synced = await sync(groupId, memberId, generationId, { version: Math.min(version, 5) })
    assert.equal(synced.assignment.toString(), 'all')
    const alive = { groupId, memberId, generationId, groupInstanceId: null }
    assertHas(await ask(Heartbeat, Math.min(version, 4), alive), { errorCode: 0 })
    const leaving = { groupId, memberId, members: [{ memberId, groupInstanceId: null }] }
    const left = await ask(LeaveGroup, Math.min(version, 5), leaving)
    assertHas(left, { errorCode: 0 })
    if (version >= 3) assertHas(left.members, [{ memberId, groupInstanceId: null, errorCode: 0 }])
  }
})

test('a newcomer gets an id made of its client id; until it joins the group is empty', async () => {
  const { memberId } = await join('gm-new')
  assert.match(memberId, new RegExp(`^${CLIENT_ID}-${UUID}$`))
  assertHas(await describe('gm-new'), {
    errorCode: 0,
    groupState: 'Empty',
    protocolType: '',
    members: [],
  })
})

test('what a group does not take', async () => {
  const { memberId } = await settle('gm-refuse')
  const group = 'gm-refuse'
  const refused = { generationId: -1, protocolName: null, leader: '', members: [] }
  const is = async (errorCode: number, joining: Joining, groupId = group): Promise<void> =>
    assertHas(await join(groupId, joining), { errorCode, ...refused })
  await is(25, { memberId: 'nope' })
  await is(23, { memberId, protocolType: 'connect' })
  await is(23, { protocols: ['sticky'] })
  await is(23, { memberId, protocols: [] })
  await is(26, { sessionTimeoutMs: 100 })
  await is(26, { sessionTimeoutMs: 10_000_000 })
  await is(24, {}, '')
})

test('heartbeats and joins before the assignments', async () => {
  const { memberId, generationId } = await enter('gm-before')
  assert.equal(await beat('gm-before', memberId, generationId), 0)
  assertHas(await join('gm-before', { memberId }), { errorCode: 0, generationId, leader: memberId })
  assertHas(await describe('gm-before'), { groupState: 'CompletingRebalance' })
})

test('the leader that joins again makes a new generation', async () => {
  const { memberId, generationId } = await settle('gm-again')
  assertHas(await join('gm-again', { memberId }), { errorCode: 0, generationId: generationId + 1 })
})

test('SyncGroup: old generations, strangers, other protocols; when stable the assignment again', async () => {
  const { memberId, generationId } = await settle('gm-sync')
  const group = 'gm-sync'
  const nothing = { protocolType: null, protocolName: null }
  assertHas(await sync(group, memberId, 99), { errorCode: 22, ...nothing })
  assertHas(await sync(group, 'nope', generationId), { errorCode: 25 })
  const otherName = await sync(group, memberId, generationId, { protocolName: 'sticky' })
  assertHas(otherName, { errorCode: 23, ...nothing })
  const otherType = await sync(group, memberId, generationId, { protocolType: 'connect' })
  assertHas(otherType, { errorCode: 23 })
  const again = await sync(group, memberId, generationId, { assignments: [] })
  assert.equal(again.assignment.toString(), 'all')
  assert.equal(await beat(group, memberId, 99), 22)
  assert.equal(await beat(group, 'nope', generationId), 25)
  assert.equal(await beat('gm-nowhere', memberId, 1), 25)
})

test('a second member: the first joins again, the vote counts, the leader may assign nothing', async () => {
  const group = 'gm-two'
  const a = await settle(group, { protocols: ['range', 'sticky'] })
  const second = join(group, {
    memberId: (await join(group, { protocols: ['sticky', 'range'] })).memberId,
    protocols: ['sticky', 'range'],
  })
  await until(async () => (await beat(group, a.memberId, a.generationId)) === 27, 'a rebalance')
  assertHas(await describe(group), { groupState: 'PreparingRebalance' })
  assertHas(await sync(group, a.memberId, a.generationId), { errorCode: 27 })
  const first = await join(group, { memberId: a.memberId, protocols: ['range', 'sticky'] })
  const b = await second
  assertHas(first, { errorCode: 0, generationId: 2, leader: a.memberId, protocolName: 'range' })
  assertHas(b, { errorCode: 0, generationId: 2, leader: a.memberId, members: [] })
  assert.deepEqual(
    first.members.map(({ memberId }) => memberId).toSorted(),
    [a.memberId, b.memberId].toSorted(),
  )
  const waiting = sync(group, b.memberId, 2, { assignments: [] })
  assertHas(await sync(group, a.memberId, 2), { errorCode: 0 })
  const { errorCode, assignment } = await waiting
  assert.deepEqual([errorCode, assignment.length], [0, 0])
  assertHas(await describe(group), { groupState: 'Stable', protocolData: 'range' })
})

test('a member that is silent for its session is removed', async () => {
  const { memberId, generationId } = await settle('gm-silent', { sessionTimeoutMs: 1_000 })
  await pause(400)
  assert.equal(await beat('gm-silent', memberId, generationId), 0)
  await until(
    async () => (await describe('gm-silent'))?.groupState === 'Empty',
    'the group to be empty',
  )
  assert.equal(await beat('gm-silent', memberId, generationId), 25)
  assertHas(await describe('gm-silent'), {
    protocolType: 'consumer',
    protocolData: '',
    members: [],
  })
})

test('static members: replaced without a rebalance, the old one is fenced', async () => {
  const group = 'gm-static'
  const first = await join(group, { instanceId: 'i1' })
  assert.match(first.memberId, new RegExp(`^i1-${UUID}$`))
  assertHas(first, { errorCode: 0, generationId: 1 })
  assertHas(await sync(group, first.memberId, 1, { instanceId: 'i1' }), { errorCode: 0 })
  const second = await join(group, { instanceId: 'i1' })
  assertHas(second, {
    errorCode: 0,
    generationId: 1,
    skipAssignment: true,
    leader: second.memberId,
  })
  assert.notEqual(second.memberId, first.memberId)
  const old = await join(group, { instanceId: 'i1', version: 5 })
  assertHas(old, { errorCode: 0, generationId: 1, leader: second.memberId, members: [] })
  assert.equal(await beat(group, first.memberId, 1, 'i1'), 82)
  const fenced = await join(group, { instanceId: 'i1', memberId: first.memberId })
  assertHas(fenced, { errorCode: 82 })
  assert.equal(await beat(group, old.memberId, 1, 'i1'), 0)
})

test('leaving reports on each member, by id or by instance', async () => {
  const group = 'gm-leave'
  const { memberId } = await settle(group)
  await join(group, { instanceId: 'i1', rebalanceTimeoutMs: 100 }).catch(() => undefined)
  const leave = (members: { memberId: string; groupInstanceId: string | null }[]) =>
    ask(LeaveGroup, 5, { groupId: group, members })
  const stranger = { memberId: 'zz', groupInstanceId: null }
  assertHas(await leave([{ memberId, groupInstanceId: null }, stranger]), {
    errorCode: 0,
    members: [
      { memberId, errorCode: 25 },
      { memberId: 'zz', errorCode: 25 },
    ],
  })
  const byInstance = await leave([
    { memberId: '', groupInstanceId: 'i1' },
    { memberId: '', groupInstanceId: 'nope' },
  ])
  assertHas(byInstance.members, [
    { memberId: '', groupInstanceId: 'i1', errorCode: 0 },
    { memberId: '', groupInstanceId: 'nope', errorCode: 25 },
  ])
})

test('ListGroups: every version; states and types filter, in any case', async () => {
  await settle('gm-listed')
  for (const version of versionsOf(ListGroups)) {
    const { groups } = await ask(ListGroups, version, { statesFilter: [], typesFilter: [] })
    assertHas(
      groups.find(({ groupId }) => groupId === 'gm-listed'),
      {
        protocolType: 'consumer',
        ...(version >= 4 ? { groupState: 'Stable' } : {}),
        ...(version >= 5 ? { groupType: 'classic' } : {}),
      },
    )
  }
  const stable = await ask(ListGroups, 5, { statesFilter: ['stable'], typesFilter: ['classic'] })
  assert(stable.groups.some(({ groupId }) => groupId === 'gm-listed'))
  const unknown = await ask(ListGroups, 5, { statesFilter: ['Foo'], typesFilter: [] })
  assertHas(unknown, { errorCode: 0, groups: [] })
})

test('DescribeGroups: every version; an unknown group is dead', async () => {
  const { memberId } = await settle('gm-described')
  for (const version of versionsOf(DescribeGroups)) {
    const { groups } = await ask(DescribeGroups, version, {
      groups: ['gm-described', 'gm-nowhere'],
      includeAuthorizedOperations: false,
    })
    assertHas(groups, [
      {
        errorCode: 0,
        groupId: 'gm-described',
        groupState: 'Stable',
        protocolType: 'consumer',
        protocolData: 'range',
        members: [{ memberId, clientId: CLIENT_ID, clientHost: '/127.0.0.1' }],
      },
      { errorCode: 0, groupId: 'gm-nowhere', groupState: 'Dead', protocolType: '', members: [] },
    ])
  }
})

test('DeleteGroups: not with members, not when unknown', async () => {
  const { memberId } = await settle('gm-deleted')
  const remove = (version: number) =>
    ask(DeleteGroups, version, { groupsNames: ['gm-deleted', 'gm-nowhere'] })
  const codes = async (version: number) =>
    (await remove(version)).results.map((one) => `${one.groupId} ${one.errorCode}`).toSorted()
  for (const version of versionsOf(DeleteGroups)) {
    assert.deepEqual(await codes(version), ['gm-deleted 68', 'gm-nowhere 69'])
  }
  const members = [{ memberId, groupInstanceId: null }]
  await ask(LeaveGroup, 5, { groupId: 'gm-deleted', members })
  assert.deepEqual(await codes(2), ['gm-deleted 0', 'gm-nowhere 69'])
})
