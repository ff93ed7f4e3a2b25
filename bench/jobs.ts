// What a load generator can do. Every job reports work done, seconds, and the broker's CPU seconds.
import { pause } from './pause.ts'
import { Produce } from '../src/wire/messages/00-produce.ts'
import { CreateTopics } from '../src/wire/messages/19-create-topics.ts'
import { Metadata } from '../src/wire/messages/03-metadata.ts'
import { decodeResponseHeader } from '../src/wire/messages/headers.ts'
import { Compression } from '../src/wire/records/compression.ts'
import { call, createTopic, producerId } from './cluster-calls.ts'
import { runClusterJob, type ClusterJob } from './cluster-jobs.ts'
import { errorPosition, PRODUCE_VERSION, produceFrames } from './frames.ts'
import { fetchFrame, readFetched } from './fetch-frames.ts'
import { runGroupJob, type GroupJob } from './group-jobs.ts'
import { Samples } from './histogram.ts'
import { cpuSeconds, measure } from './procfs.ts'
import { ProduceLoad } from './produce-load.ts'
import { RawConnection } from './raw-connection.ts'
import { runStorageJob, type StorageJob } from './storage-jobs.ts'

interface Common {
  readonly port: number
  readonly pids: readonly number[]
  readonly topic: string
}

export interface ProduceJob extends Common {
  readonly kind: 'produce'
  readonly partitions: number
  readonly connections: number
  readonly inFlight: number
  readonly recordBytes: number
  readonly batchBytes: number
  readonly compression: keyof typeof Compression
  readonly idempotent: boolean
  readonly warmSeconds: number
  readonly seconds: number
  readonly topicConfigs?: Readonly<Record<string, string>>
}

export interface ConsumeJob extends Common {
  readonly kind: 'consume'
  readonly partitions: number
  readonly seconds: number
}

export interface OpenLoopJob extends Common {
  readonly kind: 'open-loop'
  readonly recordsPerSecond: number
  readonly recordBytes: number
  readonly warmSeconds: number
  readonly seconds: number
}

export interface TopicsJob extends Common {
  readonly kind: 'topics'
  readonly requests: number
  readonly topicsPerRequest: number
  readonly partitions: number
  readonly replicationFactor?: number
}

export interface FirstRecordJob extends Common {
  readonly kind: 'first-record'
  readonly timeoutMs: number
}

export interface ConnectionsJob extends Common {
  readonly kind: 'connections'
  readonly count: number
  readonly holdMs: number
}

export type Job =
  | ProduceJob
  | ConsumeJob
  | OpenLoopJob
  | TopicsJob
  | FirstRecordJob
  | ConnectionsJob
  | ClusterJob
  | GroupJob
  | StorageJob

export interface JobResult {
  /** MB (10^6 bytes of values), requests, or whatever the job counts. */
  readonly work: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly p50Ms?: number
  readonly p99Ms?: number
  readonly p999Ms?: number
  /** What else the job has measured. */
  readonly figures?: Readonly<Record<string, number>>
}

export function runJob(job: Job): Promise<JobResult> {
  switch (job.kind) {
    case 'produce':
      return produce(job)
    case 'consume':
      return consume(job)
    case 'open-loop':
      return openLoop(job)
    case 'topics':
      return topics(job)
    case 'first-record':
      return firstRecord(job)
    case 'connections':
      return connections(job)
    case 'cluster-produce':
    case 'cluster-open-loop':
    case 'cluster-fault':
    case 'cluster-catch-up':
    case 'cluster-controller-change':
      return runClusterJob(job)
    case 'fill':
    case 'touch':
    case 'delete-topics':
    case 'clean':
    case 'look-up':
      return runStorageJob(job)
    default:
      return runGroupJob(job)
  }
}

async function produce(job: ProduceJob): Promise<JobResult> {
  const control = await RawConnection.open(job.port)
  await createTopic(control, job.topic, job.partitions, job.topicConfigs)
  const shape = {
    recordBytes: job.recordBytes,
    batchBytes: job.batchBytes,
    compression: Compression[job.compression],
  }
  const load = new ProduceLoad(job)
  for (let number = 0; number < job.connections; number++) {
    const connection = await RawConnection.open(job.port)
    const id = job.idempotent ? await producerId(control) : -1
    const frames = produceFrames(job.topic, job.partitions, shape, id, -1)
    const slots = Array.from(
      { length: job.inFlight },
      (_, slot) => (number + slot) % job.partitions,
    )
    load.start(connection, frames, slots)
  }
  const result = await load.finish()
  control.close()
  return result
}

/** Reads all partitions over and over, each with its own connection. */
async function consume(job: ConsumeJob): Promise<JobResult> {
  let bytes = 0
  let isMeasuring = false
  let isOver = false
  const open: RawConnection[] = []
  const read = (connection: RawConnection, partition: number, offset: number): void => {
    connection.send(fetchFrame(job.topic, partition, offset, 0), (answer) => {
      const fetched = readFetched(answer, offset)
      if (isMeasuring) bytes += fetched.bytes
      // At the end it begins again.
      if (!isOver) read(connection, partition, fetched.bytes === 0 ? 0 : fetched.nextOffset)
    })
  }
  for (let partition = 0; partition < job.partitions; partition++) {
    const connection = await RawConnection.open(job.port)
    open.push(connection)
    read(connection, partition, 0)
  }
  await pause(1000)
  const window = await measure(job, (on) => (isMeasuring = on))
  isOver = true
  await pause(200)
  for (const connection of open) connection.close()
  return { work: bytes / 1e6, ...window }
}

