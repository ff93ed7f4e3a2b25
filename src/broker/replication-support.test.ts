// What the tests of produce, fetch and replication share: brokers made of the real handlers, replicas
// and logs in one simulated world, which reach each other by plain calls. A stand-in for the
// controller says who leads.
import type { TestCluster } from './replication-cluster.test.ts'
import { join } from 'node:path'
import type { Api, RequestInput, Response } from '../codec/api.ts'
import { LogContext } from '../log/log-context.ts'
import { Log } from '../log/log.ts'
import type { Logs } from '../log/logs.ts'
import { logConfig } from '../log/support.test.ts'
import { MetadataCache } from '../metadata/metadata-cache.ts'
import type { ConnectionPeer, RequestContext } from '../network/request-context.ts'
import type { Partition } from '../replication/partition.ts'
import type { ThrottleSide } from '../replication/replication-throttle.ts'
import { Replicas } from '../replication/replicas.ts'
import { allowEverything } from '../security/authorizer.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { Metrics } from '../telemetry/metrics.ts'
import type { SimulatedPlatform } from '../testing/simulated/simulated-world.ts'
import { Produce } from '../wire/messages/00-produce.ts'
import { Fetch } from '../wire/messages/01-fetch.ts'
import * as batch from '../wire/records/batch.ts'
import { buildBatch } from '../wire/records/build-batch.ts'
import type { BatchInput } from '../wire/records/build-batch.ts'
import { readRecords } from '../wire/records/read-records.ts'
import { ZERO_UUID } from '../wire/uuid.ts'
import type { HandlerContext } from './handler-context.ts'
import type { Handler } from './handler.ts'
import { fetchHandler } from './handlers/01-fetch.ts'
import { produceHandler } from './handlers/00-produce.ts'

export const TOPIC = 'flights'
export const TOPIC_ID = 'KzViUmG_TMKfn45LG0aAbQ'

const settings: Readonly<Record<string, unknown>> = {
  'max.incremental.fetch.session.cache.slots': 1000,
  'replica.selector.class': null,
  'replica.lag.time.max.ms': 30_000,
  'num.replica.alter.log.dirs.threads': 1,
  'num.replica.fetchers': 1,
  'replication.quota.window.num': 11,
  'replication.quota.window.size.seconds': 1,
  'replica.fetch.wait.max.ms': 500,
  'replica.fetch.min.bytes': 1,
  'replica.fetch.response.max.bytes': 10_485_760,
  'replica.fetch.max.bytes': 1_048_576,
  'replica.fetch.backoff.ms': 1000,
  'fetch.max.bytes': 57_671_680,
  'request.timeout.ms': 30_000,
}

const topicDefaults = {
  minInsyncReplicas: 1,
  leaderReplicationThrottledReplicas: [],
  followerReplicationThrottledReplicas: [],
  messageDownconversionEnable: true,
}

type TopicOverrides = Parameters<typeof logConfig>[0]

type DirectoryListener = (
  directory: string,
  lost: readonly { topic: string; partition: number }[],
) => void

/** The logs of one broker, of which a test may keep some over a restart. */
class TestLogs {
  readonly byName = new Map<string, Log>()
  readonly checkpoints = new Map<string, number>()
  readonly deleted: string[] = []
  readonly #context: LogContext
  readonly #overrides: TopicOverrides
  #onFailure: DirectoryListener = () => {}

  constructor(platform: SimulatedPlatform, overrides: TopicOverrides) {
    this.#context = new LogContext({ platform, logger: silentLogger })
    this.#overrides = overrides
  }

  get(topic: string, partition: number): Log | undefined {
    return this.byName.get(`${topic}-${partition}`)
  }

