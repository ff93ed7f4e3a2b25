// The cases: how a fresh server is loaded and which figures come out.
import { pause } from './pause.ts'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { runJob, type Job, type JobResult, type ProduceJob } from './jobs.ts'
import { cpuSeconds, residentBytes } from './procfs.ts'
import { newDirectory, removeDirectory, type Server, type ServerKind } from './servers.ts'

/** A figure of one run; the report takes medians over the rounds. */
export type Figures = Readonly<Record<string, number>>

export interface Case {
  readonly name: string
  readonly title: string
  /** What takes long is not repeated as often. */
  readonly mostRounds?: number
  run(kind: ServerKind): Promise<Figures>
}

const FIRST_RECORD_WITHIN_MS = 180_000
const PARTITIONS = 6

/** Runs the job in a process of its own. */
export function load(job: Job): Promise<JobResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ['--max-semi-space-size=64', join(import.meta.dirname, 'load.ts'), JSON.stringify(job)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.once('exit', (code) => {
      if (code === 0) resolve(JSON.parse(output))
      else reject(new Error(`the load ${job.kind} for ${job.topic} ended with ${code}`))
    })
  })
}

/** A fresh server with one record in it, gone afterwards. */
export async function withServer(
  kind: ServerKind,
  use: (server: Server, startedMs: number, directory: string) => Promise<Figures>,
  settings: Readonly<Record<string, string>> = {},
): Promise<Figures> {
  const directory = newDirectory()
  try {
    const server = await kind.start(directory, settings)
    try {
      return await use(server, await firstRecord(server), directory)
    } finally {
      await server.kill()
    }
  } finally {
    removeDirectory(directory)
  }
}

/** Milliseconds from the spawn of the server to an acknowledged record. */
export async function firstRecord(server: Server): Promise<number> {
  const { port, pids } = server
  const timeoutMs = FIRST_RECORD_WITHIN_MS
  await runJob({ kind: 'first-record', port, pids, topic: 'first', timeoutMs })
  return performance.now() - server.spawnedAt
}

type ProduceShape = Omit<ProduceJob, 'kind' | 'port' | 'pids' | 'topic' | 'partitions'>

export function produceCase(name: string, title: string, shape: ProduceShape): Case {
  const isBatched = shape.batchBytes > shape.recordBytes
  return {
    name,
    title,
    run: (kind) =>
      withServer(kind, async ({ port, pids }) => {
        const job = {
          kind: 'produce',
          port,
          pids,
          topic: name,
          partitions: PARTITIONS,
          ...shape,
        } as const
        const { work, seconds, cpuSeconds: cpu, p50Ms = 0, p99Ms = 0 } = await load(job)
        const unit = isBatched ? 'MB' : 'requests'
        return {
          [`${unit}/s`]: work / seconds,
          [`${unit}/CPU-s`]: work / Math.max(cpu, 0.01),
          'p50 ms': p50Ms,
          'p99 ms': p99Ms,
        }
      }),
  }
}

export const BATCHED: ProduceShape = {
  connections: 2,
  inFlight: 5,
  recordBytes: 1024,
  batchBytes: 256 * 1024,
  compression: 'none',
  idempotent: true,
  warmSeconds: 2,
  seconds: 4,
}

export const ONE_RECORD: ProduceShape = {
  connections: 1,
  inFlight: 1,
  recordBytes: 100,
  batchBytes: 100,
  compression: 'none',
  idempotent: false,
  warmSeconds: 3,
  seconds: 4,
}

