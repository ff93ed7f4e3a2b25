// Brokers and ZooKeepers of both makers, in every pairing that users have: ours on an Apache
// ensemble whose members die, Apache Kafka on our server, and one data directory that both use.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Admin } from '../../src/client/admin.ts'
import { KafkaClient } from '../../src/client/kafka-client.ts'
import { Producer } from '../../src/client/producer.ts'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { startBroker } from '../../src/testing/start-broker.ts'
import { ZooKeeperClient } from '../../src/zookeeper/client.ts'
import { ZooKeeperServer } from '../../src/zookeeper/server.ts'
import { freePort } from '../support/free-port.ts'
import { end, missingKafka, startKafka, startZooKeeper } from '../support/kafka.ts'
import { readBack } from '../support/read-back.ts'
import { pause, until } from '../support/until.ts'
import { ZooKeeperEnsemble } from '../support/zookeeper-ensemble.ts'

const HOST = '127.0.0.1'
/** More of them for a longer run. */
const KILLS = Number(process.env['OTTLA_KILLS'] ?? 6)
const KILL_EVERY_MS = 2_500
const skip: string | false = missingKafka('3.9')
const platform = nodePlatform()
const directory = mkdtempSync(join(tmpdir(), 'ottla-zookeeper-brokers-'))

after(() => rmSync(directory, { recursive: true, force: true }))

function zookeeperClient(connect: string): Promise<ZooKeeperClient> {
  return ZooKeeperClient.connect({
    platform,
    logger: silentLogger,
    connect,
    sessionTimeoutMs: 10_000,
    connectionTimeoutMs: 60_000,
  })
}

function kafkaClient(bootstrap: string): Promise<KafkaClient> {
  return KafkaClient.connect({ platform, bootstrap, clientId: 'user' })
}

/** Makes topics and records until it is stopped; every failure is kept. */
class Load {
  readonly #client: KafkaClient
  readonly #producer: Producer
  readonly #admin: Admin
  readonly topics: string[] = []
  records = 0
  #stopped = false
  readonly #done: Promise<unknown>

  private constructor(client: KafkaClient) {
    this.#client = client
    this.#producer = new Producer(client)
    this.#admin = new Admin(client)
    this.#done = this.#run()
    // Told by `stop`; until then nobody listens.
    this.#done.catch(() => {})
  }

  static async start(port: number): Promise<Load> {
    return new Load(await kafkaClient(`${HOST}:${port}`))
  }

  /** Rejects with what went wrong under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#done
    await this.#producer.close()
    this.#client.close()
  }

  async #run(): Promise<void> {
    await this.#createTopic('records')
    await Promise.all([this.#produce(), this.#createTopics()])
  }

  async #produce(): Promise<void> {
    while (!this.#stopped) {
      await this.#producer.send({
        topic: 'records',
        partition: 0,
        value: Buffer.from(String(this.records)),
      })
      this.records++
    }
  }

  async #createTopics(): Promise<void> {
    while (!this.#stopped) {
      await this.#createTopic(`topic-${this.topics.length}`)
      await pause(100)
    }
  }

  /** Made already is made: the answer to the first request may have been lost. */
  async #createTopic(name: string): Promise<void> {
    const [outcome] = await this.#admin.createTopics([
      { name, partitions: 2, replicationFactor: 1 },
    ])
    assert.ok([0, 36].includes(outcome?.errorCode ?? -1), `${name}: ${outcome?.errorMessage}`)
    this.topics.push(name)
  }
}

async function valuesOf(port: number): Promise<(string | null)[]> {
  const found = await readBack({ host: HOST, port }, 'records', 0)
  return found.map(({ value }) => value)
}

function upTo(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index))
}

test(
  'two clusters in one Apache ensemble keep their sessions and serve while its members are killed',
  { skip },
  async () => {
    const ensemble = await ZooKeeperEnsemble.start(join(directory, 'ensemble'), 3)
    try {
      const watcher = await zookeeperClient(ensemble.connect)
      const start = (chroot: string) =>
        startBroker({ settings: { 'zookeeper.connect': ensemble.connect + chroot } })
      await using left = await start('/pipeline')
      await using right = await start('/orders')
      assert.notEqual(left.broker.clusterId, right.broker.clusterId)
      const clusters = [
        { chroot: '/pipeline', port: left.port, load: await Load.start(left.port) },
        { chroot: '/orders', port: right.port, load: await Load.start(right.port) },
      ]
      const owners = () =>
        Promise.all(
          clusters.map(async ({ chroot }) => {
            const stat = await watcher.exists(`${chroot}/brokers/ids/1`)
            return stat?.ephemeralOwner
          }),
        )
      const sessions = await owners()
      for (let kill = 0; kill < KILLS; kill++) {
        await pause(KILL_EVERY_MS / 2)
        await ensemble.killMember(kill % ensemble.size)
        await pause(KILL_EVERY_MS / 2)
        ensemble.startMember(kill % ensemble.size)
      }
      await Promise.all(clusters.map(({ load }) => load.stop()))
      assert.deepEqual(await owners(), sessions)
      for (const { chroot, port, load } of clusters) {
        const topics = await watcher.children(`${chroot}/brokers/topics`)
        assert.deepEqual(topics.toSorted(), load.topics.toSorted())
        assert.deepEqual(await valuesOf(port), upTo(load.records))
        assert.ok(load.topics.length > KILLS, `${load.topics.length} topics were made`)
      }
      await watcher.close()
    } finally {
      await ensemble.stop()
    }
  },
)