  getOrCreate(topic: string, partition: number, topicId: string | undefined): Log {
    const name = `${topic}-${partition}`
    const log =
      this.byName.get(name) ??
      Log.create(this.#context, {
        topic,
        partition,
        directory: join('/data', name),
        topicId,
        config: this.#config,
      })
    this.byName.set(name, log)
    return log
  }

  /** As after a restart of the process that left these files. */
  async load(topic: string, partition: number): Promise<void> {
    const name = `${topic}-${partition}`
    const log = await Log.load(this.#context, {
      topic,
      partition,
      directory: join('/data', name),
      config: this.#config,
      recoveryPoint: 0,
      logStartOffset: 0,
      hadCleanShutdown: false,
    })
    this.byName.set(name, log)
  }

  /** Nothing moves between directories here. */
  getFuture(): undefined {}

  deleteFuture(): Promise<void> {
    return Promise.resolve()
  }

  delete(topic: string, partition: number): Promise<void> {
    this.byName.delete(`${topic}-${partition}`)
    this.deleted.push(`${topic}-${partition}`)
    return Promise.resolve()
  }

  highWatermarkCheckpoint(topic: string, partition: number): number {
    return this.checkpoints.get(`${topic}-${partition}`) ?? 0
  }

  onDirectoryFailure(listener: DirectoryListener): void {
    this.#onFailure = listener
  }

  failDirectory(): void {
    const lost = [...this.byName.values()].map(({ topic, partition }) => ({ topic, partition }))
    this.byName.clear()
    this.#onFailure('/data', lost)
  }

  get #config() {
    return logConfig({ ...topicDefaults, ...this.#overrides })
  }
}

export interface Answer<A> {
  readonly body: Response<A> | undefined
  readonly closed: boolean
}

const peer: ConnectionPeer = {
  id: 'test',
  listenerName: 'PLAINTEXT',
  securityProtocol: 'PLAINTEXT',
  clientAddress: '127.0.0.1',
  clientPort: 50_000,
  localAddress: '127.0.0.1',
  localPort: 9092,
  principal: 'User:ANONYMOUS',
  isClosed: false,
}

export function openConnection() {
  const closed = Promise.withResolvers<never>()
  closed.promise.catch(() => {})
  return { peer: { ...peer, isClosed: false }, closed }
}

export interface TestBrokerOptions {
  readonly settings?: Readonly<Record<string, unknown>>
  readonly topic?: Readonly<Record<string, unknown>>
  readonly throttleRate?: (side: ThrottleSide) => number
}

export class TestBroker {
  readonly id: number
  readonly platform: SimulatedPlatform
  readonly logs: TestLogs
  readonly metadata = new MetadataCache('test-cluster')
  readonly replicas: Replicas
  readonly context: HandlerContext
  readonly cluster: TestCluster
  epoch = 1

  constructor(cluster: TestCluster, id: number, platform: SimulatedPlatform) {
    this.cluster = cluster
    this.id = id
    this.platform = platform
    const { options } = cluster
    this.logs = new TestLogs(platform, options.topic)
    const all: Readonly<Record<string, unknown>> = { ...settings, ...options.settings }
    const config = { get: (name: string) => all[name] } as never
    this.replicas = new Replicas({
      brokerId: id,
      config,
      platform,
      logger: silentLogger,
      metrics: new Metrics(),
      logs: this.logs as unknown as Logs,
      metadata: this.metadata,
      isrWriter: { propose: (change, done) => cluster.propose(id, change, done) },
      leaders: cluster.connectorFor(id),
      brokerEpoch: () => this.epoch,
      throttleRate: options.throttleRate ?? (() => Infinity),
    })
    this.context = {
      brokerId: id,
      clusterId: 'test-cluster',
      config,
      clock: platform.clock,
      random: platform.random,
      logger: silentLogger,
      authorizer: allowEverything,
      logs: this.logs as unknown as Logs,
      replicas: this.replicas,
      metadata: this.metadata,
      unadvertisedListeners: new Set(),
    } as unknown as HandlerContext
  }

  /** Sends a request through encoding, handler and decoding, as a connection would. */
  call<A extends Api>(
    api: A,
    handler: Handler,
    version: number,
    input: RequestInput<A>,
    connection: ConnectionPeer = peer,
  ): Promise<Answer<A>> {
    const body = api.request.encode(version, input as never)
    return new Promise((resolve) => {
      const request: RequestContext = {
        apiKey: api.key,
        apiVersion: version,
        correlationId: 1,
        clientId: 'test',
        connection,
        receivedMs: 0,
        body,
        bodyPosition: 0,
        reply: (segments) => {
          const frame = Buffer.concat(segments)
          const start = 8 + api.responseHeaderVersion(version)
          resolve({ body: api.response.decode(version, frame, start) as never, closed: false })
        },
        finishWithoutReply: () => resolve({ body: undefined, closed: false }),
        closeConnection: () => resolve({ body: undefined, closed: true }),
      }
      handler.handle(this.context, request)
    })
  }

