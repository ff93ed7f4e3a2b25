// The group handlers over a coordinator with a log in memory: a conversation that was recorded with
// Kafka 3.9, byte for byte, and what only single brokers show.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { GroupCoordinator, OFFSETS_TOPIC } from '../../coordinator/group/group-coordinator.ts'
import { DEFAULT_GROUP_SETTINGS } from '../../coordinator/group/group-settings.ts'
import { MemoryLog } from '../../coordinator/memory-log.ts'
import type { PartitionState } from '../../metadata/cluster-image.ts'
import type { RequestContext } from '../../network/request-context.ts'
import { allowEverything, type Authorizer } from '../../security/authorizer.ts'
import { silentLogger } from '../../telemetry/logger.ts'
import { Seeded } from '../../testing/simulated/seeded.ts'
import { SimulatedClock } from '../../testing/simulated/simulated-clock.ts'
import { VirtualTime } from '../../testing/simulated/virtual-time.ts'
import { Errors } from '../../wire/errors.ts'
import { decodeRequestHeader } from '../../wire/messages/headers.ts'
import { OffsetCommit } from '../../wire/messages/08-offset-commit.ts'
import { OffsetFetch } from '../../wire/messages/09-offset-fetch.ts'
import { FindCoordinator } from '../../wire/messages/10-find-coordinator.ts'
import { JoinGroup } from '../../wire/messages/11-join-group.ts'
import { Heartbeat } from '../../wire/messages/12-heartbeat.ts'
import { LeaveGroup } from '../../wire/messages/13-leave-group.ts'
import { SyncGroup } from '../../wire/messages/14-sync-group.ts'
import { DescribeGroups } from '../../wire/messages/15-describe-groups.ts'
import { ListGroups } from '../../wire/messages/16-list-groups.ts'
import { TxnOffsetCommit } from '../../wire/messages/28-txn-offset-commit.ts'
import { DeleteGroups } from '../../wire/messages/42-delete-groups.ts'
import { OffsetDelete } from '../../wire/messages/47-offset-delete.ts'
import type { Api, RequestInput, Response } from '../../codec/api.ts'
import type { HandlerContext } from '../handler-context.ts'
import type { Handler } from '../handler.ts'
import { offsetCommitHandler } from './08-offset-commit.ts'
import { offsetFetchHandler } from './09-offset-fetch.ts'
import { findCoordinatorHandler } from './10-find-coordinator.ts'
import { joinGroupHandler } from './11-join-group.ts'
import { heartbeatHandler } from './12-heartbeat.ts'
import { leaveGroupHandler } from './13-leave-group.ts'
import { syncGroupHandler } from './14-sync-group.ts'
import { describeGroupsHandler } from './15-describe-groups.ts'
import { listGroupsHandler } from './16-list-groups.ts'
import { txnOffsetCommitHandler } from './28-txn-offset-commit.ts'
import { deleteGroupsHandler } from './42-delete-groups.ts'
import { offsetDeleteHandler } from './47-offset-delete.ts'

const HANDLERS = new Map<number, Handler>(
  [
    offsetCommitHandler,
    offsetFetchHandler,
    findCoordinatorHandler,
    joinGroupHandler,
    heartbeatHandler,
    leaveGroupHandler,
    syncGroupHandler,
    describeGroupsHandler,
    listGroupsHandler,
    txnOffsetCommitHandler,
    deleteGroupsHandler,
    offsetDeleteHandler,
  ].map((handler) => [handler.key, handler]),
)

interface Row {
  readonly row: number
  readonly note: string
  /** Frames without their sizes, in base64. */
  readonly request: string
  /** Null where it tells of other brokers. */
  readonly response: string | null
  /** The request was on its way before that of this row. */
  readonly sentBefore?: number
  readonly afterMs?: number
}

