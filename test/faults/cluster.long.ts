// Three brokers as processes under an idempotent producer with acks=all: whichever is killed,
// stopped or frozen, every acknowledged record is there in the end, in order, once.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Admin } from '../../src/client/admin.ts'
import { KafkaClient } from '../../src/client/kafka-client.ts'
import { Producer } from '../../src/client/producer.ts'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { BrokerProcess } from '../support/broker-process.ts'
import { readBack } from '../support/read-back.ts'
import { pause, until } from '../support/until.ts'
import { ZooKeeperProcess } from '../support/zookeeper-process.ts'

const TOPIC = 'orders'
const IDS = [1, 2, 3] as const
const SESSION_MS = 4_000
/** Longer than a session may take to run out. */
const PATIENCE_MS = 30_000
const RECORDS_BETWEEN = 300
const directory = mkdtempSync(join(tmpdir(), 'ottla-cluster-'))

after(() => rmSync(directory, { recursive: true, force: true }))

class Cluster {
  readonly brokers = new Map<number, BrokerProcess>()
  readonly zookeeper: ZooKeeperProcess

  private constructor(zookeeper: ZooKeeperProcess) {
    this.zookeeper = zookeeper
  }

  static async start(): Promise<Cluster> {
    const cluster = new Cluster(await ZooKeeperProcess.start(join(directory, 'zookeeper')))
    await Promise.all(
      IDS.map(async (id) => {
        const settings = {
          'broker.id': String(id),
          'zookeeper.connect': cluster.zookeeper.connect,
          'zookeeper.session.timeout.ms': String(SESSION_MS),
          'offsets.topic.replication.factor': '3',
          'replica.lag.time.max.ms': '5000',
        }
        const broker = await BrokerProcess.start(join(directory, `broker-${id}`), settings)
        cluster.brokers.set(id, broker)
      }),
    )
    return cluster
  }

  get bootstrap(): string {
    return [...this.brokers.values()].map(({ bootstrap }) => bootstrap).join(',')
  }

  of(id: number): BrokerProcess {
    const broker = this.brokers.get(id)
    assert(broker !== undefined, `broker ${id}`)
    return broker
  }

  async restart(id: number): Promise<void> {
    this.brokers.set(id, await this.of(id).again())
  }

  async stop(): Promise<void> {
    await Promise.all([...this.brokers.values()].map((broker) => broker.stop()))
    await this.zookeeper.stop()
  }
}

/** Who leads the partition and who controls, once all three replicas are in sync. */
async function healthy(client: KafkaClient): Promise<{ leader: number; controller: number }> {
  let leader = -1
  await until(
    async () => {
      try {
        await client.refresh([])
        const [topic] = await new Admin(client).describeTopics([TOPIC])
        const [partition] = topic?.partitions ?? []
        leader = partition?.leader ?? -1
        return leader > 0 && partition?.isr.length === IDS.length && client.controllerId > 0
      } catch {
        return false
      }
    },
    'three replicas in sync',
    PATIENCE_MS,
  )
  return { leader, controller: client.controllerId }
}

test('no record is lost or doubled, whichever broker is killed, stopped or frozen', async () => {
  const cluster = await Cluster.start()
  const platform = nodePlatform()
  const client = new KafkaClient({ platform, bootstrap: cluster.bootstrap, clientId: 'faults' })
  const configs = { 'min.insync.replicas': '2' }
  await until(async () => {
    await client.refresh([])
    return client.brokers.length === IDS.length
  }, 'three brokers')
  const topic = { name: TOPIC, partitions: 1, replicationFactor: 3, configs }
  assert.equal((await new Admin(client).createTopics([topic]))[0]?.errorCode, 0)

  const producer = new Producer(client, { acks: -1, idempotent: true, requestTimeoutMs: 3_000 })
  const acknowledged: { offset: number; value: string }[] = []
  const failures: unknown[] = []
  let sent = 0
  let isProducing = true
  const producing = (async () => {
    const waiting: Promise<void>[] = []
    while (isProducing) {
      const value = String(sent++)
      const sending = producer.send({ topic: TOPIC, partition: 0, value: Buffer.from(value) }).then(
        ({ offset }) => void acknowledged.push({ offset, value }),
        (error: unknown) => void failures.push(error),
      )
      waiting.push(sending)
      if (waiting.length % 5 === 0) await pause(2)
    }
    await Promise.all(waiting)
  })()
  const goesOn = async (what: string): Promise<void> => {
    const before = acknowledged.length
    const isOn = (): boolean => acknowledged.length > before + RECORDS_BETWEEN
    await until(isOn, `records after ${what}`, PATIENCE_MS)
  }
  const follower = ({ leader, controller }: { leader: number; controller: number }): number =>
    IDS.find((id) => id !== leader && id !== controller) ?? 0

  const rounds: [string, (state: { leader: number; controller: number }) => Promise<void>][] = [
    ['SIGKILL of the leader', ({ leader }) => killed(leader)],
    ['SIGKILL of the controller', ({ controller }) => killed(controller)],
    ['SIGKILL of a follower', (state) => killed(follower(state))],
    ['SIGTERM of the leader', ({ leader }) => stopped(leader)],
    ['SIGSTOP of the leader', ({ leader }) => frozen(leader)],
  ]
  const killed = async (id: number): Promise<void> => {
    await cluster.of(id).kill()
    await goesOn('a kill')
    await cluster.restart(id)
  }
  const stopped = async (id: number): Promise<void> => {
    await cluster.of(id).stop()
    await goesOn('a stop')
    await cluster.restart(id)
  }
  const frozen = async (id: number): Promise<void> => {
    cluster.of(id).child.kill('SIGSTOP')
    await goesOn('a freeze')
    cluster.of(id).child.kill('SIGCONT')
  }
  for (const [what, fault] of rounds) {
    await goesOn(`the start of ${what}`)
    await fault(await healthy(client))
  }
  const { leader } = await healthy(client)
  isProducing = false
  await producing
  await producer.close()
  client.close()

  assert.deepEqual(failures, [])
  const records = await readBack({ host: '127.0.0.1', port: cluster.of(leader).port }, TOPIC, 0)
  const all = Array.from({ length: sent }, (_, index) => String(index))
  assert.deepEqual(
    records.map(({ value }) => value),
    all,
  )
  const byOffset = new Map(records.map(({ offset, value }) => [offset, value]))
  for (const { offset, value } of acknowledged) assert.equal(byOffset.get(offset), value)
  await cluster.stop()
})
