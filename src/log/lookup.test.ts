// Records are found by time, in every segment, deleted ones not.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as batch from '../wire/records/batch.ts'
import type { Log } from './log.ts'
import { append, batchOf, createLog, newContext, newPlatform, reopenLog } from './support.test.ts'

const T0 = 1_700_000_000_000

test('records are found by time, the newest by -3, in every segment', async () => {
  const platform = newPlatform()
  const settings = { segmentBytes: 700, indexIntervalBytes: 100 }
  let log = createLog(newContext(platform), settings)
  // Not in order: the third batch of five is the newest so far.
  for (let index = 0; index < 30; index += 1) {
    const timestamp = T0 + index * 100 + (index % 5 === 2 ? 450 : 0)
    await append(platform, log, batchOf([`${index}`, 'x'], { timestamp }), {
      leaderEpoch: index < 15 ? 1 : 2,
    })
  }
  const times = [...(await readTimes(log)).entries()]
  for (const reopened of [false, true]) {
    if (reopened) {
      await log.close()
      log = await reopenLog(newContext(platform), settings, { clean: true })
    }
    for (let wanted = T0 - 50; wanted < T0 + 3600; wanted += 37) {
      const expected = times.find(([, timestamp]) => timestamp >= wanted)
      const found = await log.offsetForTimestamp(wanted)
      assert.deepEqual(found && [found.offset, found.timestamp], expected, `for ${wanted - T0}`)
      if (found !== undefined) assert.equal(found.leaderEpoch, found.offset < 30 ? 1 : 2)
    }
    assert.equal((await log.offsetForTimestamp(-3))?.offset, 55)
    assert.deepEqual(await log.offsetForTimestamp(-2), { timestamp: -1, offset: 0, leaderEpoch: 1 })
    assert.deepEqual(await log.offsetForTimestamp(-1), {
      timestamp: -1,
      offset: 60,
      leaderEpoch: 2,
    })
  }
})

test('the newest timestamp is one of a record that is left', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform), { segmentBytes: 350, indexIntervalBytes: 0 })
  for (const [index, time] of [9, 3, 5, 4, 7].entries()) {
    await append(platform, log, batchOf([`${index}`, 'x'], { timestamp: T0 + time * 10 }))
  }
  log.updateHighWatermark(10)
  const newest = async () => (await log.offsetForTimestamp(-3))?.offset
  assert.equal(await newest(), 1)
  log.deleteRecordsBefore(1)
  assert.equal(await newest(), 1)
  log.deleteRecordsBefore(2)
  assert.equal(await newest(), 9)
  await log.truncateTo(8)
  assert.equal(await newest(), 5)
  log.deleteRecordsBefore(8)
  assert.equal(await newest(), undefined)
})

async function readTimes(log: Log): Promise<number[]> {
  const result = await log.read({ fetchOffset: 0, maxBytes: 1e6, minOneBatch: true })
  const times: number[] = []
  for (const bytes of result.segments) {
    for (let p = 0; p < bytes.length; p += batch.sizeInBytes(bytes, p)) {
      times.push(batch.baseTimestamp(bytes, p), batch.maxTimestamp(bytes, p))
    }
  }
  return times
}