  partition(index = 0): Partition {
    const partition = this.replicas.get(TOPIC, index)
    if (partition === undefined) throw new Error(`broker ${this.id} has no ${TOPIC}-${index}`)
    return partition
  }

  log(index = 0): Log {
    const log = this.logs.get(TOPIC, index)
    if (log === undefined) throw new Error(`broker ${this.id} has no log of ${TOPIC}-${index}`)
    return log
  }

  produce(values: readonly string[], options: ProduceInput = {}) {
    const { acks = -1, version = 9, timeoutMs = 10_000, partition = 0, ...input } = options
    return this.call(Produce, produceHandler, version, {
      transactionalId: null,
      acks,
      timeoutMs,
      topicData: [
        { name: TOPIC, partitionData: [{ index: partition, records: batchOf(values, input) }] },
      ],
    }).then(({ body }) => {
      const answer = body?.responses[0]?.partitionResponses[0]
      if (answer === undefined) throw new Error('no answer')
      return answer
    })
  }

  /** Values from `offset` on, as a consumer of version 12 sees them. */
  async consume(offset = 0, options: FetchInput = {}) {
    const answer = await this.fetch(offset, options)
    return { ...answer, values: valuesOf(answer.records, offset) }
  }

  async fetch(offset: number, options: FetchInput = {}) {
    const { version = 12, ...input } = options
    const { body } = await this.call(Fetch, fetchHandler, version, fetchRequest(offset, input))
    const answer = body?.responses[0]?.partitions[0]
    if (answer === undefined) throw new Error(`no answer (error ${body?.errorCode})`)
    return answer
  }
}

export interface ProduceInput extends Partial<BatchInput> {
  readonly acks?: number
  readonly version?: number
  readonly timeoutMs?: number
  readonly partition?: number
}

export interface FetchInput {
  readonly version?: number
  readonly replicaId?: number
  readonly replicaEpoch?: number
  readonly maxWaitMs?: number
  readonly minBytes?: number
  readonly maxBytes?: number
  readonly partitionMaxBytes?: number
  readonly isolationLevel?: number
  readonly currentLeaderEpoch?: number
  readonly lastFetchedEpoch?: number
  readonly rackId?: string
}

export function fetchRequest(offset: number, input: FetchInput = {}): RequestInput<typeof Fetch> {
  const { replicaId = -1, replicaEpoch = -1, maxWaitMs = 0, minBytes = 1 } = input
  return {
    replicaId,
    replicaState: { replicaId, replicaEpoch },
    maxWaitMs,
    minBytes,
    maxBytes: input.maxBytes ?? 1_048_576,
    isolationLevel: input.isolationLevel ?? 0,
    rackId: input.rackId ?? '',
    topics: [
      {
        topic: TOPIC,
        topicId: TOPIC_ID,
        partitions: [
          {
            partition: 0,
            currentLeaderEpoch: input.currentLeaderEpoch ?? -1,
            fetchOffset: offset,
            lastFetchedEpoch: input.lastFetchedEpoch ?? -1,
            partitionMaxBytes: input.partitionMaxBytes ?? 1_048_576,
          },
        ],
      },
    ],
    forgottenTopicsData: [],
  }
}

export function batchOf(values: readonly string[], input: Partial<BatchInput> = {}): Buffer {
  return buildBatch({
    records: values.map((value) => ({
      key: Buffer.from('k'),
      value: Buffer.from(value),
      timestamp: 1_700_000_000_000,
    })),
    ...input,
  })
}

export function valuesOf(records: Buffer | null, fromOffset = 0): string[] {
  const values: string[] = []
  if (records === null) return values
  for (let p = 0; p < records.length; p += batch.sizeInBytes(records, p)) {
    for (const { offset, value } of readRecords(records, p)) {
      if (offset >= fromOffset) values.push(value?.toString() ?? '')
    }
  }
  return values
}

/** Every value in a broker's log, beyond the high watermark too. */
export async function logValues(log: Log): Promise<string[]> {
  const read = await log.read({
    fetchOffset: log.logStartOffset,
    maxBytes: 10_000_000,
    minOneBatch: true,
  })
  return valuesOf(Buffer.concat(read.segments), log.logStartOffset)
}

export { ZERO_UUID }
