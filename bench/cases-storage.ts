// The cases of the log on disk: synced appends, starts with much or many logs, deletion, compaction,
// recompression, look-ups by time. OTTLA_BENCH_LOG_MB and OTTLA_BENCH_CLEAN_MB make them smaller.
import {
  BATCHED,
  firstRecord,
  load,
  ONE_RECORD,
  produceCase,
  withServer,
  type Case,
  type Figures,
} from './cases.ts'
import { residentBytes } from './procfs.ts'
import type { Server, ServerKind } from './servers.ts'
import { FILLED_FROM_MS } from './storage-jobs.ts'

const MEBIBYTE = 1 << 20
const LOG_BYTES = Number(process.env['OTTLA_BENCH_LOG_MB'] ?? 2_048) * MEBIBYTE
const CLEAN_BYTES = Number(process.env['OTTLA_BENCH_CLEAN_MB'] ?? 1_024) * MEBIBYTE
const SYNCED = { 'flush.messages': '1' }
const SEGMENTS = 1_000
const SEGMENT_STEP_MS = 1_000
const COMPACTED_KEYS = 20_000

/** Of a broker that was killed, Apache Kafka's has to wait for the end of its session. */
const SESSION = { 'zookeeper.session.timeout.ms': '6000' }

/** Milliseconds for `kind` to come up in the directory of a server that has ended. */
async function startAgain(kind: ServerKind, directory: string): Promise<[Server, number]> {
  const server = await kind.start(directory, SESSION)
  return [server, await firstRecord(server)]
}

/** Stops in order and starts, then kills and starts: to the first acknowledged record. */
async function restarts(kind: ServerKind, server: Server, directory: string): Promise<Figures> {
  const stoppingAt = performance.now()
  await server.stop()
  const stop = performance.now() - stoppingAt
  const [second, clean] = await startAgain(kind, directory)
  await second.kill()
  const [third, killed] = await startAgain(kind, directory)
  await third.kill()
  return { 'stop ms': stop, 'start clean ms': clean, 'start killed ms': killed }
}

function deletion(name: string, title: string, requests: number, partitions: number): Case {
  const topicsPerRequest = partitions === 1 ? 50 : 10
  return {
    name,
    title,
    run: (kind) =>
      withServer(kind, async ({ port, pids }) => {
        const common = { port, pids, topic: 'gone', topicsPerRequest }
        await load({ kind: 'topics', ...common, requests, partitions })
        const count = requests * topicsPerRequest
        const { seconds, cpuSeconds } = await load({ kind: 'delete-topics', ...common, count })
        return { seconds, 'CPU s': cpuSeconds }
      }),
  }
}

const synced: readonly Case[] = [
  produceCase('flush-1', 'flush.messages=1: one-record requests, 1 connection', {
    ...ONE_RECORD,
    topicConfigs: SYNCED,
  }),
  produceCase('flush-16', 'flush.messages=1: one-record requests, 16 connections', {
    ...ONE_RECORD,
    connections: 16,
    topicConfigs: SYNCED,
  }),
  produceCase('flush-1k', 'flush.messages=1: 1 KiB records, 256 KiB batches', {
    ...BATCHED,
    topicConfigs: SYNCED,
  }),
]

const recompressed = (['lz4', 'zstd'] as const).map((codec) =>
  produceCase(`recompress-${codec}`, `1 KiB records to a topic with compression.type=${codec}`, {
    ...BATCHED,
    topicConfigs: { 'compression.type': codec },
  }),
)

const large: Case = {
  name: 'log-large',
  title: `With ${LOG_BYTES / MEBIBYTE} MiB of log, to the first acknowledged record`,
  run: (kind) =>
    withServer(
      kind,
      async (server, _startedMs, directory) => {
        await load({
          kind: 'fill',
          port: server.port,
          pids: server.pids,
          topic: 'large',
          partitions: 6,
          bytes: LOG_BYTES,
          batchBytes: 256 * 1024,
          keys: 0,
          stepMs: 1,
          topicConfigs: { 'retention.ms': '-1' },
        })
        await server.kill()
        const [second, killed] = await startAgain(kind, directory)
        await second.stop()
        const [third, clean] = await startAgain(kind, directory)
        await third.kill()
        return { 'start killed ms': killed, 'start clean ms': clean }
      },
      SESSION,
    ),
}