/** Sends at a fixed rate whatever comes back, and times each record from its sending to its arrival. */
async function openLoop(job: OpenLoopJob): Promise<JobResult> {
  const producer = await RawConnection.open(job.port)
  const consumer = await RawConnection.open(job.port)
  await createTopic(producer, job.topic, 1)
  const shape = {
    recordBytes: job.recordBytes,
    batchBytes: job.recordBytes,
    compression: Compression.none,
  }
  const frames = produceFrames(job.topic, 1, shape, await producerId(producer), -1)
  const errorAt = errorPosition(job.topic)
  const sentTimes: number[] = []
  const latencies = new Samples()
  let isMeasuring = false
  let isOver = false
  const read = (offset: number): void => {
    consumer.send(fetchFrame(job.topic, 0, offset, 500), (answer) => {
      const { nextOffset } = readFetched(answer, offset)
      const now = performance.now()
      if (isMeasuring) {
        for (let at = offset; at < nextOffset; at++) latencies.add(now - (sentTimes[at] ?? now))
      }
      if (!isOver) read(nextOffset)
    })
  }
  read(0)
  const startedAt = performance.now()
  const gapMs = 1000 / job.recordsPerSecond
  const timer = setInterval(() => {
    const now = performance.now()
    for (;;) {
      const due = startedAt + sentTimes.length * gapMs
      if (due > now || isOver) return
      // The generator's own clock ticks once a millisecond; that is not the broker's delay.
      sentTimes.push(performance.now())
      producer.send(frames.next(0), (answer) => {
        const error = answer.readInt16BE(errorAt)
        if (error !== 0) throw new Error(`Produce was answered with error ${error}`)
      })
    }
  }, 1)
  await pause(job.warmSeconds * 1000)
  const window = await measure(job, (on) => (isMeasuring = on))
  isOver = true
  clearInterval(timer)
  await pause(200)
  producer.close()
  consumer.close()
  return {
    work: latencies.count,
    ...window,
    p50Ms: latencies.quantile(0.5),
    p99Ms: latencies.quantile(0.99),
    p999Ms: latencies.quantile(0.999),
  }
}

/** Creates topics request by request, then waits until every partition has a leader. */
async function topics(job: TopicsJob): Promise<JobResult> {
  const connection = await RawConnection.open(job.port)
  const wanted = job.requests * job.topicsPerRequest
  const cpuBefore = cpuSeconds(job.pids)
  const startedAt = performance.now()
  for (let number = 0; number < job.requests; number++) {
    const { topics: created } = await call(connection, CreateTopics, 5, {
      topics: Array.from({ length: job.topicsPerRequest }, (_, index) => ({
        name: `${job.topic}-${number * job.topicsPerRequest + index}`,
        numPartitions: job.partitions,
        replicationFactor: job.replicationFactor ?? 1,
        assignments: [],
        configs: [],
      })),
      timeoutMs: 60_000,
    })
    const failed = created.find(({ errorCode }) => errorCode !== 0)
    if (failed !== undefined) throw new Error(`${failed.name}: error ${failed.errorCode}`)
  }
  for (;;) {
    const metadata = await call(connection, Metadata, 9, { topics: null })
    const ready = metadata.topics.filter(
      ({ name, partitions }) =>
        name?.startsWith(`${job.topic}-`) === true &&
        partitions.length === job.partitions &&
        partitions.every(({ leaderId }) => leaderId >= 0),
    )
    if (ready.length === wanted) break
    await pause(20)
  }
  const seconds = (performance.now() - startedAt) / 1000
  connection.close()
  return { work: wanted, seconds, cpuSeconds: cpuSeconds(job.pids) - cpuBefore }
}

/** Tries until a record is acknowledged. */
async function firstRecord(job: FirstRecordJob): Promise<JobResult> {
  const startedAt = performance.now()
  const shape = { recordBytes: 100, batchBytes: 100, compression: Compression.none }
  const [request] = [produceFrames(job.topic, 1, shape, -1, -1)]
  while (performance.now() - startedAt < job.timeoutMs) {
    try {
      const connection = await RawConnection.open(job.port)
      try {
        await call(connection, Metadata, 9, { topics: [{ name: job.topic }] })
        const answer = await connection.request(request.next(0))
        const { bodyPosition } = decodeResponseHeader(Produce, PRODUCE_VERSION, answer)
        const { responses } = Produce.response.decode(PRODUCE_VERSION, answer, bodyPosition)
        if (responses[0]?.partitionResponses[0]?.errorCode === 0) {
          return { work: 1, seconds: (performance.now() - startedAt) / 1000, cpuSeconds: 0 }
        }
      } finally {
        connection.close()
      }
    } catch {
      // Nobody listens yet, or not for long.
    }
    await pause(2)
  }
  throw new Error(`no record was acknowledged within ${job.timeoutMs} ms`)
}

async function connections(job: ConnectionsJob): Promise<JobResult> {
  const open: RawConnection[] = []
  for (let number = 0; number < job.count; number++) {
    const connection = await RawConnection.open(job.port)
    await call(connection, Metadata, 9, { topics: [] })
    open.push(connection)
  }
  process.stderr.write('open\n')
  await pause(job.holdMs)
  for (const connection of open) connection.close()
  return { work: job.count, seconds: 0, cpuSeconds: 0 }
}
