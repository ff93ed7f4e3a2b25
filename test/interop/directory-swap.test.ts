// One data directory, used in turn by this project's broker and by Apache Kafka 3.9, after clean
// stops and after kill -9: records, offsets, epochs and producers go on, and Kafka's own tool finds
// no fault in what we wrote. The ZooKeeper is Apache's, so that only the broker is another one.
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { Produce } from '../../src/wire/messages/00-produce.ts'
import { ListOffsets } from '../../src/wire/messages/02-list-offsets.ts'
import { CreateTopics } from '../../src/wire/messages/19-create-topics.ts'
import { DeleteRecords } from '../../src/wire/messages/21-delete-records.ts'
import { buildBatch } from '../../src/wire/records/build-batch.ts'
import { Compression } from '../../src/wire/records/compression.ts'
import { ZooKeeperClient } from '../../src/zookeeper/client.ts'
import { BrokerProcess, DEFAULTS } from '../support/broker-process.ts'
import { freePort } from '../support/free-port.ts'
import {
  end,
  kafkaLog,
  missingKafka,
  runTool,
  startKafka,
  startZooKeeper,
  untilServing,
} from '../support/kafka.ts'
import { readBack, type ReadRecord } from '../support/read-back.ts'
import { until } from '../support/until.ts'
import { Wire } from '../support/wire.ts'

type Kind = 'ottla' | 'kafka'
interface Running {
  stop(): Promise<void>
  kill(): Promise<void>
}

const HOST = '127.0.0.1'
const TOPIC = 'orders'
const PARTITION = `${TOPIC}-0`
/** Small segments, so that there are several. */
const SEGMENT_BYTES = '4000'
const SESSION_TIMEOUT_MS = '3000'

const skip: string | false = missingKafka('3.9')
const root = mkdtempSync(join(tmpdir(), 'ottla-swap-'))
let zookeeper: ChildProcess | undefined
let zookeeperPort = 0
let port = 0

before(async () => {
  if (skip !== false) return
  zookeeperPort = await freePort()
  port = await freePort()
  zookeeper = startZooKeeper(root, zookeeperPort)
})

after(async () => {
  if (zookeeper !== undefined) await end(zookeeper, 'SIGKILL')
  rmSync(root, { recursive: true, force: true })
})

let running: Running | undefined

afterEach(() => running?.kill())

async function start(kind: Kind, story: string): Promise<Running> {
  running = await startOf(kind, story)
  return running
}

async function startOf(kind: Kind, story: string): Promise<Running> {
  const home = join(root, story)
  const settings = {
    'zookeeper.connect': `${HOST}:${zookeeperPort}/${story}`,
    'zookeeper.session.timeout.ms': SESSION_TIMEOUT_MS,
  }
  if (kind === 'ottla') return BrokerProcess.start(home, settings, port)
  const { 'ottla.http.listeners': _, 'ottla.zookeeper.listeners': __, ...common } = DEFAULTS
  const logs = { 'log.dirs': join(home, 'logs') }
  const child = await startKafka(home, port, { ...common, ...logs, ...settings })
  return { stop: () => end(child), kill: () => end(child, 'SIGKILL') }
}

const logDirectory = (story: string): string => join(root, story, 'logs')
const connect = (): Promise<Wire> => Wire.open({ host: HOST, port })

/** The next broker may not take the place of one whose session lives: not even after kill -9. */
async function untilForgotten(story: string): Promise<void> {
  const client = await ZooKeeperClient.connect({
    platform: nodePlatform(),
    logger: silentLogger,
    connect: `${HOST}:${zookeeperPort}`,
    sessionTimeoutMs: 10_000,
    connectionTimeoutMs: 10_000,
  })
  const path = `/${story}/brokers/ids/0`
  await until(async () => (await client.exists(path)) === undefined, 'the session to end')
  await client.close()
}