function many(name: string, title: string, isWritten: boolean): Case {
  return {
    name,
    title: `10,000 partitions (100 × 100)${title}`,
    run: async (kind) => {
      // Minutes a round, for what the case without records tells of Apache Kafka.
      if (isWritten && kind.name !== 'ottla') return {}
      return withServer(
        kind,
        async (server, _startedMs, directory) => {
          const common = { port: server.port, pids: server.pids, topic: 'many', partitions: 100 }
          const topics = { ...common, requests: 10, topicsPerRequest: 10 }
          const { seconds } = await load({ kind: 'topics', ...topics })
          if (isWritten) await load({ kind: 'touch', ...common, topics: 100 })
          const memory = residentBytes(server.pids) / 1e6
          const figures = await restarts(kind, server, directory)
          return { 'create s': seconds, 'RSS MB': memory, ...figures }
        },
        SESSION,
      )
    },
  }
}

const cleaning: Case = {
  name: 'clean',
  title: `Cleaning a compacted log of ${CLEAN_BYTES / MEBIBYTE} MiB, one-record requests beside it`,
  run: (kind) =>
    withServer(
      kind,
      async ({ port, pids }) => {
        await load({
          kind: 'fill',
          port,
          pids,
          topic: 'compacted',
          partitions: 1,
          bytes: CLEAN_BYTES,
          batchBytes: 64 * 1024,
          keys: COMPACTED_KEYS,
          stepMs: 1,
          topicConfigs: { 'segment.bytes': String(64 * MEBIBYTE), 'retention.ms': '-1' },
        })
        const result = await load({
          kind: 'clean',
          port,
          pids,
          topic: 'compacted',
          timeoutMs: 60_000,
        })
        return {
          'MB/s': result.work / result.seconds,
          'MB/CPU-s': result.work / Math.max(result.cpuSeconds, 0.01),
          'p99 ms': result.p99Ms ?? Number.NaN,
          'p99.9 ms': result.p999Ms ?? Number.NaN,
          'kept MB': result.figures?.['keptMb'] ?? Number.NaN,
        }
      },
      { 'log.cleaner.backoff.ms': '100' },
    ),
}

const lookUps: Case = {
  name: 'look-ups',
  title: `Look-ups by timestamp over ${SEGMENTS} segments`,
  run: (kind) =>
    withServer(kind, async ({ port, pids }) => {
      const common = { port, pids, topic: 'times' }
      const segmentBytes = 16 * 1024
      await load({
        kind: 'fill',
        ...common,
        partitions: 1,
        bytes: SEGMENTS * segmentBytes,
        batchBytes: segmentBytes,
        keys: 0,
        stepMs: SEGMENT_STEP_MS,
        topicConfigs: { 'segment.bytes': String(segmentBytes + 4096), 'retention.ms': '-1' },
      })
      const { work, seconds, cpuSeconds, p99Ms } = await load({
        kind: 'look-up',
        ...common,
        inFlight: 4,
        fromMs: FILLED_FROM_MS,
        untilMs: FILLED_FROM_MS + (SEGMENTS - 1) * SEGMENT_STEP_MS,
        seconds: 4,
      })
      return {
        'look-ups/s': work / seconds,
        'look-ups/CPU-s': work / Math.max(cpuSeconds, 0.01),
        'p99 ms': p99Ms ?? Number.NaN,
      }
    }),
}

export const storageCases: readonly Case[] = [
  ...synced,
  large,
  many('partitions-10000', ': create, memory, stop, start clean and after SIGKILL', false),
  many('partitions-written', ', a record in each: the same', true),
  deletion('delete-1000', 'Deleting 1,000 topics of one partition, until gone', 20, 1),
  deletion('delete-100x100', 'Deleting 100 topics of 100 partitions, until gone', 10, 100),
  cleaning,
  ...recompressed,
  lookUps,
]
