// The end of a deletion: what a topic has in ZooKeeper goes, whatever it has there.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CONTROLLER_EPOCH,
  deleteTopicPath,
  partitionPath,
  PERSISTENT_PATHS,
  statePath,
  topicConfigPath,
  topicPath,
} from '../metadata/znode-paths.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { simulatedPlatform } from '../testing/simulated/simulated-world.ts'
import { ZooKeeperClient } from '../zookeeper/client.ts'
import { ZooKeeperServer } from '../zookeeper/server.ts'
import { BrokerQueues } from './broker-queues.ts'
import { ControllerContext, Partition, Topic } from './context.ts'
import { GuardedStore } from './guarded-store.ts'
import { PartitionStates } from './partition-states.ts'
import { ReplicaStates } from './replica-states.ts'
import { Term } from './term.ts'
import { TopicDeletion } from './topic-deletion.ts'

const BROKER_ID = 1
const { clock, ...platform } = simulatedPlatform({ seed: 1 })

async function connect(): Promise<ZooKeeperClient> {
  const server = await ZooKeeperServer.start({
    platform: { ...platform, clock },
    logger: silentLogger,
    directory: '/zk',
  })
  const client = await ZooKeeperClient.connect({
    platform: { ...platform, clock },
    logger: silentLogger,
    connect: { open: () => server.connectInProcess() },
    sessionTimeoutMs: 6_000,
    connectionTimeoutMs: 1_000,
  })
  for (const path of PERSISTENT_PATHS) await client.createRecursive(path)
  await client.create(CONTROLLER_EPOCH, Buffer.from('1'))
  return client
}

function refuse(): never {
  throw new Error('no broker is asked here')
}

function termOver(client: ZooKeeperClient): Term {
  const channel = {
    addBroker: refuse,
    removeBroker: refuse,
    leaderAndIsr: refuse,
    stopReplica: refuse,
    updateMetadata: refuse,
  }
  const events = { onResponse: refuse, onOverflow: refuse }
  return new Term({
    context: new ControllerContext(BROKER_ID, 1, 0),
    store: new GuardedStore(client, 0),
    queues: new BrokerQueues({ channel, clock, logger: silentLogger, ...events }),
    clock,
    logger: silentLogger,
    settings: refuse,
    statistics: { uncleanElections: 0 },
  })
}

/** A topic that waits for the end of its deletion, with its nodes. */
async function topicWith(client: ZooKeeperClient, { context }: Term, name: string, count: number) {
  const topic = new Topic(name, undefined)
  for (let index = 0; index < count; index += 1) {
    const replicas = { replicas: [BROKER_ID], adding: [], removing: [] }
    const partition = new Partition(topic, index, replicas)
    topic.partitions.set(index, partition)
    context.setReplicaPhase({ partition, brokerId: BROKER_ID }, 'deletionSuccessful')
    await client.createRecursive(statePath(name, index))
  }
  await client.create(topicConfigPath(name), null)
  await client.create(deleteTopicPath(name), null)
  context.addTopic(topic)
  context.markForDeletion(name)
}

test('topics go with all their nodes, also one that has more of them or fewer', async () => {
  const work = async (): Promise<void> => {
    const client = await connect()
    const term = termOver(client)
    await topicWith(client, term, 'plain', 3)
    await topicWith(client, term, 'annotated', 1)
    await client.create(`${partitionPath('annotated', 0)}/note`, null)
    await topicWith(client, term, 'bare', 1)
    await client.delete(topicConfigPath('bare'))
    await topicWith(client, term, 'large', 1_001)
    const names = ['plain', 'annotated', 'bare', 'large']
    const replicas = new ReplicaStates(term)
    await new TopicDeletion(term, new PartitionStates(term), replicas).resume()
    for (const name of names) {
      for (const path of [topicPath(name), topicConfigPath(name), deleteTopicPath(name)]) {
        assert.equal(await client.exists(path), undefined, path)
      }
    }
    assert.deepEqual([...term.context.topics.keys()], [])
  }
  await clock.resolve(work())
})
