import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { silentLogger, type Logger } from '../../telemetry/logger.ts'
import { Metrics } from '../../telemetry/metrics.ts'
import { Seeded } from '../../testing/simulated/seeded.ts'
import { SimulatedClock } from '../../testing/simulated/simulated-clock.ts'
import { VirtualTime } from '../../testing/simulated/virtual-time.ts'
import { Errors } from '../../wire/errors.ts'
import { buildBatch } from '../../wire/records/build-batch.ts'
import { MemoryLog } from '../memory-log.ts'
import type { ReplicatedLog } from '../replicated-log.ts'
import { GroupCoordinator } from './group-coordinator.ts'
import { encodeGroupEvent, encodeGroupEvents, type GroupEvent } from './group-events.ts'
import type { JoinRequest } from './group-protocol.ts'
import { DEFAULT_GROUP_SETTINGS, MAX_PENDING_MEMBERS } from './group-settings.ts'

const GOLDEN = readFileSync(
  new URL('../../../test/fixtures/groups/consumer-offsets-3.9.batches', import.meta.url),
)
const DYNAMIC = {
  clientId: 'c',
  clientHost: '/127.0.0.1',
  requireKnownMemberId: true,
  supportsSkippingAssignment: true,
}

function world(log: ReplicatedLog, logger: Logger = silentLogger) {
  const clock = new SimulatedClock(new VirtualTime())
  const coordinator = new GroupCoordinator({
    platform: { clock, random: new Seeded(1) },
    logger,
    settings: DEFAULT_GROUP_SETTINGS,
    partitionCount: () => 1,
    openLog: () => log,
  })
  return { clock, coordinator }
}

async function loaded(log: ReplicatedLog, logger?: Logger) {
  const { clock, coordinator } = world(log, logger)
  coordinator.onLeaderElected(0, 0)
  await clock.settle()
  return { clock, coordinator }
}

function joinRequest(part: Partial<JoinRequest>): JoinRequest {
  return {
    groupId: 'g',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    memberId: '',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
    ...part,
  }
}

function offsetEvent(partition: number, offset: number): GroupEvent {
  const value = {
    offset,
    leaderEpoch: -1,
    metadata: '',
    commitTimestampMs: 1,
    expireTimestampMs: -1,
  }
  return { kind: 'offset', groupId: 'g', topic: 't', partition, value }
}

function append(log: MemoryLog, ...events: GroupEvent[]): void {
  const now = { wallMs: 1, monotonicMs: 0 }
  for (const batch of encodeGroupEvents({ events, touches: [], effects: [] }, now)) {
    log.append(batch)
  }
}

async function fetchAll(coordinator: GroupCoordinator, groupId = 'g') {
  const fetched = await coordinator.fetchOffsets({ groupId, topics: null, requireStable: false })
  assert.equal(fetched.errorCode, 0)
  return fetched.topics.flatMap(({ name, partitions }) =>
    partitions.map((one) => [`${name}-${one.partitionIndex}`, one.committedOffset] as const),
  )
}

test('groups, offsets and what happened to them are counted', async () => {
  const metrics = new Metrics()
  const clock = new SimulatedClock(new VirtualTime())
  const log = new MemoryLog()
  const coordinator = new GroupCoordinator({
    platform: { clock, random: new Seeded(1) },
    logger: silentLogger,
    settings: DEFAULT_GROUP_SETTINGS,
    metrics,
    partitionCount: () => 1,
    openLog: () => log,
  })
  coordinator.onLeaderElected(0, 0)
  await clock.settle()
  const member = { groupId: 'g', memberId: '', groupInstanceId: null, generationId: -1 }
  const one = { committedOffset: 1, committedLeaderEpoch: -1, committedMetadata: null }
  const partitions = [0, 1].map((partitionIndex) => ({ ...one, partitionIndex }))
  await coordinator.commitOffsets({ ...member, topics: [{ name: 't', partitions }] })
  const topics = [{ name: 't', partitionIndexes: [1] }]
  await coordinator.deleteOffsets({ groupId: 'g', topics })
  const lines = metrics.render().split('\n')
  for (const line of [
    'kafka_coordinator_group_groupmetadatamanager_numgroups 1',
    'kafka_coordinator_group_groupmetadatamanager_numgroupsempty 1',
    'kafka_coordinator_group_groupmetadatamanager_numgroupsstable 0',
    'kafka_coordinator_group_groupmetadatamanager_numoffsets 1',
    'kafka_server_group_coordinator_metrics_offset_commit_count 2',
    'kafka_server_group_coordinator_metrics_offset_deletion_count 1',
  ]) {
    assert(lines.includes(line), line)
  }
})

