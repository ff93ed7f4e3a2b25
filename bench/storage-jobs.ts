// What a load generator does to logs: fills them, deletes topics, waits for the cleaner, looks up times.
import { pause } from './pause.ts'
import { ListOffsets } from '../src/wire/messages/02-list-offsets.ts'
import { Metadata } from '../src/wire/messages/03-metadata.ts'
import { Produce } from '../src/wire/messages/00-produce.ts'
import { DeleteTopics } from '../src/wire/messages/20-delete-topics.ts'
import { DescribeLogDirs } from '../src/wire/messages/35-describe-log-dirs.ts'
import { IncrementalAlterConfigs } from '../src/wire/messages/44-incremental-alter-configs.ts'
import { encodeRequest } from '../src/wire/messages/headers.ts'
import { buildBatch } from '../src/wire/records/build-batch.ts'
import { call, createTopic } from './cluster-calls.ts'
import { CLIENT_ID, framed, PRODUCE_VERSION, produceFrames } from './frames.ts'
import { Samples } from './histogram.ts'
import type { JobResult } from './jobs.ts'
import { RawConnection } from './raw-connection.ts'
import { cpuSeconds } from './procfs.ts'

interface Common {
  readonly port: number
  readonly pids: readonly number[]
  readonly topic: string
}

export interface FillJob extends Common {
  readonly kind: 'fill'
  readonly partitions: number
  readonly bytes: number
  readonly batchBytes: number
  /** Records get a key out of so many; 0: none. */
  readonly keys: number
  /** Between the timestamps of batches. */
  readonly stepMs: number
  readonly topicConfigs: Readonly<Record<string, string>>
}

/** One record to each partition of the topics `TOPIC-0` and so on, made by a job `topics`. */
export interface TouchJob extends Common {
  readonly kind: 'touch'
  readonly topics: number
  readonly partitions: number
}

/** Topics `TOPIC-0` and so on, made by a job `topics`. */
export interface DeleteTopicsJob extends Common {
  readonly kind: 'delete-topics'
  readonly count: number
  readonly topicsPerRequest: number
}

export interface CleanJob extends Common {
  readonly kind: 'clean'
  readonly timeoutMs: number
}

export interface LookUpJob extends Common {
  readonly kind: 'look-up'
  readonly inFlight: number
  readonly fromMs: number
  readonly untilMs: number
  readonly seconds: number
}

export type StorageJob = FillJob | TouchJob | DeleteTopicsJob | CleanJob | LookUpJob

/** The first timestamp of what `fill` writes. */
export const FILLED_FROM_MS = 1_700_000_000_000

export function runStorageJob(job: StorageJob): Promise<JobResult> {
  switch (job.kind) {
    case 'fill':
      return fill(job)
    case 'touch':
      return touch(job)
    case 'delete-topics':
      return deleteTopics(job)
    case 'clean':
      return clean(job)
    default:
      return lookUp(job)
  }
}

const RECORD_BYTES = 1024
const IN_FLIGHT = 4

async function fill(job: FillJob): Promise<JobResult> {
  const connection = await RawConnection.open(job.port)
  await createTopic(connection, job.topic, job.partitions, job.topicConfigs)
  const startedAt = performance.now()
  const cpuBefore = cpuSeconds(job.pids)
  const total = Math.ceil(job.bytes / job.batchBytes)
  let sent = 0
  const pump = async (): Promise<void> => {
    while (sent < total) {
      const number = sent++
      const records = numberedBatch(job, number)
      const index = number % job.partitions
      const frame = encodeRequest(Produce, PRODUCE_VERSION, 0, CLIENT_ID, {
        transactionalId: null,
        acks: 1,
        timeoutMs: 30_000,
        topicData: [{ name: job.topic, partitionData: [{ index, records }] }],
      })
      await connection.request(framed(frame))
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, pump))
  connection.close()
  return {
    work: job.bytes / 1e6,
    seconds: (performance.now() - startedAt) / 1000,
    cpuSeconds: cpuSeconds(job.pids) - cpuBefore,
  }
}

function numberedBatch(job: FillJob, number: number): Buffer {
  const count = Math.max(1, Math.floor(job.batchBytes / RECORD_BYTES))
  const bytes = Math.min(RECORD_BYTES, job.batchBytes)
  const timestamp = FILLED_FROM_MS + number * job.stepMs
  const value = Buffer.alloc(bytes, number)
  const records = Array.from({ length: count }, (_, index) => ({
    key: job.keys === 0 ? null : keyOf((number * count + index) * 2_654_435_761, job.keys),
    value,
    timestamp,
  }))
  return buildBatch({ records })
}

function keyOf(number: number, keys: number): Buffer {
  return Buffer.from(`key-${number % keys}`)
}

async function touch(job: TouchJob): Promise<JobResult> {
  const connection = await RawConnection.open(job.port)
  const cpuBefore = cpuSeconds(job.pids)
  const startedAt = performance.now()
  const records = buildBatch({
    records: [{ key: null, value: Buffer.alloc(100), timestamp: Date.now() }],
  })
  for (let topic = 0; topic < job.topics; topic++) {
    const partitionData = Array.from({ length: job.partitions }, (_, index) => ({ index, records }))
    const answer = await call(connection, Produce, PRODUCE_VERSION, {
      transactionalId: null,
      acks: 1,
      timeoutMs: 60_000,
      topicData: [{ name: `${job.topic}-${topic}`, partitionData }],
    })
    const partitions = answer.responses.flatMap(({ partitionResponses }) => partitionResponses)
    const refused = partitions.find(({ errorCode }) => errorCode !== 0)
    if (refused !== undefined) throw new Error(`refused with error ${refused.errorCode}`)
  }
  connection.close()
  return {
    work: job.topics * job.partitions,
    seconds: (performance.now() - startedAt) / 1000,
    cpuSeconds: cpuSeconds(job.pids) - cpuBefore,
  }
}

