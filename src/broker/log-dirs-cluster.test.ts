// Log directories of brokers in a cluster: a follower's copy moves between them while it replicates,
// and a directory that is lost costs its broker the leaderships there and nothing else.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Admin } from '../client/admin.ts'
import { KafkaClient } from '../client/kafka-client.ts'
import type { Api } from '../codec/api.ts'
import { silentLogger, type Logger } from '../telemetry/logger.ts'
import { startBroker, type TestBroker } from '../testing/start-broker.ts'
import { simulatedPlatform } from '../testing/simulated/simulated-world.ts'
import { Errors } from '../wire/errors.ts'
import { Produce } from '../wire/messages/00-produce.ts'
import { Fetch } from '../wire/messages/01-fetch.ts'
import { Metadata } from '../wire/messages/03-metadata.ts'
import { AlterReplicaLogDirs } from '../wire/messages/34-alter-replica-log-dirs.ts'
import { DescribeLogDirs } from '../wire/messages/35-describe-log-dirs.ts'
import { buildBatch } from '../wire/records/build-batch.ts'
import { readRecords } from '../wire/records/read-records.ts'
import * as batch from '../wire/records/batch.ts'
import { ZooKeeperServer } from '../zookeeper/server.ts'

const ZOOKEEPER = { host: '127.0.0.1', port: 2181 }
const TOPIC = 't'

/** Brokers 1 and 2 with directories /1a, /1b and /2a, /2b, and partitions led by 1. */
class Pair {
  readonly platform = simulatedPlatform({ seed: 7 })
  readonly lines: string[] = []
  readonly brokers = new Map<number, TestBroker>()
  #client: KafkaClient | undefined
  #zookeeper: ZooKeeperServer | undefined

  static async start(): Promise<Pair> {
    const pair = new Pair()
    await pair.#start()
    return pair
  }

  do<Value>(work: Promise<Value>): Promise<Value> {
    return this.platform.clock.resolve(work)
  }

  call<Q, QI, S, SI>(id: number, api: Api<Q, QI, S, SI>, value: QI, max?: number): Promise<S> {
    const bounds = max === undefined ? {} : { max }
    return this.do(this.client.node(id).call(api, value, bounds))
  }

  get client(): KafkaClient {
    assert.ok(this.#client)
    return this.#client
  }

  async #start(): Promise<void> {
    const { platform } = this
    this.#zookeeper = await this.do(
      ZooKeeperServer.start({
        platform,
        logger: silentLogger,
        directory: '/zookeeper',
        listeners: [ZOOKEEPER],
      }),
    )
    const line = (text: string) => void this.lines.push(text)
    const logger: Logger = { ...silentLogger, warn: line, error: line, named: () => logger }
    for (const id of [1, 2]) {
      const settings = {
        'broker.id': String(id),
        'log.dirs': `/${id}a,/${id}b`,
        'zookeeper.connect': `${ZOOKEEPER.host}:${ZOOKEEPER.port}`,
      }
      const options = { platform, logger, directory: `/broker-${id}`, settings }
      this.brokers.set(id, await this.do(startBroker(options)))
    }
    const bootstrap = [...this.brokers.values()].map((one) => one.bootstrap).join(',')
    this.#client = await this.do(KafkaClient.connect({ platform, bootstrap, clientId: 'test' }))
    const assignments = [
      [1, 2],
      [1, 2],
    ]
    const topic = { name: TOPIC, assignments, configs: { 'segment.bytes': '2000' } }
    await this.do(new Admin(this.client).createTopics([topic]))
    await platform.clock.advance(1_000)
  }

  async produce(id: number, value: string, partition = 0): Promise<number> {
    const records = buildBatch({
      records: [{ key: null, value: Buffer.from(value), timestamp: this.platform.clock.nowMs() }],
    })
    const topicData = [{ name: TOPIC, partitionData: [{ index: partition, records }] }]
    const request = { transactionalId: null, acks: -1, timeoutMs: 5_000, topicData }
    const { responses } = await this.call(id, Produce, request, 11)
    return responses[0]?.partitionResponses[0]?.errorCode ?? -1
  }

  async values(id: number, partition = 0): Promise<string[]> {
    const found: string[] = []
    for (let fetchOffset = 0; ;) {
      const partitions = [{ partition, fetchOffset, partitionMaxBytes: 1 << 20 }]
      const topics = [{ topic: TOPIC, partitions }]
      const request = { replicaId: -1, maxWaitMs: 0, minBytes: 0, topics, forgottenTopicsData: [] }
      const { responses } = await this.call(id, Fetch, request, 12)
      const records = responses[0]?.partitions[0]?.records ?? Buffer.alloc(0)
      if (records.length === 0) return found
      for (let p = 0; p < records.length; p += batch.sizeInBytes(records, p)) {
        found.push(...readRecords(records, p).map(({ value }) => String(value)))
        fetchOffset = batch.lastOffset(records, p) + 1
      }
    }
  }

  /** Where a partition lies on a broker, without copies that are under way. */
  async directoryOf(id: number, partition: number): Promise<string | undefined> {
    const { results } = await this.call(id, DescribeLogDirs, { topics: null })
    const holds = ({ topics }: (typeof results)[number]) =>
      topics.some(({ partitions }) =>
        partitions.some((one) => one.partitionIndex === partition && !one.isFutureKey),
      )
    return results.find(holds)?.logDir
  }

  async leaderAndIsr(partition: number): Promise<[number, number[]]> {
    const request = { topics: [{ name: TOPIC }], allowAutoTopicCreation: false }
    const { topics } = await this.call(2, Metadata, request)
    const found = topics[0]?.partitions.find((one) => one.partitionIndex === partition)
    return [found?.leaderId ?? -1, (found?.isrNodes ?? []).toSorted((a, b) => a - b)]
  }

  async stop(id: number): Promise<void> {
    const broker = this.brokers.get(id)
    this.brokers.delete(id)
    if (broker !== undefined) await this.do(broker.broker.close())
  }

  async end(): Promise<void> {
    for (const id of this.brokers.keys()) await this.stop(id)
    this.client.close()
    if (this.#zookeeper !== undefined) await this.do(this.#zookeeper.close())
  }
}

