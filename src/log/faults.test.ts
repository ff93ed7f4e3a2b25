// Disk errors at every call site: after a failed operation nothing is acknowledged any more, what
// was acknowledged before is found by the next start, and nobody crashes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Errors } from '../wire/errors.ts'
import type { DiskOperation } from '../testing/simulated/disk-faults.ts'
import { SimulatedWorld, type SimulatedMachine } from '../testing/simulated/simulated-world.ts'
import { openLogs } from './history-support.test.ts'
import { LogDirectoryError } from './open-directories.ts'
import { batchOf, leaderOptions, logConfig, readAll, settle } from './support.test.ts'

const CONFIG = logConfig({ segmentBytes: 600, indexIntervalBytes: 100, flushMessages: 1 })
const SITES: readonly (readonly [DiskOperation, string])[] = [
  ['open', 'EMFILE'],
  ['open', 'EIO'],
  ['write', 'ENOSPC'],
  ['write', 'EIO'],
  ['sync', 'EIO'],
  ['rename', 'EROFS'],
  ['syncDirectory', 'EIO'],
  ['truncate', 'EIO'],
  ['remove', 'EIO'],
  ['stat', 'EIO'],
]

interface Run {
  readonly failed: boolean
}

async function runWith(operation: DiskOperation, code: string, after: number): Promise<Run> {
  const machine = new SimulatedWorld({ seed: after + 1 }).machine('broker')
  const { platform } = machine
  const logs = await openLogs(machine, CONFIG)
  const lost: string[] = []
  logs.onDirectoryFailure((_directory, partitions) => {
    lost.push(...partitions.map(({ topic, partition }) => `${topic}-${partition}`))
  })
  const log = logs.getOrCreate('flights', 0, 'KzViUmG_TMKfn45LG0aAbQ', { isNew: true })
  const other = logs.getOrCreate('flights', 1, 'KzViUmG_TMKfn45LG0aAbQ', { isNew: true })
  platform.disk.failNext(operation, code, { after, times: 1 })
  const appended: string[] = []
  let acknowledged = 0
  let acknowledgedAtFailure: number | undefined
  log.onFailure = () => {
    acknowledgedAtFailure = acknowledged
  }
  log.onAdvance = (end) => {
    acknowledged = end
  }
  for (let group = 0; group < 12; group += 1) {
    const value = `value-${group}`.padEnd(100, 'x')
    const result = log.appendAsLeader(batchOf([value]), leaderOptions())
    if (log.hasFailed) assert.equal(result.error, Errors.KAFKA_STORAGE_ERROR)
    if (result.error === 0) appended.push(`${result.firstOffset}:${value}`)
    await settle(platform)
    if (group === 8 && !log.hasFailed) {
      acknowledged = log.logEndOffset - 1
      await log.truncateTo(acknowledged).catch(() => {})
      if (!log.hasFailed) appended.pop()
    }
    if (group === 9) log.updateHighWatermark(log.logEndOffset)
    if (group === 9) log.applyRetention(platform.clock.nowMs())
  }
  const failed = log.hasFailed
  if (failed) {
    assert.equal(acknowledged, acknowledgedAtFailure, 'acknowledged after a failure')
    assert.deepEqual(lost.sort(), ['flights-0', 'flights-1'])
    assert.equal(other.appendAsLeader(batchOf(['x']), leaderOptions()).error, 56)
    assert.deepEqual(logs.offlineDirectories, ['/data'])
    assert.equal(logs.get('flights', 0), undefined)
  }
  await logs.close()
  machine.kill()
  const again = await openLogs(machine, CONFIG)
  const reopened = again.getOrCreate('flights', 0, 'KzViUmG_TMKfn45LG0aAbQ')
  const found = await readAll(reopened, reopened.logStartOffset)
  assert.ok(reopened.logEndOffset >= acknowledged, 'acknowledged records are gone')
  assert.deepEqual(found, appended.slice(reopened.logStartOffset, reopened.logEndOffset))
  return { failed }
}

for (const [operation, code] of SITES) {
  test(`${code} of ${operation}, wherever it happens (KAFKA-10778)`, async () => {
    let failures = 0
    for (let after = 0; after < 40; after += 1) {
      const run = await runWith(operation, code, after)
      if (run.failed) failures += 1
    }
    assert.ok(failures > 0 || operation === 'stat' || operation === 'remove')
  })
}

const AT_START: readonly (readonly [DiskOperation, string])[] = [
  ['list', 'EIO'],
  ['read', 'EIO'],
  ['open', 'EMFILE'],
  ['open', 'EIO'],
  ['write', 'ENOSPC'],
  ['sync', 'EIO'],
  ['truncate', 'EIO'],
  ['rename', 'EROFS'],
  ['remove', 'EIO'],
  ['syncDirectory', 'EIO'],
  ['lock', 'EIO'],
]

/** A log that was killed while it was written: its start has indexes, snapshots and an end to make. */
async function killed(seed: number): Promise<{ machine: SimulatedMachine; appended: string[] }> {
  const machine = new SimulatedWorld({ seed }).machine('broker')
  const logs = await openLogs(machine, CONFIG)
  const log = logs.getOrCreate('flights', 0, 'KzViUmG_TMKfn45LG0aAbQ', { isNew: true })
  const appended: string[] = []
  for (let index = 0; index < 12; index += 1) {
    const value = `value-${index}`.padEnd(100, 'x')
    const producer = { producerId: 7, producerEpoch: 0, baseSequence: index }
    const { firstOffset } = log.appendAsLeader(batchOf([value], producer), leaderOptions())
    appended.push(`${firstOffset}:${value}`)
    await settle(machine.platform)
  }
  machine.kill()
  const { disk } = machine.platform
  disk.install('/data/recovery-point-offset-checkpoint', '0\n0\n')
  disk.install('/data/flights-0/00000000000000000001.log.deleted', 'x')
  return { machine, appended }
}

for (const [operation, code] of AT_START) {
  test(`${code} of ${operation} during a start: offline, or as if nothing had been`, async () => {
    let failures = 0
    for (let after = 0; after < 30; after += 1) {
      const { machine, appended } = await killed(after + 1)
      machine.platform.disk.failNext(operation, code, { after, path: '/data' })
      const logs = await openLogs(machine, CONFIG).catch((error: unknown) => {
        assert.ok(error instanceof LogDirectoryError, String(error))
        failures += 1
      })
      if (logs !== undefined) {
        const log = logs.getOrCreate('flights', 0, 'KzViUmG_TMKfn45LG0aAbQ')
        assert.deepEqual(await readAll(log).catch(() => appended), appended)
        await logs.close()
      }
      machine.kill()
      const again = await openLogs(machine, CONFIG)
      const reopened = again.getOrCreate('flights', 0, 'KzViUmG_TMKfn45LG0aAbQ')
      assert.deepEqual(await readAll(reopened), appended, `${operation} ${after}`)
      assert.equal(reopened.producers()[0]?.lastSequence, 11)
      await again.close()
    }
    assert.ok(failures > 0, `${operation} is never made during a start`)
  })
}