test('groups and offsets that Kafka 3.9 wrote are found', async () => {
  const { coordinator } = await loaded(MemoryLog.of(GOLDEN))
  const { groups } = await coordinator.listGroups([], [])
  assert.deepEqual(groups.map(({ groupId, protocolType }) => `${groupId} ${protocolType}`).sort(), [
    'java-group consumer',
    'kcat-group consumer',
    'simple ',
    'simple-v2 ',
    'static consumer',
    'txn-group ',
  ])
  assert.deepEqual(await fetchAll(coordinator, 'txn-group'), [['codec-none-0', 7]])
  const question = { groupId: 'simple', topics: null, requireStable: false }
  const [topic] = (await coordinator.fetchOffsets(question)).topics
  assert.deepEqual(topic?.partitions, [
    {
      partitionIndex: 0,
      committedOffset: 42,
      committedLeaderEpoch: 3,
      metadata: 'meta ü',
      errorCode: 0,
    },
  ])
})

test('a corrupt record is skipped with one line that names its offset, the rest loads', async () => {
  const log = new MemoryLog()
  append(log, offsetEvent(0, 10))
  const good = encodeGroupEvent(offsetEvent(1, 11))
  const records = [
    { key: Buffer.from('00010009', 'hex'), value: good.value, timestamp: 1 },
    { key: good.key, value: good.value?.subarray(0, 7) ?? null, timestamp: 1 },
    { ...good, timestamp: 1 },
  ]
  log.append(buildBatch({ records }))
  append(log, offsetEvent(2, 12))
  const lines: string[] = []
  const logger = { ...silentLogger, warn: (line: string) => lines.push(line) }
  const { coordinator } = await loaded(log, { ...logger, named: () => logger })
  assert.deepEqual(await fetchAll(coordinator), [
    ['t-0', 10],
    ['t-1', 11],
    ['t-2', 12],
  ])
  assert.equal(lines.length, 2)
  assert.match(lines[0] ?? '', /offset 1 of __consumer_offsets-0/)
  assert.match(lines[1] ?? '', /offset 2 of __consumer_offsets-0/)
})

test('KAFKA-5600: loading reads every batch of every chunk', async () => {
  const log = new MemoryLog()
  for (let index = 0; index < 50; index++) append(log, offsetEvent(index, index))
  // Chunks of three batches, the first of which may begin before the offset asked for.
  const small = {
    ...forwarded(log),
    read: (from: number) => log.read(Math.max(0, from - 1), 3 * (log.batches[0]?.length ?? 0)),
  }
  const { coordinator } = await loaded(small)
  assert.equal((await fetchAll(coordinator)).length, 50)
})

test('KAFKA-9065: loading ends when compaction left a gap before the log end offset', async () => {
  const log = new MemoryLog()
  append(log, offsetEvent(0, 10))
  const { coordinator } = await loaded({
    ...forwarded(log),
    logEndOffset: 1_000,
    highWatermark: 1_000,
  })
  assert.deepEqual(await fetchAll(coordinator), [['t-0', 10]])
})

function forwarded(log: MemoryLog): ReplicatedLog {
  return {
    logStartOffset: log.logStartOffset,
    logEndOffset: log.logEndOffset,
    highWatermark: log.highWatermark,
    append: (records) => log.append(records),
    read: (from, maxBytes) => log.read(from, maxBytes),
    onHighWatermark: (listener) => log.onHighWatermark(listener),
  }
}