async function createTopic(): Promise<void> {
  using wire = await connect()
  await until(async () => {
    const { topics } = await wire.ask(CreateTopics, 7, {
      topics: [
        {
          name: TOPIC,
          numPartitions: 1,
          replicationFactor: 1,
          assignments: [],
          configs: [{ name: 'segment.bytes', value: SEGMENT_BYTES }],
        },
      ],
      timeoutMs: 10_000,
    })
    return topics[0]?.errorCode === 0
  }, 'a topic')
}

const PRODUCER_ID = 4_711
const COUNT = 20

/** Batches of every codec, of one idempotent producer whose sequence goes on from broker to broker. */
async function fill(name: string, sequence: number): Promise<string[]> {
  using wire = await connect()
  const values: string[] = []
  for (let index = 0; index < COUNT; index++) {
    const value = `${name}-${index} ${'x'.repeat(200)}`
    const codecs = Object.values(Compression)
    const records = buildBatch({
      records: [
        { key: Buffer.from(`k${index}`), value: Buffer.from(value), timestamp: Date.now() },
      ],
      compression: codecs[index % codecs.length],
      producerId: PRODUCER_ID,
      producerEpoch: 0,
      baseSequence: sequence + index,
    })
    const topicData = [{ name: TOPIC, partitionData: [{ index: 0, records }] }]
    await until(async () => {
      const request = { transactionalId: null, acks: -1, timeoutMs: 5_000, topicData }
      const { responses } = await wire.ask(Produce, 9, request)
      const code = responses[0]?.partitionResponses[0]?.errorCode
      // Not yet the leader, after its start.
      assert(code === 0 || code === 3 || code === 5 || code === 6, `${value}: error ${code}`)
      return code === 0
    }, value)
    values.push(value)
  }
  return values
}

async function endOfLog() {
  using wire = await connect()
  const partitions = [{ partitionIndex: 0, timestamp: -1 }]
  const request = { replicaId: -1, isolationLevel: 0, topics: [{ name: TOPIC, partitions }] }
  const { topics } = await wire.ask(ListOffsets, 7, request)
  return topics[0]?.partitions[0]
}

const values = (records: readonly ReadRecord[]): (string | null)[] =>
  records.map(({ value }) => value)

/** What DumpLogSegments says of every segment and index of the partition. */
async function dump(story: string): Promise<string> {
  const directory = join(logDirectory(story), PARTITION)
  const of = (ending: string): string =>
    readdirSync(directory)
      .filter((name) => name.endsWith(ending))
      .toSorted()
      .map((name) => join(directory, name))
      .join(',')
  const main = 'kafka.tools.DumpLogSegments'
  const tool = 'org.apache.kafka.tools.DumpLogSegments'
  const logs = ['--deep-iteration', '--print-data-log', '--files', of('.log')]
  const indexes = ['--verify-index-only', '--files', `${of('.index')},${of('.timeindex')}`]
  let text = ''
  for (const args of [logs, indexes]) {
    const first = await runTool('3.9', main, args)
    const result = first.code === 0 ? first : await runTool('3.9', tool, args)
    assert.equal(result.code, 0, `${first.stderr}\n${result.stderr}`)
    text += result.stdout
  }
  return text
}

const FAULTS =
  /Mismatches|isvalid: false|isValid: false|not found|Found timestamp mismatch|Found out of order|Could not|corrupt/i

for (const ending of ['stop', 'kill'] as const) {
  for (const kinds of [
    ['ottla', 'kafka', 'ottla'],
    ['kafka', 'ottla', 'kafka'],
  ] as const) {
    const story = `${kinds.join('-')}-${ending}`
    test(`${kinds.join(', ')}: after ${ending} the next goes on`, { skip }, async () => {
      const written: string[] = []
      let newestEpoch = 0
      for (const [index, kind] of kinds.entries()) {
        const broker = await start(kind, story)
        if (index === 0) await createTopic()
        written.push(...(await fill(`${index}-${kind}`, written.length)))
        const records = await readBack({ host: HOST, port }, TOPIC, 0)
        assert.deepEqual(values(records), written)
        assert.deepEqual(
          records.map(({ offset }) => offset),
          [...written.keys()],
        )
        const { leaderEpoch = -1 } = (await endOfLog()) ?? {}
        assert(leaderEpoch >= newestEpoch, `epoch ${leaderEpoch} after ${newestEpoch}`)
        newestEpoch = leaderEpoch
        if (ending === 'stop') await broker.stop()
        else {
          await broker.kill()
          await untilForgotten(story)
        }
      }
      const text = await dump(story)
      assert.doesNotMatch(text, FAULTS)
      assert.equal(text.match(/^\| offset: \d+/gm)?.length, written.length)
      assert.doesNotMatch(kafkaLog(join(root, story)), /ERROR|corrupt/i)
    })
  }
}

