// A stop with many logs that have changed: they are made durable together, and whatever the power does
// meanwhile, what a start finds is whole.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedWorld } from '../testing/simulated/simulated-world.ts'
import type { SimulatedMachine } from '../testing/simulated/simulated-world.ts'
import { parseEpochs } from './checkpoint-file.ts'
import { openLogs } from './history-support.test.ts'
import type { Logs } from './logs.ts'
import { batchOf, leaderOptions, logConfig, readAll, settle } from './support.test.ts'

const COUNT = 66
const MARK = '/data/.kafka_cleanshutdown'
const EPOCHS = 'leader-epoch-checkpoint'

function open(on: SimulatedMachine): Promise<Logs> {
  return openLogs(on, logConfig({ segmentBytes: 2000 }))
}

/** Nothing of it is durable yet. */
async function fill(on: SimulatedMachine, logs: Logs): Promise<void> {
  for (let partition = 0; partition < COUNT; partition += 1) {
    const log = logs.getOrCreate('flights', partition, undefined, { isNew: true })
    for (const [index, value] of ['first', 'second', 'third'].entries()) {
      const producer = { producerId: 9, producerEpoch: 0, baseSequence: index }
      log.appendAsLeader(batchOf([value], producer), leaderOptions())
    }
  }
  await settle(on.platform)
}

const ALL = ['0:first', '1:second', '2:third']

async function assertWhole(logs: Logs): Promise<void> {
  for (const log of logs.all()) {
    assert.deepEqual(await readAll(log), ALL, `${log.partition}`)
    assert.equal(log.latestEpoch, leaderOptions().leaderEpoch)
  }
  assert.equal(logs.size, COUNT)
}

test('many logs share two syncs of the file system', async () => {
  const on = new SimulatedWorld({ seed: 1 }).machine('broker')
  const logs = await open(on)
  await fill(on, logs)
  const { disk } = on.platform
  disk.faults.record()
  await logs.close()
  const inLogs = disk.faults.recorded.filter(({ path }) => path.startsWith('/data/flights'))
  assert.deepEqual(
    inLogs.filter(({ operation }) => operation === 'sync' || operation === 'syncDirectory'),
    [],
  )
  const together = disk.faults.recorded.filter(({ operation }) => operation === 'syncFileSystem')
  assert.equal(together.length, 2)
  on.powerOff()
  assert.ok(on.platform.disk.statSync(MARK))
  await assertWhole(await open(on))
})

test('without a way to sync a file system, each log makes itself durable', async () => {
  const on = new SimulatedWorld({ seed: 1 }).machine('broker')
  const logs = await open(on)
  await fill(on, logs)
  on.platform.disk.canSyncFileSystem = false
  await logs.close()
  on.powerOff()
  assert.ok(on.platform.disk.statSync(MARK))
  await assertWhole(await open(on))
})

test('a file system that cannot be synced is not marked as left in order', async () => {
  const on = new SimulatedWorld({ seed: 1 }).machine('broker')
  const logs = await open(on)
  await fill(on, logs)
  on.platform.disk.failNext('syncFileSystem', 'EIO', { after: 1 })
  await logs.close()
  assert.equal(on.platform.disk.statSync(MARK), undefined)
  assert.deepEqual(logs.offlineDirectories, ['/data'])
})

/** Changes of the disk until the first sync of the file system, and until the end. */
async function stepsOfStop(): Promise<{ contents: number; all: number }> {
  const on = new SimulatedWorld({ seed: 1 }).machine('broker')
  const logs = await open(on)
  await fill(on, logs)
  on.platform.disk.faults.record()
  await logs.close()
  const { recorded } = on.platform.disk.faults
  const contents = recorded.findIndex(({ operation }) => operation === 'syncFileSystem')
  return { contents, all: recorded.length }
}

async function cutAt(seed: number, step: number): Promise<boolean> {
  const on = new SimulatedWorld({ seed }).machine('broker')
  const logs = await open(on)
  await fill(on, logs)
  const { disk } = on.platform
  disk.faults.crashAt(disk.faults.steps + step)
  await logs.close().catch(() => {})
  const hasFinished = !disk.faults.isCrashed
  on.powerOff()
  const found = on.platform.disk
  const isMarked = found.statSync(MARK) !== undefined
  for (let partition = 0; partition < COUNT; partition += 1) {
    const path = `/data/flights-${partition}/${EPOCHS}`
    if (found.statSync(path) !== undefined) parseEpochs(found.readFileSync(path).toString())
  }
  const again = await open(on)
  if (isMarked || hasFinished) await assertWhole(again)
  for (const log of again.all()) {
    const held = await readAll(log)
    assert.deepEqual(held, ALL.slice(0, held.length), `seed ${seed}, ${log.partition}`)
  }
  return hasFinished
}

test('a power cut at any step of the stop: no log is torn, and a mark means that all are whole', async () => {
  const { contents, all } = await stepsOfStop()
  let finished = 0
  for (let seed = 1; seed <= 40; seed += 1) {
    // Most of them where the order matters.
    const step = seed % 4 === 0 ? contents - seed : contents + ((seed * 7) % (all + 20 - contents))
    if (await cutAt(seed, step)) finished += 1
  }
  assert.ok(finished > 0 && finished < 10, `${finished} of 40 stops came to their end`)
})
