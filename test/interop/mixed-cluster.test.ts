// Apache Kafka 3.9 and this project's brokers in one cluster with Apache's ZooKeeper. Under an
// idempotent producer with acks=all each broker is swapped for one of the other kind, on its own
// directory, and back again: either kind leads, follows and controls, and no record is lost.
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Admin } from '../../src/client/admin.ts'
import { KafkaClient } from '../../src/client/kafka-client.ts'
import { Producer } from '../../src/client/producer.ts'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { BrokerProcess } from '../support/broker-process.ts'
import { freePort } from '../support/free-port.ts'
import { end, missingKafka, startKafka, startZooKeeper } from '../support/kafka.ts'
import { readBack } from '../support/read-back.ts'
import { pause, until } from '../support/until.ts'

type Kind = 'ottla' | 'kafka'

const TOPIC = 'orders'
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
      'group.initial.rebalance.delay.ms': '0',
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
  const kindOf = (id: number): Kind => places[id - 1]?.kind ?? 'kafka'
  const leaders = new Set<Kind>()
  const controllers = new Set<Kind>()
  const healthy = (): Promise<void> =>
    until(
      async () => {
        try {
          await client.refresh([])
          if (client.brokers.length < places.length || client.controllerId < 1) return false
          const [topic] = await new Admin(client).describeTopics([TOPIC])
          const partitions = topic?.partitions ?? []
          for (const { leader } of partitions) if (leader > 0) leaders.add(kindOf(leader))
          controllers.add(kindOf(client.controllerId))
          return partitions.every(({ leader, isr }) => leader > 0 && isr.length === places.length)
        } catch {
          return false
        }
      },
      'all replicas in sync',
      PATIENCE_MS,
    )
  await healthy()
  const configs = { 'min.insync.replicas': '2' }
  const topic = { name: TOPIC, partitions: 1, replicationFactor: 3, configs }
  assert.equal((await new Admin(client).createTopics([topic]))[0]?.errorCode, 0)

  const producer = new Producer(client, { acks: -1, idempotent: true, requestTimeoutMs: 5_000 })
  const failures: unknown[] = []
  let sent = 0
  let acknowledged = 0
  let isProducing = true
  const producing = (async () => {
    const waiting: Promise<void>[] = []
    while (isProducing) {
      const value = Buffer.from(String(sent++))
      waiting.push(
        producer.send({ topic: TOPIC, partition: 0, value }).then(
          () => void (acknowledged += 1),
          (error: unknown) => void failures.push(error),
        ),
      )
      await pause(2)
    }
    await Promise.all(waiting)
  })()
  for (const isBack of [false, true]) {
    for (const [index, place] of places.entries()) {
      await healthy()
      const before = acknowledged
      await place.stop()
      await until(() => acknowledged > before + 50, 'records meanwhile', PATIENCE_MS)
      const first = FIRST[index] ?? 'ottla'
      const other = first === 'kafka' ? 'ottla' : 'kafka'
      await place.start(isBack ? first : other)
    }
  }
  await healthy()
  isProducing = false
  await producing
  const [described] = await new Admin(client).describeTopics([TOPIC])
  const leader = places.find(({ id }) => id === described?.partitions[0]?.leader)
  await producer.close()
  client.close()
  const records = await readBack({ host: '127.0.0.1', port: leader?.port ?? 0 }, TOPIC, 0)
  await Promise.all(places.map((place) => place.stop()))
  await end(zookeeper, 'SIGKILL')

  assert.deepEqual(failures, [])
  const all = Array.from({ length: sent }, (_, number) => String(number))
  assert.deepEqual(
    records.map(({ value }) => value),
    all,
  )
  assert.deepEqual([...leaders].toSorted(), ['kafka', 'ottla'])
  assert.deepEqual([...controllers].toSorted(), ['kafka', 'ottla'])
})