export const cases: readonly Case[] = [
  {
    name: 'start',
    title: 'Cold start of the whole stack to the first acknowledged record',
    run: (kind) => withServer(kind, async (_server, startedMs) => ({ ms: startedMs })),
  },
  {
    name: 'idle',
    title: 'Idle, 10 s after the first record',
    run: (kind) =>
      withServer(kind, async ({ pids }) => {
        await pause(5_000)
        const before = cpuSeconds(pids)
        await pause(10_000)
        return {
          'RSS MB': residentBytes(pids) / 1e6,
          'CPU % of a core': (cpuSeconds(pids) - before) * 10,
        }
      }),
  },
  produceCase(
    'produce-1k',
    'Produce 1 KiB records, acks=all, idempotent, 256 KiB batches',
    BATCHED,
  ),
  produceCase('produce-100b', 'The same with 100 B records', { ...BATCHED, recordBytes: 100 }),
  produceCase('produce-lz4', 'The same with lz4', { ...BATCHED, compression: 'lz4' }),
  produceCase('produce-zstd', 'The same with zstd', { ...BATCHED, compression: 'zstd' }),
  {
    name: 'consume-1k',
    title: 'Consume 1 KiB records',
    run: (kind) =>
      withServer(kind, async ({ port, pids }) => {
        const topic = 'consume'
        const common = { port, pids, topic, partitions: PARTITIONS }
        await load({ kind: 'produce', ...common, ...BATCHED, warmSeconds: 0, seconds: 2 })
        const {
          work,
          seconds,
          cpuSeconds: cpu,
        } = await load({ kind: 'consume', ...common, seconds: 4 })
        return { 'MB/s': work / seconds, 'MB/CPU-s': work / Math.max(cpu, 0.01) }
      }),
  },
  produceCase('requests-1', 'One-record requests, 1 connection', ONE_RECORD),
  produceCase('requests-16', 'One-record requests, 16 connections', {
    ...ONE_RECORD,
    connections: 16,
  }),
  produceCase('requests-64', 'One-record requests, 64 connections', {
    ...ONE_RECORD,
    connections: 64,
  }),
  {
    name: 'open-loop',
    title: '5,000 records/s of 1 KiB, end to end',
    run: (kind) =>
      withServer(kind, async ({ port, pids }) => {
        const result = await load({
          kind: 'open-loop',
          port,
          pids,
          topic: 'open-loop',
          recordsPerSecond: 5_000,
          recordBytes: 1024,
          warmSeconds: 4,
          seconds: 8,
        })
        return {
          'p50 ms': result.p50Ms ?? 0,
          'p99 ms': result.p99Ms ?? 0,
          'p99.9 ms': result.p999Ms ?? 0,
          'CPU % of a core': (result.cpuSeconds / result.seconds) * 100,
        }
      }),
  },
  {
    name: 'topics-1000',
    title: '1,000 topics in requests of 50, until all have leaders',
    run: (kind) =>
      withServer(kind, async ({ port, pids }) => {
        const { seconds } = await load({
          kind: 'topics',
          port,
          pids,
          topic: 'many',
          requests: 20,
          topicsPerRequest: 50,
          partitions: 1,
        })
        return { seconds }
      }),
  },
  {
    name: 'restart-killed',
    title: 'Start at once after SIGKILL, to the first acknowledged record',
    run: (kind) =>
      withServer(kind, async (server, _startedMs, directory) => {
        if (kind.name !== 'ottla') return {}
        await server.kill()
        const again = await kind.start(directory)
        try {
          return { ms: await firstRecord(again) }
        } finally {
          await again.kill()
        }
      }),
  },
  {
    name: 'connections-2000',
    title: '2,000 idle connections: memory each',
    run: (kind) =>
      withServer(kind, async ({ port, pids }) => {
        const hold = (count: number) =>
          measured(() => residentBytes(pids), {
            kind: 'connections',
            port,
            pids,
            topic: 'connections',
            count,
            holdMs: 4_000,
          })
        // The first ones pay for what all share.
        await hold(50)
        const before = residentBytes(pids)
        const during = await hold(2_000)
        return { 'KiB each': (during - before) / 2_000 / 1024 }
      }),
  },
]

/** What `read` says while the job holds its connections open. */
function measured(read: () => number, job: Job): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'load.ts'), JSON.stringify(job)],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    )
    let value = 0
    child.stderr.on('data', () => {
      setTimeout(() => (value = read()), 1_500)
    })
    child.once('exit', (code) => (code === 0 ? resolve(value) : reject(new Error(`load: ${code}`))))
  })
}