test('what each request is told before and after this broker is the coordinator', async () => {
  const log = new MemoryLog()
  append(log, offsetEvent(0, 10))
  const { clock, coordinator } = world(log)
  const beat = { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null }
  const syncing = { ...beat, protocolType: null, protocolName: null, assignments: [] }
  const fetching = { groupId: 'g', topics: null, requireStable: false }
  assert.equal((await coordinator.heartbeat(beat)).errorCode, Errors.NOT_COORDINATOR)
  coordinator.onLeaderElected(0, 3)
  // Loading: a member is not told to give up, a sync has to begin with a join again.
  assert.equal((await coordinator.heartbeat(beat)).errorCode, Errors.NONE)
  const synced = await coordinator.syncGroup(syncing)
  assert.equal(synced.errorCode, Errors.REBALANCE_IN_PROGRESS)
  const joined = await coordinator.joinGroup(joinRequest({}), DYNAMIC)
  assert.equal(joined.errorCode, Errors.COORDINATOR_LOAD_IN_PROGRESS)
  const early = await coordinator.fetchOffsets(fetching)
  assert.equal(early.errorCode, Errors.COORDINATOR_LOAD_IN_PROGRESS)
  const listed = await coordinator.listGroups([], [])
  assert.equal(listed.errorCode, Errors.COORDINATOR_LOAD_IN_PROGRESS)
  await clock.settle()
  assert.equal((await coordinator.fetchOffsets(fetching)).errorCode, Errors.NONE)
  // An older resignation comes late and changes nothing.
  coordinator.onResigned(0, 2)
  assert.equal((await coordinator.fetchOffsets(fetching)).errorCode, Errors.NONE)
  const waiting = coordinator.joinGroup(joinRequest({}), {
    ...DYNAMIC,
    requireKnownMemberId: false,
  })
  coordinator.onResigned(0, 4)
  assert.equal((await waiting).errorCode, Errors.NOT_COORDINATOR)
})

test('KAFKA-7610, KAFKA-7824: 10,000 abandoned joins do not grow a group or memory', async () => {
  const { clock, coordinator } = await loaded(new MemoryLog())
  const first = await coordinator.joinGroup(joinRequest({}), DYNAMIC)
  for (let count = 0; count < MAX_PENDING_MEMBERS; count++) {
    void coordinator.joinGroup(joinRequest({}), DYNAMIC)
  }
  assert.deepEqual((await coordinator.describeGroup('g')).members, [])
  // The ids handed out first are forgotten first.
  const late = await coordinator.joinGroup(joinRequest({ memberId: first.memberId }), DYNAMIC)
  assert.equal(late.errorCode, Errors.UNKNOWN_MEMBER_ID)
  await clock.advance(10_000)
  assert.equal((await coordinator.describeGroup('g')).groupState, 'Dead')
  assert.deepEqual((await coordinator.listGroups([], [])).groups, [])
})

test('joins without an id requirement do not outlive their connection by much either', async () => {
  const { clock, coordinator } = await loaded(new MemoryLog())
  const old = { ...DYNAMIC, requireKnownMemberId: false }
  const requests = Array.from({ length: 1_000 }, () => coordinator.joinGroup(joinRequest({}), old))
  await clock.advance(3_000)
  await clock.advance(3_000)
  await clock.advance(3_000)
  const generations = new Set((await Promise.all(requests)).map((reply) => reply.generationId))
  assert.deepEqual([...generations], [1])
  await clock.advance(30_000)
  assert.deepEqual((await coordinator.describeGroup('g')).members, [])
})

test('a group is deleted in batches that no log refuses for their size', async () => {
  const log = new MemoryLog()
  const { clock, coordinator } = await loaded(log)
  for (let start = 0; start < 20_000; start += 1_000) {
    const partitions = Array.from({ length: 1_000 }, (_, index) => ({
      partitionIndex: start + index,
      committedOffset: 1,
      committedLeaderEpoch: -1,
      committedMetadata: null,
    }))
    const member = { groupId: 'g', memberId: '', groupInstanceId: null, generationId: -1 }
    await coordinator.commitOffsets({ ...member, topics: [{ name: 'a-long-name', partitions }] })
  }
  const before = log.batches.length
  assert.equal((await coordinator.deleteGroup('g')).errorCode, Errors.NONE)
  await clock.settle()
  const sizes = log.batches.slice(before).map(({ length }) => length)
  assert(sizes.length > 1)
  assert(Math.max(...sizes) < 1_000_000)
  const { coordinator: next } = await loaded(log)
  assert.equal((await next.describeGroup('g')).groupState, 'Dead')
})
