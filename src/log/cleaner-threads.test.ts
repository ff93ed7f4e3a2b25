// What the cleaner makes of threads that die, of disks that fail, and of settings that change.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BrokerConfig } from '../config/broker-config.ts'
import { diskError } from '../platform/disk-error.ts'
import { WorkerLost } from '../platform/worker.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { Metrics } from '../telemetry/metrics.ts'
import { SimulatedWorld } from '../testing/simulated/simulated-world.ts'
import type { SimulatedPlatform } from '../testing/simulated/simulated-world.ts'
import { CleanControl, CleaningCancelled, Pace } from './clean-control.ts'
import { LogCleaner } from './cleaner.ts'
import { openLogs } from './history-support.test.ts'
import type { LogDirectory } from './log-directory.ts'
import type { Logs } from './logs.ts'
import { batchOf, leaderOptions, logConfig, readAll, settle } from './support.test.ts'

const COMPACT = logConfig({
  cleanupPolicy: { delete: false, compact: true },
  segmentBytes: 300,
  minCleanableDirtyRatio: 0,
})

const SETTINGS: Record<string, number> = {
  'log.cleaner.backoff.ms': 1000,
  'log.cleaner.threads': 1,
  'log.cleaner.dedupe.buffer.size': 1_048_576,
  'log.cleaner.io.buffer.load.factor': 0.9,
  'log.cleaner.io.max.bytes.per.second': Number.MAX_VALUE,
}

function configOf(changes: Record<string, number> = {}): BrokerConfig {
  const all = { ...SETTINGS, ...changes }
  return { get: (name: string) => all[name] } as unknown as BrokerConfig
}

interface Scene {
  readonly platform: SimulatedPlatform
  readonly logs: Logs
  readonly cleaner: LogCleaner
  readonly metrics: Metrics
  readonly failures: unknown[]
}

/** Logs with ten records of one key each, and a cleaner for them. */
async function scene(partitions: number): Promise<Scene> {
  const machine = new SimulatedWorld({ seed: 1 }).machine('broker')
  const { platform } = machine
  const logs = await openLogs(machine, COMPACT)
  for (let partition = 0; partition < partitions; partition += 1) {
    const log = logs.getOrCreate('flights', partition, undefined, { isNew: true })
    for (let round = 0; round < 10; round += 1) {
      const keyed = batchOf([`same ${'x'.repeat(100)}`])
      assert.equal(log.appendAsLeader(keyed, leaderOptions()).error, 0)
      await settle(platform)
    }
    log.updateHighWatermark(log.logEndOffset)
    log.roll()
    await log.flush()
  }
  const failures: unknown[] = []
  const offsets = new Map<string, number>()
  const directory = {
    path: '/data',
    isOffline: false,
    cleanerOffsets: {
      get: (topic: string, partition: number) => offsets.get(`${topic}-${partition}`),
      set: (topic: string, partition: number, offset: number) =>
        offsets.set(`${topic}-${partition}`, offset),
    },
    checkpointCleanerOffsets: () => Promise.resolve(),
  } as unknown as LogDirectory
  const cleaner = new LogCleaner(platform, silentLogger, configOf(), {
    all: () => logs.all(),
    directories: () => [directory],
    directoryOf: () => directory,
    onDirectoryError: (_, error) => failures.push(error),
  })
  const metrics = new Metrics()
  cleaner.register(metrics)
  return { platform, logs, cleaner, metrics, failures }
}

async function countOf(logs: Logs, partition: number): Promise<number> {
  const log = logs.get('flights', partition)
  assert.ok(log !== undefined)
  return (await readAll(log)).length
}

test('a thread that dies is tried again; after three the partition counts as uncleanable', async () => {
  const { platform, logs, cleaner, metrics } = await scene(1)
  const run = platform.worker.run.bind(platform.worker)
  let deaths = 2
  platform.worker.run = (task, input) =>
    deaths-- > 0 ? Promise.reject(new WorkerLost('out of memory')) : run(task, input)
  cleaner.start()
  await platform.clock.advance(5000)
  assert.equal(await countOf(logs, 0), 1)
  assert.match(metrics.render(), /uncleanable_partitions_count\{logDirectory="\/data"\} 0/)
  const second = await scene(1)
  let attempts = 0
  second.platform.worker.run = () => {
    attempts += 1
    return Promise.reject(new WorkerLost('out of memory'))
  }
  second.cleaner.start()
  await second.platform.clock.advance(5000)
  assert.equal(attempts, 3)
  assert.equal(await countOf(second.logs, 0), 10)
  assert.match(second.metrics.render(), /uncleanable_partitions_count\{logDirectory="\/data"\} 1/)
})

test('a disk that fails under the thread takes its directory offline', async () => {
  const { platform, cleaner, failures } = await scene(1)
  platform.worker.run = () => Promise.reject(diskError('EIO', 'i/o error', '/data/flights-0'))
  cleaner.start()
  await platform.clock.advance(1000)
  assert.equal(failures.length, 1)
  await cleaner.stop()
})

test('log.cleaner.threads and backoff.ms take effect at once; a stop ends what runs', async () => {
  const { platform, logs, cleaner } = await scene(3)
  const run = platform.worker.run.bind(platform.worker)
  let running = 0
  let most = 0
  platform.worker.run = async (task, input) => {
    most = Math.max(most, ++running)
    await new Promise((resolve) => platform.clock.setTimer(100, () => resolve(undefined)))
    running -= 1
    return run(task, input)
  }
  cleaner.start()
  await platform.clock.advance(500)
  assert.equal(most, 0)
  cleaner.updateConfig(configOf({ 'log.cleaner.backoff.ms': 10, 'log.cleaner.threads': 2 }))
  await platform.clock.advance(50)
  assert.equal(running, 2)
  const stopped = cleaner.stop()
  await platform.clock.advance(200)
  await stopped
  assert.equal(most, 2)
  for (const partition of [0, 1, 2]) assert.equal(await countOf(logs, partition), 10)
})

test('the pace is kept, also when it changes under way, and until it is told to end', async () => {
  const { platform } = await scene(0)
  const { clock } = platform
  const control = new CleanControl()
  const pace = new Pace(clock, new CleanControl(control.memory))
  await pace.spend(1_000_000_000)
  control.bytesPerSecond = 1000
  const startedMs = clock.monotonicMs()
  let doneMs = -1
  const spent = pace.spend(10_000).then(() => (doneMs = clock.monotonicMs()))
  await clock.advance(5000)
  assert.equal(doneMs, -1)
  control.bytesPerSecond = 10_000
  await clock.advance(700)
  await spent
  assert.ok(doneMs - startedMs > 5400 && doneMs - startedMs <= 5700, `${doneMs - startedMs}`)
  control.bytesPerSecond = 1
  const endless = assert.rejects(pace.spend(1_000_000), CleaningCancelled)
  control.cancel()
  await clock.advance(200)
  await endless
})