test(
  'what was deleted stays deleted, and the mark of a clean stop is understood',
  { skip },
  async () => {
    const story = 'trimmed'
    const first = await start('ottla', story)
    await createTopic()
    const written = await fill('ottla', 0)
    {
      using wire = await connect()
      const partitions = [{ partitionIndex: 0, offset: 7 }]
      await wire.ask(DeleteRecords, 2, { topics: [{ name: TOPIC, partitions }], timeoutMs: 5_000 })
    }
    await first.stop()
    assert(existsSync(join(logDirectory(story), '.kafka_cleanshutdown')))
    const second = await start('kafka', story)
    await fill('kafka', written.length)
    assert.deepEqual(
      values(await readBack({ host: HOST, port }, TOPIC, 0, 7)).slice(0, 13),
      written.slice(7),
    )
    using wire = await connect()
    const request = { replicaId: -1, isolationLevel: 0 }
    const partitions = [{ partitionIndex: 0, timestamp: -2 }]
    const { topics } = await wire.ask(ListOffsets, 7, {
      ...request,
      topics: [{ name: TOPIC, partitions }],
    })
    assert.equal(topics[0]?.partitions[0]?.offset, 7)
    await second.stop()
    const checkpoint = readFileSync(
      join(logDirectory(story), 'log-start-offset-checkpoint'),
      'utf8',
    )
    assert.match(checkpoint, new RegExp(`^${TOPIC} 0 7$`, 'm'))
  },
)

test("Apache Kafka's broker on our ZooKeeper", { skip }, async () => {
  const ours = await BrokerProcess.start(join(root, 'our-zookeeper'), {
    'ottla.zookeeper.listeners': `${HOST}:${await freePort()}`,
  })
  const match = /ZooKeeper is embedded, at 127\.0\.0\.1:(\d+)/
  await until(() => match.test(ours.output), 'the address of our ZooKeeper')
  const [, embedded = ''] = match.exec(ours.output) ?? []
  const theirPort = await freePort()
  const home = join(root, 'on-ours')
  const { 'ottla.http.listeners': _, 'ottla.zookeeper.listeners': __, ...common } = DEFAULTS
  const kafka = await startKafka(home, theirPort, {
    ...common,
    'log.dirs': join(home, 'logs'),
    'zookeeper.connect': `${HOST}:${embedded}/theirs`,
  })
  await untilServing(theirPort, kafka)
  using wire = await Wire.open({ host: HOST, port: theirPort })
  const shape = { numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] }
  await until(async () => {
    const topics = [{ name: TOPIC, ...shape }]
    const answer = await wire.ask(CreateTopics, 7, { topics, timeoutMs: 10_000 })
    return answer.topics[0]?.errorCode === 0
  }, 'a topic of Apache Kafka')
  const record = { key: null, value: Buffer.from('v'), timestamp: Date.now() }
  const partitionData = [{ index: 2, records: buildBatch({ records: [record] }) }]
  const topicData = [{ name: TOPIC, partitionData }]
  await until(async () => {
    const request = { transactionalId: null, acks: -1, timeoutMs: 5_000, topicData }
    const { responses } = await wire.ask(Produce, 9, request)
    return responses[0]?.partitionResponses[0]?.errorCode === 0
  }, 'a record')
  await end(kafka)
  await ours.stop()
  assert.doesNotMatch(kafkaLog(home), /ERROR|FATAL/)
})
