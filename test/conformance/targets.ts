// What the conformance suite asks: this project's broker, in this process; or, with
// OTTLA_CONFORMANCE_KAFKA=1, the real Apache Kafka 3.9, so that the suite is itself checked. A file
// of tests shares one broker, so each test makes topics and groups of its own.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import type { Api } from '../../src/codec/api.ts'
import { silentLogger, type Logger } from '../../src/telemetry/logger.ts'
import { startBroker } from '../../src/testing/start-broker.ts'
import { Metadata } from '../../src/wire/messages/03-metadata.ts'
import { CreateTopics } from '../../src/wire/messages/19-create-topics.ts'
import { freePort } from '../support/free-port.ts'
import { end, missingKafka, startKafka, startZooKeeper } from '../support/kafka.ts'
import { until } from '../support/until.ts'
import { Wire } from '../support/wire.ts'

export const BROKER_ID = 1
export const MAX_IDLE_MS = 4_000

const SETTINGS = {
  'broker.id': String(BROKER_ID),
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '5',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
  'connections.max.idle.ms': String(MAX_IDLE_MS),
  'broker.rack': 'rack-1',
}

export interface Target {
  readonly name: 'ottla' | 'kafka'
  readonly host: string
  readonly port: number
}

interface Running extends Target {
  stop(): Promise<void>
}

const complaints: string[] = []
const logger: Logger = {
  ...silentLogger,
  warn: (message) => complaints.push(message),
  error: (message) => complaints.push(message),
  named: () => logger,
}

async function startOurs(): Promise<Running> {
  const broker = await startBroker({ settings: SETTINGS, logger })
  return { name: 'ottla', host: broker.host, port: broker.port, stop: () => broker.stop() }
}

/** What the broker has complained of since the last call; undefined where its log is not ours. */
export async function takeComplaints(): Promise<string[] | undefined> {
  return (await theTarget()).name === 'ottla' ? complaints.splice(0) : undefined
}

async function startTheirs(): Promise<Running> {
  assert.equal(missingKafka('3.9'), false)
  const directory = mkdtempSync(join(tmpdir(), 'ottla-conformance-'))
  const [port, zookeeperPort] = [await freePort(), await freePort()]
  const zookeeper = startZooKeeper(directory, zookeeperPort)
  const kafka = await startKafka(directory, port, {
    ...SETTINGS,
    'log.dirs': join(directory, 'logs'),
    'zookeeper.connect': `127.0.0.1:${zookeeperPort}`,
  })
  await untilCreates(port)
  const stop = async (): Promise<void> => {
    await end(kafka, 'SIGKILL')
    await end(zookeeper, 'SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
  return { name: 'kafka', host: '127.0.0.1', port, stop }
}

/** For a moment after its start, Apache Kafka's controller knows of no broker that is alive. */
async function untilCreates(port: number): Promise<void> {
  using wire = await Wire.open({ host: '127.0.0.1', port })
  const topic = {
    name: 'probe',
    numPartitions: 1,
    replicationFactor: 1,
    assignments: [],
    configs: [],
  }
  await until(async () => {
    const { topics } = await wire.ask(CreateTopics, 7, { topics: [topic], validateOnly: true })
    return topics[0]?.errorCode === 0
  }, 'a controller that knows of its broker')
}

const start = process.env['OTTLA_CONFORMANCE_KAFKA'] === '1' ? startTheirs : startOurs
let running: Promise<Running> | undefined

after(async () => {
  await (await running)?.stop()
})

/** The broker under test; it is started when first asked for. */
export async function theTarget(): Promise<Target> {
  running ??= start()
  return running
}

/** A new connection to the broker under test. */
export async function connectRaw(): Promise<Wire> {
  return Wire.open(await theTarget())
}

/** One request over a connection of its own. */
export async function ask<Q, QI, S, SI>(
  api: Api<Q, QI, S, SI>,
  version: number,
  request: QI,
): Promise<S> {
  using wire = await connectRaw()
  return await wire.ask(api, version, request)
}

export interface NewTopic {
  readonly partitions?: number
  readonly configs?: Readonly<Record<string, string>>
}

/** Creates a topic and waits until it can be written; gives its id. */
export async function createTopic(name: string, options: NewTopic = {}): Promise<string> {
  using wire = await connectRaw()
  const configs = Object.entries(options.configs ?? {}).map(([key, value]) => ({
    name: key,
    value,
  }))
  const { topics } = await wire.ask(CreateTopics, 7, {
    topics: [
      {
        name,
        numPartitions: options.partitions ?? 1,
        replicationFactor: 1,
        assignments: [],
        configs,
      },
    ],
    timeoutMs: 15_000,
  })
  assert.equal(topics[0]?.errorCode, 0, topics[0]?.errorMessage ?? '')
  await untilLed(wire, name)
  return topics[0]?.topicId ?? ''
}

/** Waits until each partition has a leader that the broker knows. */
export async function untilLed(wire: Wire, name: string): Promise<void> {
  await until(async () => {
    const { topics } = await wire.ask(Metadata, 9, {
      topics: [{ name }],
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: false,
    })
    const topic = topics[0]
    return (
      topic?.errorCode === 0 &&
      topic.partitions.length > 0 &&
      topic.partitions.every(({ errorCode }) => errorCode === 0)
    )
  }, `leaders of ${name}`)
}

/** Every version that an API has, as `for (const version of versionsOf(Fetch))`. */
export function versionsOf({
  minVersion,
  maxVersion,
}: {
  readonly minVersion: number
  readonly maxVersion: number
}): number[] {
  return Array.from({ length: maxVersion - minVersion + 1 }, (_, index) => minVersion + index)
}

/** Asserts those fields that `expected` names, at every depth; arrays have as many elements. */
export function assertHas(actual: unknown, expected: unknown): void {
  assert.deepEqual(select(actual, expected), expected)
}

function select(actual: unknown, expected: unknown): unknown {
  if (Array.isArray(expected) && Array.isArray(actual)) {
    return actual.map((item: unknown, index) => select(item, expected[index]))
  }
  if (isRecord(expected) && isRecord(actual)) {
    return Object.fromEntries(
      Object.keys(expected).map((key) => [key, select(actual[key], expected[key])]),
    )
  }
  return actual
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Buffer.isBuffer(value)
}