const ROWS: readonly Row[] = readFileSync(
  new URL('../../../test/fixtures/groups/transcript-3.9.jsonl', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Row)

const ONE_PARTITION: PartitionState = {
  leader: 1,
  leaderEpoch: 0,
  isr: [1],
  replicas: [1],
  partitionEpoch: 0,
  controllerEpoch: 1,
  offlineReplicas: [],
}

function topic(name: string, partitions: number) {
  const states = Array.from({ length: partitions }, (_, index) => [index, ONE_PARTITION] as const)
  return [name, { name, id: undefined, partitions: new Map(states) }] as const
}

class World {
  readonly clock = new SimulatedClock(new VirtualTime())
  readonly log = new MemoryLog()
  readonly groups: GroupCoordinator
  readonly znodes = new Map<string, string>()
  offsetsTopicReady = true
  authorizer: Authorizer = allowEverything

  constructor() {
    this.groups = new GroupCoordinator({
      platform: { clock: this.clock, random: new Seeded(7) },
      logger: silentLogger,
      settings: { ...DEFAULT_GROUP_SETTINGS, initialRebalanceDelayMs: 0 },
      partitionCount: () => 1,
      openLog: () => this.log,
    })
  }

  get context(): HandlerContext {
    const endpoints = new Map([['PLAINTEXT', { host: 'broker', port: 9092 }]])
    const context = {
      brokerId: 1,
      groups: this.groups,
      logger: silentLogger,
      authorizer: this.authorizer,
      unadvertisedListeners: new Set(),
      config: { get: (name: string) => (name === 'offset.metadata.max.bytes' ? 4096 : 50) },
      internalTopics: { ensure: () => this.offsetsTopicReady },
      metadata: {
        image: {
          brokers: new Map([[1, { id: 1, rack: null, endpoints }]]),
          topics: new Map([topic('alpha', 3), topic(OFFSETS_TOPIC, 1)]),
        },
      },
      zookeeper: {
        set: async (path: string, data: Buffer) => void this.znodes.set(path, data.toString()),
        get: async (path: string) => ({ data: Buffer.from(this.znodes.get(path) ?? '') }),
      },
    }
    return context as unknown as HandlerContext
  }

  /** Sends a frame; resolves with the answer's frame, both without sizes. */
  send(frame: Buffer): Promise<Buffer> {
    const { apiKey, apiVersion, correlationId, clientId, bodyPosition } = decodeRequestHeader(frame)
    const handler = HANDLERS.get(apiKey)
    assert(handler !== undefined)
    const answered = Promise.withResolvers<Buffer>()
    const request = {
      apiKey,
      apiVersion,
      correlationId,
      clientId,
      body: frame,
      bodyPosition,
      connection: {
        listenerName: 'PLAINTEXT',
        clientAddress: '127.0.0.1',
        principal: 'User:ANONYMOUS',
      },
      reply: (segments: readonly Uint8Array[]) =>
        answered.resolve(Buffer.concat(segments).subarray(4)),
      closeConnection: (reason: string) => answered.reject(new Error(reason)),
    }
    handler.handle(this.context, request as unknown as RequestContext)
    return answered.promise
  }

  async ask<A extends Api>(api: A, version: number, body: RequestInput<A>): Promise<Response<A>> {
    const headerBytes = api.requestHeaderVersion(version) === 2 ? 11 : 10
    const frame = api.request.encode(version, body as never, headerBytes)
    frame.fill(0, 0, headerBytes)
    frame.writeInt16BE(api.key, 0)
    frame.writeInt16BE(version, 2)
    frame.writeInt16BE(-1, 8)
    const sent = this.send(frame)
    await this.clock.settle()
    const answer = await sent
    const start = 4 + api.responseHeaderVersion(version)
    return api.response.decode(version, answer, start) as Response<A>
  }
}

async function coordinating(): Promise<World> {
  const world = new World()
  world.groups.onLeaderElected(0, 0)
  await world.clock.settle()
  return world
}

const MEMBER_ID = /\b\w+-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

function idsIn(bytes: Buffer): string[] {
  return bytes.toString('latin1').match(MEMBER_ID) ?? []
}

/** The same bytes with ids replaced by others of the same length. */
function withIds(bytes: Buffer, ids: ReadonlyMap<string, string>): Buffer {
  const text = bytes.toString('latin1').replaceAll(MEMBER_ID, (id) => ids.get(id) ?? id)
  return Buffer.from(text, 'latin1')
}

test('a recorded conversation with Kafka 3.9 goes the same way', async () => {
  const world = await coordinating()
  const ours = new Map<string, string>()
  const theirs = new Map<string, string>()
  const answers = new Map<number, Promise<Buffer>>()
  const send = ({ row, request }: Row) => {
    answers.set(row, world.send(withIds(Buffer.from(request, 'base64'), ours)))
  }
  for (const current of ROWS) {
    const { row, note, response, afterMs } = current
    await world.clock.advance(afterMs ?? 1)
    for (const early of ROWS) if (early.sentBefore === row) send(early)
    if (!answers.has(row)) send(current)
    // The answer to a join that waits comes with the next request.
    const next = ROWS[ROWS.indexOf(current) + 1]
    if (current.sentBefore !== undefined && next !== undefined) send(next)
    await world.clock.settle()
    const answer = await answers.get(row)
    assert(answer !== undefined)
    if (response === null) continue
    const recorded = Buffer.from(response, 'base64')
    const recordedIds = idsIn(recorded)
    for (const [index, id] of idsIn(answer).entries()) {
      const recordedId = recordedIds[index]
      if (recordedId === undefined || theirs.has(id)) continue
      theirs.set(id, recordedId)
      ours.set(recordedId, id)
    }
    assert.deepEqual(withIds(answer, theirs), recorded, `row ${row}: ${note}`)
  }
})

test('kafka-python #2428: OffsetFetch while loading says so where each version has a place', async () => {
  const world = new World()
  world.groups.onLeaderElected(0, 0)
  const question = [{ name: 'alpha', partitionIndexes: [0] }]
  const answers: [number, Promise<Response<typeof OffsetFetch>>][] = []
  for (let version = 1; version <= 9; version++) {
    const one = version < 8 ? { groupId: 'g', topics: question } : { groupId: '', topics: [] }
    const groups = version < 8 ? [] : [{ groupId: 'g', topics: question }]
    answers.push([version, world.ask(OffsetFetch, version, { ...one, groups })])
  }
  const loading = Errors.COORDINATOR_LOAD_IN_PROGRESS
  for (const [version, answer] of answers) {
    const { errorCode, topics, groups } = await answer
    if (version === 1) assert.equal(topics[0]?.partitions[0]?.errorCode, loading)
    else assert.equal(version < 8 ? errorCode : groups[0]?.errorCode, loading, `v${version}`)
  }
})

test('version 0 keeps offsets in ZooKeeper, apart from the group', async () => {
  const world = await coordinating()
  const partition = { partitionIndex: 0, committedOffset: 17, committedMetadata: null }
  const topics = [{ name: 'alpha', partitions: [partition] }]
  const committed = await world.ask(OffsetCommit, 0, { groupId: 'g', topics } as never)
  assert.equal(committed.topics[0]?.partitions[0]?.errorCode, 0)
  assert.deepEqual([...world.znodes], [['/consumers/g/offsets/alpha/0', '17']])
  const wanted = [
    { name: 'alpha', partitionIndexes: [0] },
    { name: 'nope', partitionIndexes: [0] },
  ]
  const question = { groupId: 'g', topics: wanted, groups: [] }
  const fetched = await world.ask(OffsetFetch, 0, question)
  const offsets = fetched.topics.map(({ partitions }) => partitions[0])
  assert.deepEqual(
    offsets.map((one) => [one?.committedOffset, one?.errorCode]),
    [
      [17, 0],
      [-1, Errors.UNKNOWN_TOPIC_OR_PARTITION],
    ],
  )
  const fromGroup = await world.ask(OffsetFetch, 1, question)
  assert.equal(fromGroup.topics[0]?.partitions[0]?.committedOffset, -1)
})

test('FindCoordinator waits for the topic, and says nothing in words from version 4 on', async () => {
  const world = await coordinating()
  world.offsetsTopicReady = false
  const batch = { key: '', keyType: 0, coordinatorKeys: ['g'] }
  const missing = await world.ask(FindCoordinator, 4, batch)
  const nobody = { nodeId: -1, host: '', port: -1, errorMessage: '' }
  assert.deepEqual(missing.coordinators, [
    { key: 'g', ...nobody, errorCode: Errors.COORDINATOR_NOT_AVAILABLE },
  ])
  world.offsetsTopicReady = true
  const found = await world.ask(FindCoordinator, 3, { key: 'g', keyType: 0, coordinatorKeys: [] })
  assert.equal(found.nodeId, 1)
  assert.equal(found.errorMessage, 'NONE')
  const shared = { ...batch, keyType: 2 }
  const early = await world.ask(FindCoordinator, 4, shared)
  assert.equal(early.coordinators[0]?.errorCode, Errors.INVALID_REQUEST)
  const late = await world.ask(FindCoordinator, 6, shared)
  assert.equal(late.coordinators[0]?.errorCode, Errors.COORDINATOR_NOT_AVAILABLE)
})

test('every version of every request is answered', async () => {
  const world = await coordinating()
  const member = { groupId: 'g', generationId: 1, memberId: 'm' }
  const topics = [{ name: 'alpha', partitions: [{ partitionIndex: 0, committedOffset: 1 }] }]
  const committed = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: 'm' }]
  const asked: readonly (readonly [Api, object])[] = [
    [OffsetCommit, { ...member, topics: [{ name: 'alpha', partitions: committed }] }],
    [
      TxnOffsetCommit,
      {
        transactionalId: 't',
        groupId: 'g',
        producerId: 1,
        producerEpoch: 0,
        topics: [{ name: 'alpha', partitions: committed }],
      },
    ],
    [OffsetFetch, { groupId: 'g', topics: [], groups: [{ groupId: 'g', topics: null }] }],
    [FindCoordinator, { key: 'g', coordinatorKeys: ['g'] }],
    [JoinGroup, { ...member, sessionTimeoutMs: 1, protocolType: 'consumer', protocols: [] }],
    [Heartbeat, member],
    [LeaveGroup, { ...member, members: [{ memberId: 'm', groupInstanceId: null }] }],
    [SyncGroup, { ...member, assignments: [] }],
    [DescribeGroups, { groups: ['g'], includeAuthorizedOperations: true }],
    [ListGroups, { statesFilter: [], typesFilter: [] }],
    [DeleteGroups, { groupsNames: ['g'] }],
    [OffsetDelete, { groupId: 'g', topics }],
  ]
  for (const [api, body] of asked) {
    for (let version = api.minVersion; version <= api.maxVersion; version++) {
      const answer = await world.ask(api, version, body as never)
      assert.notEqual(answer, undefined, `${api.name} v${version}`)
    }
  }
})

test('who may not read a group is told so, without protocols and ids', async () => {
  const world = await coordinating()
  world.authorizer = { allows: () => false }
  const body = {
    groupId: 'g',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    memberId: 'm',
    protocolType: 'consumer',
    protocols: [],
  }
  for (const version of [0, 6, 7, 9]) {
    const joined = await world.ask(JoinGroup, version, body as never)
    assert.equal(joined.errorCode, Errors.GROUP_AUTHORIZATION_FAILED)
    assert.equal(joined.protocolName, version < 7 ? '' : null)
    assert.equal(joined.memberId, '')
  }
})
