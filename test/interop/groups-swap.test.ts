// A directory that Apache Kafka 3.9 and this project's broker use in turn: groups with their members,
// generations, offsets and metadata go on, whoever wrote them, and Java's tool prints the same of them.
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { OffsetCommit } from '../../src/wire/messages/08-offset-commit.ts'
import { OffsetFetch } from '../../src/wire/messages/09-offset-fetch.ts'
import { FindCoordinator } from '../../src/wire/messages/10-find-coordinator.ts'
import { JoinGroup } from '../../src/wire/messages/11-join-group.ts'
import { Heartbeat } from '../../src/wire/messages/12-heartbeat.ts'
import { SyncGroup } from '../../src/wire/messages/14-sync-group.ts'
import { DescribeGroups } from '../../src/wire/messages/15-describe-groups.ts'
import { CreateTopics } from '../../src/wire/messages/19-create-topics.ts'
import { OffsetDelete } from '../../src/wire/messages/47-offset-delete.ts'
import {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
} from '../../src/wire/messages/consumer-protocol.ts'
import { BrokerProcess, DEFAULTS } from '../support/broker-process.ts'
import { freePort } from '../support/free-port.ts'
import { end, missingKafka, runTool, startKafka, startZooKeeper } from '../support/kafka.ts'
import { runTool as runOurs } from '../support/run-tool.ts'
import { until } from '../support/until.ts'
import { Wire } from '../support/wire.ts'

type Kind = 'ottla' | 'kafka'

const TOPIC = 'alpha'
const GROUP = 'members'
const SIMPLE = 'no-members'
const HOST = '127.0.0.1'
const SESSION_MS = 300_000

const skip: string | false = missingKafka('3.9')
const directory = mkdtempSync(join(tmpdir(), 'ottla-groups-swap-'))
let zookeeper: ChildProcess | undefined
let zookeeperPort = 0
let port = 0

before(async () => {
  if (skip !== false) return
  zookeeperPort = await freePort()
  port = await freePort()
  zookeeper = startZooKeeper(directory, zookeeperPort)
})

after(async () => {
  if (zookeeper !== undefined) await end(zookeeper, 'SIGKILL')
  rmSync(directory, { recursive: true, force: true })
})

/** Runs with that broker on the story's directory and its chroot in the one ZooKeeper. */
async function withBroker<T>(kind: Kind, story: string, run: () => Promise<T>): Promise<T> {
  const settings = { 'zookeeper.connect': `${HOST}:${zookeeperPort}/${story}` }
  const home = join(directory, story)
  if (kind === 'ottla') {
    const broker = await BrokerProcess.start(home, settings, port)
    return runAndEnd(run, broker.child)
  }
  const { 'ottla.http.listeners': _, 'ottla.zookeeper.listeners': __, ...common } = DEFAULTS
  const logs = { 'log.dirs': join(home, 'logs') }
  const kafka = await startKafka(home, port, { ...common, ...logs, ...settings })
  return runAndEnd(run, kafka)
}

async function runAndEnd<T>(run: () => Promise<T>, broker: ChildProcess): Promise<T> {
  try {
    return await run()
  } finally {
    await end(broker)
  }
}

const connect = (): Promise<Wire> => Wire.open({ host: HOST, port })

async function untilCoordinated(wire: Wire): Promise<void> {
  for (const groupId of [GROUP, SIMPLE]) {
    await until(async () => {
      await wire.ask(FindCoordinator, 3, { key: groupId, keyType: 0 })
      const { groups } = await wire.ask(OffsetFetch, 8, { groups: [{ groupId, topics: null }] })
      return groups[0]?.errorCode === 0
    }, `a coordinator of ${groupId}`)
  }
}

async function createTopic(wire: Wire): Promise<void> {
  const shape = { numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] }
  await until(async () => {
    const request = { topics: [{ name: TOPIC, ...shape }], timeoutMs: 10_000 }
    const { topics } = await wire.ask(CreateTopics, 7, request)
    return topics[0]?.errorCode === 0
  }, `topic ${TOPIC}`)
}

interface Member {
  readonly memberId: string
  readonly instanceId: string
  readonly generationId: number
}

/** A static member, alone in its group, with two of the three partitions. */
async function settle(wire: Wire, memberId = ''): Promise<Member> {
  const instanceId = 'first'
  const joined = await wire.ask(JoinGroup, 9, {
    groupId: GROUP,
    sessionTimeoutMs: SESSION_MS,
    rebalanceTimeoutMs: SESSION_MS,
    memberId,
    groupInstanceId: instanceId,
    protocolType: 'consumer',
    protocols: [
      {
        name: 'range',
        metadata: ConsumerProtocolSubscription.encodeVersioned(0, {
          topics: [TOPIC],
          userData: Buffer.from('user data'),
        }),
      },
    ],
    reason: null,
  })
  assert.equal(joined.errorCode, 0)
  const assignedPartitions = [{ topic: TOPIC, partitions: [0, 2] }]
  const assignment = ConsumerProtocolAssignment.encodeVersioned(0, {
    assignedPartitions,
    userData: null,
  })
  const { generationId } = joined
  const synced = await wire.ask(SyncGroup, 5, {
    groupId: GROUP,
    generationId,
    memberId: joined.memberId,
    groupInstanceId: instanceId,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: [{ memberId: joined.memberId, assignment }],
  })
  assert.equal(synced.errorCode, 0)
  return { memberId: joined.memberId, instanceId, generationId }
}

