import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ScriptedCluster } from '../../test/scripted/scripted-cluster.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import { ListOffsets } from '../wire/messages/02-list-offsets.ts'
import { Heartbeat } from '../wire/messages/12-heartbeat.ts'
import { CreateTopics } from '../wire/messages/19-create-topics.ts'
import { Admin } from './admin.ts'
import { CoordinatorKind, KafkaClient } from './kafka-client.ts'

async function connected(cluster: ScriptedCluster): Promise<KafkaClient> {
  const { platform, bootstrap } = cluster
  const options = { platform, bootstrap, clientId: 'test', retry: { totalMs: 5000 } }
  return platform.clock.resolve(KafkaClient.connect(options))
}

function created(name: string, errorCode: number) {
  return { topics: [{ name, errorCode }] }
}

test('knows the brokers after connecting, by way of any that answers', async () => {
  const cluster = await ScriptedCluster.start(3)
  cluster.world.machine('broker-0').kill()
  const client = await connected(cluster)
  assert.deepEqual(
    client.brokers.map(({ id, host }) => [id, host]),
    [
      [0, 'broker-0'],
      [1, 'broker-1'],
      [2, 'broker-2'],
    ],
  )
  assert.equal(client.clusterId, 'scripted')
})

test('rejects when no broker answers', async () => {
  const cluster = await ScriptedCluster.start(1)
  cluster.world.machine('broker-0').kill()
  await assert.rejects(connected(cluster), KafkaError)
})

test('the controller is looked for again when it has moved', async () => {
  const cluster = await ScriptedCluster.start(2)
  const client = await connected(cluster)
  cluster.broker(0).answer(CreateTopics, () => created('t', Errors.NOT_CONTROLLER))
  cluster.broker(1).answer(CreateTopics, () => created('t', Errors.NONE))
  cluster.controllerId = 1
  const admin = new Admin(client)
  const [topic] = await cluster.platform.clock.resolve(admin.createTopics([{ name: 't' }]))
  assert.equal(topic?.errorCode, Errors.NONE)
  assert.equal(client.controllerId, 1)
})

test('a coordinator is asked for once, and again when it has moved', async () => {
  const cluster = await ScriptedCluster.start(2)
  const client = await connected(cluster)
  const { clock } = cluster.platform
  let code: number = Errors.NONE
  cluster.broker(0).answer(Heartbeat, () => ({ errorCode: code }))
  cluster.broker(1).answer(Heartbeat, () => ({ errorCode: Errors.NONE }))
  const question = { groupId: 'g', generationId: 1, memberId: 'm' }
  const { group } = CoordinatorKind
  const beat = () =>
    clock.resolve(
      client.callCoordinator(group, 'g', Heartbeat, question, ({ errorCode }) => errorCode),
    )
  await beat()
  await beat()
  assert.equal(cluster.count('FindCoordinator'), 1)
  code = Errors.NOT_COORDINATOR
  cluster.coordinatorId = 1
  assert.equal((await beat()).errorCode, Errors.NONE)
  assert.equal(cluster.broker(1).count('Heartbeat'), 1)
})

test('a topic is asked for once until it is forgotten', async () => {
  const cluster = await ScriptedCluster.start(1)
  cluster.topics.set('t', [0, 0])
  const client = await connected(cluster)
  const { clock } = cluster.platform
  const before = cluster.count('Metadata')
  await clock.resolve(client.topic('t'))
  await clock.resolve(client.partition('t', 1))
  assert.equal(cluster.count('Metadata'), before + 1)
  client.forgetTopic('t')
  await clock.resolve(client.topic('t'))
  assert.equal(cluster.count('Metadata'), before + 2)
})

test('unknown topics and partitions, and those without a leader', async () => {
  const cluster = await ScriptedCluster.start(1)
  cluster.topics.set('t', [-1])
  const client = await connected(cluster)
  const { clock } = cluster.platform
  const codeOf = async (attempt: Promise<unknown>): Promise<number | undefined> => {
    const error = await clock.resolve(attempt).catch((reason: unknown) => reason)
    return error instanceof KafkaError ? error.code : undefined
  }
  assert.equal(await codeOf(client.topic('gone')), Errors.UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal(await codeOf(client.partition('t', 1)), Errors.UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal(await codeOf(client.partition('t', 0)), Errors.LEADER_NOT_AVAILABLE)
})

test('partitions are asked of their leaders, and followed when those move', async () => {
  const cluster = await ScriptedCluster.start(2)
  cluster.topics.set('t', [0, 0, 0])
  const client = await connected(cluster)
  for (const [id, broker] of cluster.brokers.entries()) {
    broker.answer(ListOffsets, ({ topics }) => ({
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex }) => {
          const isLeader = cluster.topics.get(name)?.[partitionIndex] === id
          const errorCode = isLeader ? Errors.NONE : Errors.NOT_LEADER_OR_FOLLOWER
          return { partitionIndex, errorCode, offset: isLeader ? 10 + partitionIndex : -1 }
        }),
      })),
    }))
  }
  const { clock } = cluster.platform
  await clock.resolve(client.topic('t'))
  cluster.topics.set('t', [0, 1, 0])
  const asked = [0, 1, 2].map((partition) => ({ topic: 't', partition, timestamp: -1 }))
  const outcomes = await clock.resolve(new Admin(client).listOffsets(asked))
  outcomes.sort((a, b) => a.partition - b.partition)
  assert.deepEqual(
    outcomes.map(({ offset }) => offset),
    [10, 11, 12],
  )
})

test('what a leader goes on refusing has its error as outcome', async () => {
  const cluster = await ScriptedCluster.start(1)
  cluster.topics.set('t', [0])
  const client = await connected(cluster)
  cluster.broker(0).answer(ListOffsets, () => ({
    topics: [
      {
        name: 't',
        partitions: [{ partitionIndex: 0, errorCode: Errors.NOT_LEADER_OR_FOLLOWER }],
      },
    ],
  }))
  const question = [{ topic: 't', partition: 0, timestamp: -1 }]
  const asked = new Admin(client).listOffsets(question)
  const [outcome] = await cluster.platform.clock.resolve(asked)
  assert.equal(outcome?.errorCode, Errors.NOT_LEADER_OR_FOLLOWER)
  assert.equal(outcome?.offset, -1)
})
