// Apache Kafka 3.9 and this project's brokers in one cluster with Apache's ZooKeeper. Under an
// idempotent producer with acks=all and a group of consumers each broker is swapped for one of the
// other kind, on its own directory, and back again: either kind leads, follows, controls and
// coordinates, and no record is lost.
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Admin } from '../../src/client/admin.ts'
import { KafkaClient } from '../../src/client/kafka-client.ts'
import type { TopicMetadata } from '../../src/client/topic-metadata.ts'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { FindCoordinator } from '../../src/wire/messages/10-find-coordinator.ts'
import { BrokerProcess } from '../support/broker-process.ts'
import { freePort } from '../support/free-port.ts'
import { end, missingKafka, startKafka, startZooKeeper } from '../support/kafka.ts'
import { readBack } from '../support/read-back.ts'
import { GROUP, PARTITIONS, SteadyLoad, TOPIC } from '../support/steady-load.ts'
import { until } from '../support/until.ts'

type Kind = 'ottla' | 'kafka'

const OFFSETS_TOPIC = '__consumer_offsets'
const PATIENCE_MS = 60_000
const FIRST: readonly Kind[] = ['kafka', 'kafka', 'ottla']
const skip: string | false = missingKafka('3.9')
const root = mkdtempSync(join(tmpdir(), 'ottla-mixed-'))

after(() => rmSync(root, { recursive: true, force: true }))

/** A broker's place in the cluster: id, port and directory stay whichever kind runs there. */
class Place {
  readonly id: number
  readonly port: number
  readonly #zookeeper: string
  kind: Kind = 'kafka'
  #child: ChildProcess | undefined

  constructor(id: number, port: number, zookeeper: string) {
    this.id = id
    this.port = port
    this.#zookeeper = zookeeper
  }

  async start(kind: Kind): Promise<void> {
    const directory = join(root, `broker-${this.id}`)
    const settings = {
      'broker.id': String(this.id),
      'log.dirs': join(directory, 'logs'),
      'zookeeper.connect': this.#zookeeper,
      'zookeeper.session.timeout.ms': '6000',
      'offsets.topic.replication.factor': '3',
      'replica.lag.time.max.ms': '10000',
      'offsets.topic.num.partitions': '3',
      'group.initial.rebalance.delay.ms': '0',
      'group.min.session.timeout.ms': '1000',
      'leader.imbalance.check.interval.seconds': '3',
      'leader.imbalance.per.broker.percentage': '0',
    }
    this.kind = kind
    this.#child =
      kind === 'kafka'
        ? await startKafka(directory, this.port, settings)
        : (await BrokerProcess.start(directory, settings, this.port)).child
  }

  async stop(): Promise<void> {
    if (this.#child !== undefined) await end(this.#child)
  }
}

/** Which kinds were seen in each role. */
class Roles {
  readonly leaders = new Set<Kind>()
  readonly followers = new Set<Kind>()
  readonly controllers = new Set<Kind>()
  readonly coordinators = new Set<Kind>()
}

class MixedCluster {
  readonly roles = new Roles()
  readonly #places: readonly Place[]
  readonly #client: KafkaClient

  constructor(places: readonly Place[], client: KafkaClient) {
    this.#places = places
    this.#client = client
  }

  #kindOf(id: number): Kind {
    return this.#places[id - 1]?.kind ?? assert.fail(`broker ${id}`)
  }

  portOf(id: number): number {
    return this.#places[id - 1]?.port ?? assert.fail(`broker ${id}`)
  }

  async ready(): Promise<void> {
    const isReady = async (): Promise<boolean> => {
      await this.#client.refresh([])
      return this.#client.brokers.length === this.#places.length && this.#client.controllerId > 0
    }
    await until(isReady, 'three brokers', PATIENCE_MS)
  }

  /** All replicas are in sync, the first of each leads; and who does what is noted. */
  async balanced(): Promise<readonly TopicMetadata[]> {
    let topics: readonly TopicMetadata[] = []
    await until(
      async () => {
        try {
          topics = await new Admin(this.#client).describeTopics([TOPIC, OFFSETS_TOPIC])
        } catch {
          return false
        }
        const partitions = topics.flatMap((topic) => topic.partitions)
        const areBalanced = partitions.every(
          ({ leader, isr, replicas }) =>
            leader === replicas[0] && isr.length === this.#places.length,
        )
        return topics.length === 2 && areBalanced && this.#client.controllerId > 0
      },
      'all replicas in sync and balanced',
      PATIENCE_MS,
    )
    await this.#note(topics)
    return topics
  }

  async #note(topics: readonly TopicMetadata[]): Promise<void> {
    const { leaders, followers, controllers, coordinators } = this.roles
    for (const { leader, replicas } of topics.flatMap((topic) => topic.partitions)) {
      leaders.add(this.#kindOf(leader))
      for (const id of replicas) if (id !== leader) followers.add(this.#kindOf(id))
    }
    controllers.add(this.#kindOf(this.#client.controllerId))
    const question = { key: GROUP, keyType: 0, coordinatorKeys: [GROUP] }
    const isFound = async (): Promise<boolean> => {
      const found = await this.#client.call(FindCoordinator, question)
      const { errorCode, nodeId } = found.coordinators[0] ?? found
      if (errorCode === 0) coordinators.add(this.#kindOf(nodeId))
      return errorCode === 0
    }
    await until(isFound, 'a coordinator', PATIENCE_MS)
  }
}

test('each broker is swapped for one of the other kind and back under load', { skip }, async () => {
  const zookeeperPort = await freePort()
  const zookeeper = startZooKeeper(root, zookeeperPort)
  const places: Place[] = []
  for (const id of [1, 2, 3]) {
    places.push(new Place(id, await freePort(), `127.0.0.1:${zookeeperPort}`))
  }
  await Promise.all(places.map((place, index) => place.start(FIRST[index] ?? 'ottla')))
  const bootstrap = places.map(({ port }) => `127.0.0.1:${port}`).join(',')
  const client = new KafkaClient({ platform: nodePlatform(), bootstrap, clientId: 'mixed' })
  const cluster = new MixedCluster(places, client)
  await cluster.ready()
  const configs = { 'min.insync.replicas': '2' }
  const topic = { name: TOPIC, partitions: PARTITIONS, replicationFactor: 3, configs }
  assert.equal((await new Admin(client).createTopics([topic]))[0]?.errorCode, 0)

  const load = new SteadyLoad(bootstrap)
  for (const isBack of [false, true]) {
    for (const [index, place] of places.entries()) {
      await cluster.balanced()
      const { acknowledged, consumed } = load
      await place.stop()
      const isOn = (): boolean =>
        load.acknowledged > acknowledged + 200 && load.consumed > consumed + 200
      await until(isOn, 'records meanwhile', PATIENCE_MS)
      const first = FIRST[index] ?? 'ottla'
      const other = first === 'kafka' ? 'ottla' : 'kafka'
      await place.start(isBack ? first : other)
    }
  }
  const [orders] = await cluster.balanced()
  await load.end(PATIENCE_MS)
  client.close()
  assert.deepEqual(load.failures, [])
  for (const { partition, leader } of orders?.partitions ?? []) {
    const address = { host: '127.0.0.1', port: cluster.portOf(leader) }
    load.check(partition, await readBack(address, TOPIC, partition))
  }
  await Promise.all(places.map((place) => place.stop()))
  await end(zookeeper, 'SIGKILL')
  for (const [role, kinds] of Object.entries(cluster.roles)) {
    assert.deepEqual(kinds, new Set<Kind>(['kafka', 'ottla']), role)
  }
})