test(
  'an Apache Kafka broker works under load on our server, and outlives its restart',
  { skip },
  async () => {
    const port = await freePort()
    const options = {
      platform,
      logger: silentLogger,
      directory: join(directory, 'ours'),
      listeners: [{ host: HOST, port: 0 }],
    }
    let server = await ZooKeeperServer.start(options)
    const listeners = [{ host: HOST, port: server.ports[0] ?? 0 }]
    const connect = `${HOST}:${listeners[0]?.port}`
    const kafka = await startKafka(join(directory, 'kafka'), port, {
      'broker.id': '1',
      'zookeeper.connect': `${connect}/apache`,
      'log.dirs': join(directory, 'kafka', 'logs'),
      'offsets.topic.replication.factor': '1',
    })
    try {
      const load = await Load.start(port)
      await until(() => load.topics.length > 10, 'ten topics', 60_000)
      const before = load.topics.length
      await server.close()
      server = await ZooKeeperServer.start({ ...options, listeners })
      await until(() => load.topics.length > before + 10, 'ten topics more', 60_000)
      await load.stop()
      assert.deepEqual(await valuesOf(port), upTo(load.records))
      const watcher = await zookeeperClient(`${connect}/apache`)
      const topics = await watcher.children('/brokers/topics')
      assert.deepEqual(topics.toSorted(), load.topics.toSorted())
      await watcher.close()
    } finally {
      await end(kafka, 'SIGKILL')
      await server.close()
    }
  },
)

/** What a user would miss: ids of cluster and topics, settings, records. */
async function inventory(port: number, tree: ZooKeeperClient): Promise<unknown> {
  const topics: Record<string, unknown> = {}
  for (const name of (await tree.children('/brokers/topics')).toSorted()) {
    const { data } = await tree.get(`/brokers/topics/${name}`)
    const { data: config } = await tree.get(`/config/topics/${name}`)
    topics[name] = [data?.toString(), config?.toString()]
  }
  const { data: clusterId } = await tree.get('/cluster/id')
  return { clusterId: clusterId?.toString(), topics, records: await valuesOf(port) }
}

test(
  'a broker outgrows its embedded server, moves to Apache ZooKeeper, and back',
  { skip },
  async () => {
    const home = join(directory, 'grown')
    const embeddedPort = await freePort()
    const embedded = { 'ottla.zookeeper.listeners': `${HOST}:${embeddedPort}` }

    const run = async (settings: Record<string, string>, at: string, topic: string) => {
      await using broker = await startBroker({ directory: home, settings })
      const tree = await zookeeperClient(at)
      const found = topic === 'records' ? undefined : await inventory(broker.port, tree)
      const client = await kafkaClient(broker.bootstrap)
      const configs = { 'retention.ms': '86400000' }
      await new Admin(client).createTopics([
        { name: topic, partitions: 1, replicationFactor: 1, configs },
      ])
      const producer = new Producer(client)
      await producer.send({ topic: 'records', partition: 0, value: Buffer.from(topic) })
      await producer.close()
      client.close()
      const left = await inventory(broker.port, tree)
      await tree.close()
      return { found, left }
    }

    const first = await run(embedded, `${HOST}:${embeddedPort}`, 'records')
    const port = await freePort()
    const apache = startZooKeeper(home, port)
    let second
    try {
      await (await zookeeperClient(`${HOST}:${port}`)).close()
      second = await run({ 'zookeeper.connect': `${HOST}:${port}` }, `${HOST}:${port}`, 'moved')
    } finally {
      await end(apache, 'SIGKILL')
    }
    assert.deepEqual(second.found, first.left)
    const third = await run(embedded, `${HOST}:${embeddedPort}`, 'back')
    assert.deepEqual(third.found, second.left)
  },
)
