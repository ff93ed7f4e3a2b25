// The plug is pulled at every change of the disk, with a different fate of what was not synced each
// time. After each, the log holds a prefix of what was appended, with every record that was
// acknowledged as synced, and nothing else.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedWorld } from '../testing/simulated/simulated-world.ts'
import type { SimulatedPlatform } from '../testing/simulated/simulated-world.ts'
import { Log } from './log.ts'
import {
  batchOf,
  DIRECTORY,
  leaderOptions,
  logConfig,
  newContext,
  readAll,
  settle,
} from './support.test.ts'

const SETTINGS = { segmentBytes: 600, indexIntervalBytes: 100, flushMessages: 1 }

interface Outcome {
  /** Every record whose append was answered with success, in order. */
  readonly acknowledged: string[]
  readonly appended: string[]
  recoveryPoint: number
}

async function open(platform: SimulatedPlatform, recoveryPoint: number, clean: boolean) {
  const options = {
    topic: 'flights',
    partition: 0,
    directory: DIRECTORY,
    config: logConfig(SETTINGS),
    recoveryPoint,
    logStartOffset: 0,
    hadCleanShutdown: clean,
  }
  return await Log.load(newContext(platform), options)
}

/** Appends in groups, rolls on the way, and notes what was acknowledged. */
async function work(platform: SimulatedPlatform, log: Log, outcome: Outcome): Promise<void> {
  let failed = false
  log.onFailure = () => {
    failed = true
  }
  log.onAdvance = (end) => {
    for (const record of outcome.appended) {
      const offset = Number(record.split(':')[0])
      if (offset < end && offset >= outcome.acknowledged.length) outcome.acknowledged.push(record)
    }
    outcome.recoveryPoint = Math.max(outcome.recoveryPoint, log.recoveryPoint)
  }
  for (let group = 0; group < 8 && !failed; group += 1) {
    for (let one = 0; one < 1 + (group % 3); one += 1) {
      const value = `value-${group}-${one}`.padEnd(20 + group * 7, 'x')
      const result = log.appendAsLeader(batchOf([value, 'second']), leaderOptions())
      if (result.error !== 0) break
      outcome.appended.push(`${result.firstOffset}:${value}`, `${result.lastOffset}:second`)
    }
    await settle(platform)
    outcome.recoveryPoint = Math.max(outcome.recoveryPoint, log.recoveryPoint)
  }
}

async function crashAt(seed: number, step: number): Promise<boolean> {
  const world = new SimulatedWorld({ seed })
  const machine = world.machine('broker')
  const { platform } = machine
  platform.disk.makeDirectorySync(DIRECTORY)
  platform.disk.syncDirectorySync('/data')
  platform.disk.syncDirectorySync('/')
  platform.disk.faults.reset()
  platform.disk.faults.crashAt(step)
  const outcome: Outcome = { acknowledged: [], appended: [], recoveryPoint: 0 }
  let finished = false
  try {
    const log = await open(platform, 0, false)
    await work(platform, log, outcome)
    await log.close()
    finished = !platform.disk.faults.isCrashed
  } catch (error) {
    assert.ok(platform.disk.faults.isCrashed, String(error))
  }
  machine.powerOff()
  await check(machine.platform, outcome, `seed ${seed} step ${step}`)
  return finished
}

async function check(platform: SimulatedPlatform, outcome: Outcome, where: string): Promise<void> {
  platform.disk.makeDirectorySync(DIRECTORY)
  const log = await open(platform, outcome.recoveryPoint, false)
  const found = await readAll(log)
  assert.deepEqual(found, outcome.appended.slice(0, found.length), where)
  assert.ok(found.length >= outcome.acknowledged.length, `${where}: acknowledged records are gone`)
  const result = log.appendAsLeader(batchOf(['after']), leaderOptions())
  assert.equal(result.firstOffset, found.length, where)
  await settle(platform)
  assert.equal(log.logEndOffset, found.length + 1, where)
  await log.close()
  const again = await open(platform, log.recoveryPoint, true)
  assert.deepEqual(await readAll(again), [...found, `${found.length}:after`], where)
}

test('a power cut at every change leaves a prefix with all that was acknowledged', async () => {
  let points = 0
  for (let seed = 1; seed <= 12; seed += 1) {
    for (let step = 0; ; step += 1) {
      const finished = await crashAt(seed, step)
      points += 1
      if (finished) break
      assert.ok(step < 2000)
    }
  }
  assert.ok(points > 300, `only ${points} crash points`)
})
