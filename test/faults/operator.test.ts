// What an operator does with a cluster that runs, by the commands: adds a broker and moves partitions
// to it under a throttle, elects leaders, deletes a topic while a replica is away; and a consumer
// that reads from the replica in its rack. The tests go on from each other.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Kafka, logLevel } from 'kafkajs'
import { Admin } from '../../src/client/admin.ts'
import { KafkaClient } from '../../src/client/kafka-client.ts'
import { Producer } from '../../src/client/producer.ts'
import type { PartitionMetadata } from '../../src/client/topic-metadata.ts'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { BrokerProcess } from '../support/broker-process.ts'
import { freePort } from '../support/free-port.ts'
import { runTool } from '../support/run-tool.ts'
import { until } from '../support/until.ts'

const PATIENCE_MS = 60_000
const RACKS = ['a', 'b', 'c', 'd']
const root = mkdtempSync(join(tmpdir(), 'ottla-operator-'))
const brokers = new Map<number, BrokerProcess>()
let zookeeperPort = 0
let httpPort = 0
let client: KafkaClient

async function startBroker(id: number): Promise<void> {
  const where: Record<string, string> =
    id === 1
      ? { 'ottla.zookeeper.listeners': `127.0.0.1:${zookeeperPort}` }
      : { 'zookeeper.connect': `127.0.0.1:${zookeeperPort}` }
  const broker = await BrokerProcess.start(join(root, `broker-${id}`), {
    'broker.id': String(id),
    'broker.rack': RACKS[id - 1] ?? '',
    'replica.selector.class': 'org.apache.kafka.common.replica.RackAwareReplicaSelector',
    'auto.leader.rebalance.enable': 'false',
    'log.segment.delete.delay.ms': '500',
    ...(id === 2 ? { 'ottla.http.listeners': `127.0.0.1:${httpPort}` } : {}),
    ...where,
  })
  brokers.set(id, broker)
}

function broker(id: number): BrokerProcess {
  return brokers.get(id) ?? assert.fail(`broker ${id}`)
}

async function again(id: number): Promise<void> {
  brokers.set(id, await broker(id).again())
}

async function tool(...args: string[]): Promise<string> {
  const bootstrap = broker(1).bootstrap
  const { exitCode, stdout, stderr } = await runTool([...args, '--bootstrap-server', bootstrap])
  assert.equal(exitCode, 0, `${args.join(' ')}: ${stdout}${stderr}`)
  return stdout
}

async function partitionOf(topic: string, index = 0): Promise<PartitionMetadata | undefined> {
  const [described] = await new Admin(client).describeTopics([topic])
  return described?.partitions[index]
}

function untilPartition(
  what: string,
  topic: string,
  isReached: (partition: PartitionMetadata) => boolean,
): Promise<void> {
  return until(
    async () => {
      const partition = await partitionOf(topic)
      return partition !== undefined && isReached(partition)
    },
    what,
    PATIENCE_MS,
  )
}

function plan(name: string, placements: Readonly<Record<string, readonly number[]>>): string {
  const partitions = Object.entries(placements).map(([at, replicas]) => {
    const [topic, partition] = at.split('/')
    return { topic, partition: Number(partition), replicas }
  })
  const file = join(root, `${name}.json`)
  writeFileSync(file, JSON.stringify({ version: 1, partitions }))
  return file
}

before(async () => {
  zookeeperPort = await freePort()
  httpPort = await freePort()
  for (const id of [1, 2, 3]) await startBroker(id)
  const { bootstrap } = broker(1)
  client = await KafkaClient.connect({ platform: nodePlatform(), bootstrap, clientId: 'operator' })
})

after(async () => {
  client.close()
  await Promise.all([...brokers.values()].map((one) => one.kill()))
  rmSync(root, { recursive: true, force: true })
})

async function produce(topic: string, partition: number, values: readonly string[]): Promise<void> {
  const producer = new Producer(client, { acks: -1 })
  const sent = values.map((value) => producer.send({ topic, partition, value: Buffer.from(value) }))
  await Promise.all(sent)
  await producer.close()
}

