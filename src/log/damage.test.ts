// Flipped bits and missing files: found, said, repaired where that is possible, never served.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { Errors } from '../wire/errors.ts'
import type { SimulatedPlatform } from '../testing/simulated/simulated-world.ts'
import type { Log } from './log.ts'
import {
  batchOf,
  createLog,
  DIRECTORY,
  leaderOptions,
  newContext,
  newPlatform,
  readAll,
  recordsIn,
  reopenLog,
  settle,
} from './support.test.ts'

const SETTINGS = { segmentBytes: 2000, indexIntervalBytes: 100 }
const BATCHES = 40

/** A log of several segments, cleanly closed. */
async function written(platform: SimulatedPlatform): Promise<string[]> {
  const log = createLog(newContext(platform), SETTINGS)
  for (let index = 0; index < BATCHES; index += 1) {
    const options = leaderOptions({ leaderEpoch: index < 20 ? 0 : 3 })
    const timestamp = 1_700_000_000_000 + index * 10
    assert.equal(
      log.appendAsLeader(batchOf([`value ${index}`, 'x'], { timestamp }), options).error,
      0,
    )
    await settle(platform)
  }
  const records = await readAll(log)
  await log.close()
  return records
}

function pathsOf(platform: SimulatedPlatform, suffix: string): string[] {
  return [...platform.disk.contents().keys()].filter((path) => path.endsWith(suffix))
}

async function serve(log: Log, expected: readonly string[]): Promise<boolean> {
  let fetchOffset = log.logStartOffset
  let sawDamage = false
  while (fetchOffset < log.logEndOffset) {
    const result = await log.read({ fetchOffset, maxBytes: 700, minOneBatch: true })
    if (result.error !== 0) {
      assert.equal(result.error, Errors.CORRUPT_MESSAGE)
      sawDamage = true
      fetchOffset += 2
      continue
    }
    const records = recordsIn(result, fetchOffset)
    for (const record of records) {
      assert.equal(record, expected[Number(record.split(':')[0])], 'a damaged record was served')
    }
    fetchOffset = Number(records.at(-1)?.split(':')[0]) + 1
  }
  return sawDamage
}

test('NATS 2025: one flipped bit anywhere in a log file is never served', async () => {
  for (const clean of [true, false]) {
    for (let position = 0; position < 1800; position += 37) {
      const platform = newPlatform()
      const expected = await written(platform)
      const [path = ''] = pathsOf(platform, '.log')
      platform.disk.flipBits(path, position, 0x10)
      const log = await reopenLog(newContext(platform), SETTINGS, { clean })
      const inUnsealed = position % 100 < 16
      const sawDamage = await serve(log, expected)
      if (clean && !inUnsealed) assert.ok(log.logEndOffset === expected.length)
      if (!clean) assert.equal(sawDamage, false)
    }
  }
})

test('any flipped byte of any index: reads and look-ups agree with the log', async () => {
  for (const suffix of ['.index', '.timeindex']) {
    for (let position = 0; position < 60; position += 1) {
      const platform = newPlatform()
      const expected = await written(platform)
      const [path = ''] = pathsOf(platform, suffix)
      platform.disk.flipBits(path, position, 0x41)
      const log = await reopenLog(newContext(platform), SETTINGS, { clean: true })
      for (let offset = 0; offset < log.logEndOffset; offset += 7) {
        const result = await log.read({ fetchOffset: offset, maxBytes: 300, minOneBatch: true })
        assert.equal(result.error, 0)
        assert.equal(recordsIn(result, offset)[0], expected[offset])
      }
    }
  }
})

test('a flipped byte of a time index does not hide a record', async () => {
  for (let position = 0; position < 60; position += 1) {
    const platform = newPlatform()
    const expected = await written(platform)
    // The last entry says how new the segment is, and is not compared with anything.
    const [path = ''] = pathsOf(platform, '.timeindex')
    const entries = Math.floor((platform.disk.statSync(path)?.size ?? 0) / 12)
    if (position >= (entries - 1) * 12) break
    platform.disk.flipBits(path, position, 0x11)
    const log = await reopenLog(newContext(platform), SETTINGS, { clean: true })
    for (let index = 0; index < BATCHES; index += 1) {
      const found = await log.offsetForTimestamp(1_700_000_000_000 + index * 10)
      assert.equal(found?.offset, index * 2, `byte ${position}`)
    }
    assert.deepEqual(await readAll(log), expected)
  }
})

test('missing indexes are made anew, after a clean stop too', async () => {
  for (const suffix of ['.index', '.timeindex']) {
    const platform = newPlatform()
    const expected = await written(platform)
    for (const path of pathsOf(platform, suffix)) platform.disk.removeSync(path)
    const log = await reopenLog(newContext(platform), SETTINGS, { clean: true })
    const found = await log.offsetForTimestamp(1_700_000_000_105)
    assert.deepEqual(found, { timestamp: 1_700_000_000_110, offset: 22, leaderEpoch: 0 })
    assert.deepEqual(await readAll(log), expected)
    await log.close()
    assert.equal(pathsOf(platform, suffix).length, log.segmentCount)
  }
})

test('KAFKA-16541: garbage in a small file is survived', async () => {
  const files = ['leader-epoch-checkpoint', 'partition.metadata', '.snapshot']
  for (const file of files) {
    for (const clean of [true, false]) {
      const platform = newPlatform()
      const expected = await written(platform)
      for (const path of pathsOf(platform, file)) platform.disk.flipBits(path, 0, 0xff)
      const log = await reopenLog(newContext(platform), SETTINGS, { clean })
      assert.deepEqual(await readAll(log), expected)
      assert.equal(log.latestEpoch, 3)
      assert.deepEqual(log.endOffsetForEpoch(0), { epoch: 0, endOffset: 40 })
    }
  }
})

test('a log file that ends early, after a clean stop: what is left is served', async () => {
  const platform = newPlatform()
  const expected = await written(platform)
  const path = pathsOf(platform, '.log').at(-1) ?? ''
  const file = platform.disk.openSync(path, 'write')
  file.truncateSync(file.sizeSync() - 10)
  const log = await reopenLog(newContext(platform), SETTINGS, { clean: true })
  assert.equal(log.logEndOffset, expected.length - 2)
  assert.deepEqual(await readAll(log), expected.slice(0, -2))
})

test('a foreign file in the directory is left alone', async () => {
  const platform = newPlatform()
  await written(platform)
  const path = join(DIRECTORY, 'notes.txt')
  platform.disk.install(path, 'mine')
  const log = await reopenLog(newContext(platform), SETTINGS)
  await log.close()
  assert.equal(platform.disk.readFileSync(path).toString(), 'mine')
})

test('a disk that cannot be read is out of use, and says so to whoever reads', async () => {
  const platform = newPlatform()
  await written(platform)
  const log = await reopenLog(newContext(platform), SETTINGS, { clean: true })
  const failures: unknown[] = []
  log.onFailure = (error) => failures.push(error)
  platform.disk.failNext('read', 'EIO')
  const result = await log.read({ fetchOffset: 0, maxBytes: 100, minOneBatch: true })
  assert.equal(result.error, Errors.KAFKA_STORAGE_ERROR)
  assert.equal(failures.length, 1)
  assert.equal(
    log.appendAsLeader(batchOf(['x']), leaderOptions()).error,
    Errors.KAFKA_STORAGE_ERROR,
  )
})