/** Until no broker knows them any more. */
async function deleteTopics(job: DeleteTopicsJob): Promise<JobResult> {
  const connection = await RawConnection.open(job.port)
  const cpuBefore = cpuSeconds(job.pids)
  const startedAt = performance.now()
  for (let from = 0; from < job.count; from += job.topicsPerRequest) {
    const length = Math.min(job.topicsPerRequest, job.count - from)
    const topicNames = Array.from({ length }, (_, index) => `${job.topic}-${from + index}`)
    await call(connection, DeleteTopics, 5, { topicNames, timeoutMs: 60_000 })
  }
  for (;;) {
    const { topics } = await call(connection, Metadata, 9, { topics: null })
    if (!topics.some(({ name }) => name?.startsWith(`${job.topic}-`) === true)) break
    await pause(20)
  }
  const seconds = (performance.now() - startedAt) / 1000
  connection.close()
  return { work: job.count, seconds, cpuSeconds: cpuSeconds(job.pids) - cpuBefore }
}

const SETTLED_MS = 1_500

/** Lets the cleaner at a topic that was not compacted before, with one-record requests beside it. */
async function clean(job: CleanJob): Promise<JobResult> {
  const control = await RawConnection.open(job.port)
  const before = await sizeOf(control, job.topic)
  const producing = await produceBeside(job.port)
  const cpuBefore = cpuSeconds(job.pids)
  await alter(control, job.topic, {
    'cleanup.policy': 'compact',
    'min.cleanable.dirty.ratio': '0.01',
  })
  const startedAt = performance.now()
  let size = before
  let changedAt = startedAt
  while (size === before || performance.now() - changedAt < SETTLED_MS) {
    if (performance.now() - startedAt > job.timeoutMs) throw new Error('the cleaner did not finish')
    await pause(20)
    const now = await sizeOf(control, job.topic)
    if (now === size) continue
    size = now
    changedAt = performance.now()
  }
  const latencies = await producing.stop()
  control.close()
  return {
    work: before / 1e6,
    seconds: (changedAt - startedAt) / 1000,
    cpuSeconds: cpuSeconds(job.pids) - cpuBefore,
    p99Ms: latencies.quantile(0.99),
    p999Ms: latencies.quantile(0.999),
    figures: { keptMb: size / 1e6 },
  }
}

async function produceBeside(port: number): Promise<{ stop(): Promise<Samples> }> {
  const connection = await RawConnection.open(port)
  await createTopic(connection, 'beside', 1)
  const frames = produceFrames(
    'beside',
    1,
    { recordBytes: 100, batchBytes: 100, compression: 0 },
    -1,
    -1,
  )
  const latencies = new Samples()
  let isOver = false
  const work = (async () => {
    while (!isOver) {
      const sentAt = performance.now()
      await connection.request(frames.next(0))
      latencies.add(performance.now() - sentAt)
      await pause(2)
    }
  })()
  return {
    async stop() {
      isOver = true
      await work
      connection.close()
      return latencies
    },
  }
}

async function sizeOf(connection: RawConnection, topic: string): Promise<number> {
  const { results } = await call(connection, DescribeLogDirs, 2, { topics: null })
  const partitions = results.flatMap(({ topics }) =>
    topics.filter(({ name }) => name === topic).flatMap(({ partitions: all }) => all),
  )
  return partitions.reduce((sum, { partitionSize }) => sum + partitionSize, 0)
}

async function alter(
  connection: RawConnection,
  topic: string,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const configs = Object.entries(settings).map(([name, value]) => ({
    name,
    value,
    configOperation: 0,
  }))
  await call(connection, IncrementalAlterConfigs, 1, {
    resources: [{ resourceType: 2, resourceName: topic, configs }],
    validateOnly: false,
  })
}

async function lookUp(job: LookUpJob): Promise<JobResult> {
  const connection = await RawConnection.open(job.port)
  const latencies = new Samples()
  let isOver = false
  let seed = 1
  const pump = async (): Promise<void> => {
    while (!isOver) {
      seed = (seed * 48_271) % 2_147_483_647
      const timestamp = job.fromMs + Math.floor((seed / 2_147_483_647) * (job.untilMs - job.fromMs))
      const sentAt = performance.now()
      const answer = await call(connection, ListOffsets, 5, {
        replicaId: -1,
        isolationLevel: 0,
        topics: [{ name: job.topic, partitions: [{ partitionIndex: 0, timestamp }] }],
      })
      latencies.add(performance.now() - sentAt)
      const found = answer.topics[0]?.partitions[0]
      if (found?.errorCode !== 0 || found.offset < 0) throw new Error('not found')
    }
  }
  const cpuBefore = cpuSeconds(job.pids)
  const startedAt = performance.now()
  const pumps = Promise.all(Array.from({ length: job.inFlight }, pump))
  await pause(job.seconds * 1000)
  isOver = true
  await pumps
  const seconds = (performance.now() - startedAt) / 1000
  connection.close()
  return {
    work: latencies.count,
    seconds,
    cpuSeconds: cpuSeconds(job.pids) - cpuBefore,
    p99Ms: latencies.quantile(0.99),
  }
}