test('a broker is added, and partitions move to it no faster than the throttle says', async () => {
  await tool('topics', '--create', '--topic', 'orders', '--replica-assignment', '1:2,2:3')
  const values = Array.from({ length: 60 }, () => 'x'.repeat(100_000))
  for (const partition of [0, 1]) await produce('orders', partition, values)
  await startBroker(4)
  const topics = join(root, 'topics.json')
  writeFileSync(topics, JSON.stringify({ version: 1, topics: [{ topic: 'orders' }] }))
  const generate = ['--generate', '--topics-to-move-json-file', topics, '--broker-list', '3,4']
  const proposal = await tool('reassign-partitions', ...generate)
  assert.match(
    proposal,
    /Proposed partition reassignment configuration\n\{.*"replicas":\[[34],[34]\]/,
  )

  const file = plan('move', { 'orders/0': [4, 2], 'orders/1': [4, 3] })
  const move = ['--reassignment-json-file', file]
  await tool('reassign-partitions', '--execute', ...move, '--throttle', '1')
  // The first answers go through before there is a rate; then everything stands still.
  assert.match(
    await tool('reassign-partitions', '--list'),
    /orders-0: replicas: 4,2,1. adding: 4. removing: 1./,
  )
  assert.match(
    await tool('reassign-partitions', '--verify', ...move),
    /orders-0 is still in progress/,
  )
  const limits = await tool(
    'configs',
    '--describe',
    '--entity-type',
    'topics',
    '--entity-name',
    'orders',
  )
  assert.match(limits, /leader.replication.throttled.replicas=0:1,0:2,1:2,1:3 /)
  assert.match(limits, /follower.replication.throttled.replicas=0:4,1:4 /)
  await tool('reassign-partitions', '--execute', '--additional', ...move, '--throttle', '100000000')
  await until(
    async () =>
      /orders-1 is completed/.test(await tool('reassign-partitions', '--verify', ...move)),
    'the move to end',
    PATIENCE_MS,
  )
  await untilPartition('both in sync', 'orders', ({ isr }) => isr.length === 2 && isr.includes(4))
  const cleared = await tool(
    'configs',
    '--describe',
    '--entity-type',
    'topics',
    '--entity-name',
    'orders',
  )
  assert.doesNotMatch(cleared, /throttled/)
})

test('a move is cancelled, and the replicas are those from before', async () => {
  const file = plan('cancelled', { 'orders/0': [3, 1] })
  const move = ['--reassignment-json-file', file]
  await tool('reassign-partitions', '--execute', ...move, '--throttle', '1')
  await tool('reassign-partitions', '--cancel', ...move)
  const partition = await partitionOf('orders')
  assert.deepEqual(partition?.replicas, [4, 2])
  assert.match(await tool('reassign-partitions', '--list'), /No partition reassignments found/)
})

test('partitions are added, and replicas', async () => {
  await tool('topics', '--alter', '--topic', 'orders', '--partitions', '3')
  assert.equal((await new Admin(client).describeTopics(['orders']))[0]?.partitions.length, 3)
  const file = plan('wider', { 'orders/0': [4, 2, 1] })
  await tool('reassign-partitions', '--execute', '--reassignment-json-file', file)
  await untilPartition('three in sync', 'orders', ({ isr }) => isr.length === 3)
})

test('the preferred replica is elected again after a restart', async () => {
  const elect = [
    'leader-election',
    '--election-type',
    'preferred',
    '--topic',
    'orders',
    '--partition',
    '0',
  ]
  await tool(...elect)
  await untilPartition('the preferred leader', 'orders', ({ leader }) => leader === 4)
  await broker(4).stop()
  await untilPartition('another leader', 'orders', ({ leader }) => leader > 0 && leader !== 4)
  await again(4)
  await untilPartition('all in sync', 'orders', ({ isr }) => isr.length === 3)
  assert.notEqual((await partitionOf('orders'))?.leader, 4)
  await tool(...elect)
  await untilPartition('the preferred leader', 'orders', ({ leader }) => leader === 4)
})

test('an unclean leader is elected when the operator says so, and not before', async () => {
  await tool('topics', '--create', '--topic', 'frail', '--replica-assignment', '3:4')
  await produce('frail', 0, ['one'])
  await broker(4).kill()
  await untilPartition('one in sync', 'frail', ({ isr }) => isr.length === 1)
  await produce('frail', 0, ['two'])
  await broker(3).kill()
  await again(4)
  await untilPartition('no leader', 'frail', ({ leader }) => leader === -1)
  await tool(
    'leader-election',
    '--election-type',
    'unclean',
    '--topic',
    'frail',
    '--partition',
    '0',
  )
  await untilPartition('the unclean leader', 'frail', ({ leader }) => leader === 4)
  await again(3)
  await untilPartition('both in sync', 'frail', ({ isr }) => isr.length === 2)
})

test('a topic that is deleted while a replica is away goes there when it is back', async () => {
  const at = (id: number): string => join(broker(id).logs, 'orders-0')
  await untilPartition('all in sync', 'orders', ({ isr }) => isr.length === 3)
  await broker(4).kill()
  await tool('topics', '--delete', '--topic', 'orders')
  await until(() => !existsSync(at(1)) && !existsSync(at(2)), 'the others to delete it')
  assert(existsSync(at(4)))
  await again(4)
  await until(() => !existsSync(at(4)), 'the returned broker to delete it', PATIENCE_MS)
  await until(async () => !(await tool('topics', '--list')).includes('orders'), 'it to be gone')
})

test('a consumer reads from the replica in its rack', async () => {
  await tool('topics', '--create', '--topic', 'near', '--replica-assignment', '1:2')
  const kafka = new Kafka({ brokers: [broker(1).bootstrap], logLevel: logLevel.NOTHING })
  const consumer = kafka.consumer({ groupId: 'near', rackId: 'b', maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topic: 'near', fromBeginning: true })
  const values: string[] = []
  await consumer.run({
    eachMessage: async ({ message }) => void values.push(String(message.value)),
  })
  const sentByFollower = async (): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text()
    const line = /^kafka_server_brokertopicmetrics_bytesout_total\{topic="near".*\} (\d+)/m.exec(
      text,
    )
    return Number(line?.[1] ?? 0)
  }
  for (let round = 0; round < 20 && (await sentByFollower()) === 0; round += 1) {
    await produce('near', 0, [`value-${round}`])
    await until(() => values.length === round + 1, 'the record')
  }
  assert((await sentByFollower()) > 0)
  assert.deepEqual(
    values,
    values.map((_, round) => `value-${round}`),
  )
  await consumer.disconnect()
})