test("a follower's copy moves to another directory while it replicates", async () => {
  const pair = await Pair.start()
  const values: string[] = []
  const produce = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) {
      const value = `${values.length} `.padEnd(150, '.')
      assert.equal(await pair.produce(1, value), Errors.NONE)
      values.push(value)
    }
  }
  await produce(40)
  const from = await pair.directoryOf(2, 0)
  const path = from === '/2a' ? '/2b' : '/2a'
  const dirs = [{ path, topics: [{ name: TOPIC, partitions: [0] }] }]
  const { results } = await pair.call(2, AlterReplicaLogDirs, { dirs })
  assert.equal(results[0]?.partitions[0]?.errorCode, Errors.NONE)
  await produce(40)
  await pair.platform.clock.advance(2_000)
  assert.equal(await pair.directoryOf(2, 0), path)
  assert.deepEqual(await pair.leaderAndIsr(0), [1, [1, 2]])
  await produce(5)
  await pair.stop(1)
  await pair.platform.clock.advance(10_000)
  assert.deepEqual(await pair.leaderAndIsr(0), [2, [2]])
  assert.deepEqual(await pair.values(2), values)
  assert.deepEqual(
    pair.lines.filter((line) => line.startsWith('Cannot copy')),
    [],
  )
  await pair.end()
})

for (const code of ['EIO', 'EROFS', 'ENOSPC']) {
  test(`${code} in one directory: its leaderships move, the other directory goes on`, async () => {
    const pair = await Pair.start()
    const [lost, kept] = [await pair.directoryOf(1, 0), await pair.directoryOf(1, 1)]
    assert.notEqual(lost, kept)
    for (const partition of [0, 1]) assert.equal(await pair.produce(1, 'before', partition), 0)
    const { disk } = pair.platform
    for (const operation of ['write', 'sync', 'open', 'rename', 'syncDirectory'] as const) {
      disk.faults.failNext(operation, code, { path: `${lost}/`, times: Infinity })
    }
    assert.notEqual(await pair.produce(1, 'refused', 0), Errors.NONE)
    await pair.platform.clock.advance(5_000)
    const [leader, isr] = await pair.leaderAndIsr(0)
    assert.equal(leader, 2)
    assert.deepEqual(isr, [2])
    assert.deepEqual((await pair.leaderAndIsr(1))[0], 1)
    assert.equal(await pair.produce(2, 'after', 0), Errors.NONE)
    assert.equal(await pair.produce(1, 'after', 1), Errors.NONE)
    // What was refused may be there: it was on its way to the follower.
    const found = (await pair.values(2, 0)).filter((value) => value !== 'refused')
    assert.deepEqual(found, ['before', 'after'])
    assert.deepEqual(await pair.values(1, 1), ['before', 'after'])
    const told = pair.lines.filter((line) => line.includes(`${lost} `) || line.endsWith(lost ?? ''))
    assert.equal(told.length, 1, pair.lines.join('\n'))
    await pair.end()
  })
}
