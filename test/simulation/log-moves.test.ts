// The plug is pulled at every change of the disk while a partition moves to another log directory
// and is written. After each cut there is one log, with everything that was acknowledged, and the
// move can be brought to its end.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeBrokerConfig } from '../../src/log/history-support.test.ts'
import type { Log } from '../../src/log/log.ts'
import { Logs } from '../../src/log/logs.ts'
import { batchOf, leaderOptions, logConfig, readAll, settle } from '../../src/log/support.test.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { Metrics } from '../../src/telemetry/metrics.ts'
import {
  SimulatedWorld,
  type SimulatedMachine,
} from '../../src/testing/simulated/simulated-world.ts'
import { Errors } from '../../src/wire/errors.ts'
import { LogCopy } from '../../src/replication/log-copy.ts'

const TOPIC_ID = 'KzViUmG_TMKfn45LG0aAbQ'
const CONFIG = logConfig({ segmentBytes: 600, indexIntervalBytes: 100, flushMessages: 1 })

function open({ platform }: SimulatedMachine): Promise<Logs> {
  return Logs.open({
    platform,
    logger: silentLogger,
    metrics: new Metrics(),
    config: fakeBrokerConfig,
    directories: ['/d1', '/d2'],
    brokerId: 0,
    clusterId: 'jzqEa8BARt2v_OD1cmK9Nw',
    topicConfig: () => CONFIG,
  })
}

interface Written {
  readonly values: string[]
  acknowledged: number
}

/** A move with appends before, during and after it. */
async function move(machine: SimulatedMachine, written: Written): Promise<void> {
  const { platform } = machine
  const logs = await open(machine)
  let log = logs.getOrCreate('t', 0, TOPIC_ID, { isNew: true, directory: '/d1' })
  const append = async (): Promise<void> => {
    const value = `value ${written.values.length} `.padEnd(90, '.')
    const { error, firstOffset } = log.appendAsLeader(batchOf([value]), leaderOptions())
    if (error !== Errors.NONE) return
    written.values.push(`${firstOffset}:${value}`)
    await settle(platform)
    if (!log.hasFailed) written.acknowledged = Math.max(written.acknowledged, log.logEndOffset)
  }
  for (let index = 0; index < 8; index += 1) await append()
  const copy = new LogCopy(log, logs.createFuture('t', 0, '/d2'))
  for (let index = 0; index < 3; index += 1) {
    await platform.clock.resolve(copy.step())
    await append()
  }
  log = await finish(machine, logs, copy)
  for (let index = 0; index < 3; index += 1) await append()
  await platform.clock.advance(61_000)
  await settle(platform)
  await logs.close()
}

async function finish(machine: SimulatedMachine, logs: Logs, copy: LogCopy): Promise<Log> {
  while (!copy.isLevel) await machine.platform.clock.resolve(copy.step())
  await copy.flush()
  copy.takeOver()
  return logs.promoteFuture('t', 0)
}

async function check(machine: SimulatedMachine, written: Written, where: string): Promise<void> {
  const logs = await open(machine)
  const log = logs.getOrCreate('t', 0, TOPIC_ID)
  const found = await readAll(log)
  assert.deepEqual(found, written.values.slice(0, found.length), where)
  assert.ok(found.length >= written.acknowledged, `${where}: acknowledged records are gone`)
  assert.deepEqual(logs.offlineDirectories, [], where)
  const future = logs.getFuture('t', 0)
  if (future !== undefined) {
    const moved = await finish(machine, logs, new LogCopy(log, future))
    assert.deepEqual(await readAll(moved), found, where)
  }
  await machine.platform.clock.advance(61_000)
  await settle(machine.platform)
  await logs.close()
  const places = ['/d1/t-0', '/d2/t-0'].filter((path) => machine.platform.disk.statSync(path))
  assert.equal(places.length, 1, where)
}

/** False: the move was over before the cut. */
async function cutAt(seed: number, step: number): Promise<boolean> {
  const machine = new SimulatedWorld({ seed }).machine('broker')
  const { faults } = machine.platform.disk
  faults.crashAt(step)
  const written: Written = { values: [], acknowledged: 0 }
  await move(machine, written).catch((error: unknown) => {
    if (!faults.isCrashed) throw error
  })
  const isCut = faults.isCrashed
  machine.powerOff()
  await check(machine, written, `seed ${seed} step ${step}`)
  return isCut
}

test('a power cut anywhere in a move between log directories', async (context) => {
  let points = 0
  for (let seed = 1; seed <= 3; seed += 1) {
    for (let step = 0; await cutAt(seed, step); step += 1) points += 1
  }
  context.diagnostic(`${points} power cuts`)
  assert.ok(points > 500, `only ${points} points`)
})

test('errors anywhere in a move: nothing is acknowledged after one, nothing is lost', async () => {
  const sites = [
    ['write', 'ENOSPC'],
    ['write', 'EIO'],
    ['sync', 'EIO'],
    ['open', 'EMFILE'],
    ['rename', 'EROFS'],
    ['syncDirectory', 'EIO'],
    ['truncate', 'EIO'],
  ] as const
  let failures = 0
  for (const [operation, code] of sites) {
    for (let after = 0; after < 40; after += 1) {
      const machine = new SimulatedWorld({ seed: after + 1 }).machine('broker')
      machine.platform.disk.failNext(operation, code, { after, path: '/d2/' })
      const written: Written = { values: [], acknowledged: 0 }
      await move(machine, written).catch(() => (failures += 1))
      machine.kill()
      await check(machine, written, `${operation} ${code} after ${after}`)
    }
  }
  assert.ok(failures > 20, `only ${failures} failures`)
})