interface Commit {
  readonly offset: number
  readonly metadata: string
  readonly partition?: number
  readonly leaderEpoch?: number
}

async function commit(wire: Wire, groupId: string, what: Commit, member?: Member): Promise<void> {
  const partition = {
    partitionIndex: what.partition ?? 0,
    committedOffset: what.offset,
    committedLeaderEpoch: what.leaderEpoch ?? -1,
    committedMetadata: what.metadata,
  }
  const { topics } = await wire.ask(OffsetCommit, 9, {
    groupId,
    generationIdOrMemberEpoch: member?.generationId ?? -1,
    memberId: member?.memberId ?? '',
    groupInstanceId: member?.instanceId ?? null,
    topics: [{ name: TOPIC, partitions: [partition] }],
  })
  assert.equal(topics[0]?.partitions[0]?.errorCode, 0)
}

async function beat(wire: Wire, member: Member, generationId = member.generationId) {
  const { errorCode } = await wire.ask(Heartbeat, 4, {
    groupId: GROUP,
    generationId,
    memberId: member.memberId,
    groupInstanceId: member.instanceId,
  })
  return errorCode
}

/** All that clients can ask about the groups. */
async function seen(wire: Wire) {
  const { groups } = await wire.ask(DescribeGroups, 5, {
    groups: [GROUP, SIMPLE],
    includeAuthorizedOperations: true,
  })
  const wanted = [GROUP, SIMPLE].map((groupId) => ({ groupId, topics: null }))
  const offsets = await wire.ask(OffsetFetch, 8, { groups: wanted, requireStable: true })
  const byIndex = (a: { partitionIndex: number }, b: { partitionIndex: number }): number =>
    a.partitionIndex - b.partitionIndex
  const committed = offsets.groups.map(({ topics, ...rest }) => ({
    ...rest,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.toSorted(byIndex),
    })),
  }))
  return { groups, committed }
}

const REPORTS = [
  ['--list', '--state'],
  ['--describe', '--all-groups', '--offsets'],
  ['--describe', '--all-groups', '--members', '--verbose'],
  ['--describe', '--all-groups', '--state'],
] as const

/** Hash maps have no order. */
function sorted(output: string): string {
  return output.split('\n').toSorted().join('\n')
}

/** What Java's tool prints, and ours as well. */
async function printed(): Promise<string[]> {
  const main = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand'
  const reports: string[] = []
  for (const report of REPORTS) {
    const args = ['--bootstrap-server', `${HOST}:${port}`, ...report]
    const { code, stdout } = await runTool('3.9', main, args)
    assert.equal(code, 0, stdout)
    const ours = await runOurs(['consumer-groups', ...args])
    // The scripts of 3.9 leave the topic out of an assignment; those before and after it do not.
    assert.equal(sorted(ours.stdout.replaceAll(`${TOPIC}(`, '(')), sorted(stdout))
    reports.push(sorted(stdout))
  }
  return reports
}

async function begin(): Promise<Member> {
  using wire = await connect()
  await createTopic(wire)
  await untilCoordinated(wire)
  const member = await settle(wire)
  await commit(wire, GROUP, { offset: 41, metadata: '' }, member)
  await commit(wire, GROUP, { offset: 42, metadata: 'where é ended', leaderEpoch: 0 }, member)
  await commit(wire, SIMPLE, { offset: 7, metadata: 'by hand', partition: 1 })
  await commit(wire, SIMPLE, { offset: 8, metadata: '', partition: 2 })
  await deleteOffset(wire)
  return member
}

/** Leaves a tombstone behind. */
async function deleteOffset(wire: Wire): Promise<void> {
  const topics = [{ name: TOPIC, partitions: [{ partitionIndex: 2 }] }]
  const { errorCode } = await wire.ask(OffsetDelete, 0, { groupId: SIMPLE, topics })
  assert.equal(errorCode, 0)
}

/** The member goes on with its id and generation, and joins again. */
async function goOn(member: Member, offset: number): Promise<Member> {
  using wire = await connect()
  assert.equal(await beat(wire, member), 0)
  assert.equal(await beat(wire, member, member.generationId - 1), 22)
  await commit(wire, GROUP, { offset, metadata: `at ${offset}`, partition: 2 }, member)
  const again = await settle(wire, member.memberId)
  assert.deepEqual(again, { ...member, generationId: member.generationId + 1 })
  await commit(wire, SIMPLE, { offset, metadata: `at ${offset}`, partition: 0, leaderEpoch: 0 })
  return again
}

async function view() {
  using wire = await connect()
  await untilCoordinated(wire)
  return { seen: await seen(wire), printed: await printed() }
}

async function swap(story: string, [first, second]: readonly [Kind, Kind]): Promise<void> {
  const started = await withBroker(first, story, async () => {
    const member = await begin()
    return { member, view: await view() }
  })
  assert.equal(started.view.seen.groups[0]?.groupState, 'Stable')
  assert.match(started.view.printed[1] ?? '', /members +alpha +0 +42 +0 +-42 +first-/)
  const moved = await withBroker(second, story, async () => {
    assert.deepEqual(await view(), started.view)
    const member = await goOn(started.member, 100)
    return { member, view: await view() }
  })
  await withBroker(first, story, async () => {
    assert.deepEqual(await view(), moved.view)
    await goOn(moved.member, 200)
  })
}

test('from Apache Kafka to ours and back', { skip }, () => swap('theirs', ['kafka', 'ottla']))

test('from ours to Apache Kafka and back', { skip }, () => swap('ours', ['ottla', 'kafka']))
