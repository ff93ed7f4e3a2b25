import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Log } from '../log/log.ts'
import {
  batchOf,
  createLog,
  leaderOptions,
  logConfig,
  newContext,
  newPlatform,
  readAll,
  settle,
} from '../log/support.test.ts'
import { LogCopy } from './log-copy.ts'

test('KAFKA-6975: a log that starts inside a batch is copied to another directory', async () => {
  const platform = newPlatform()
  const context = newContext(platform)
  const current = createLog(context)
  for (const values of [['a', 'b', 'c', 'd'], ['e']]) {
    current.appendAsLeader(batchOf(values), leaderOptions())
  }
  await settle(platform)
  current.updateHighWatermark(5)
  assert.equal(current.deleteRecordsBefore(2), 0)
  const future = Log.create(context, {
    topic: 'flights',
    partition: 0,
    directory: '/other/flights-0',
    topicId: undefined,
    config: logConfig(),
  })
  const copy = new LogCopy(current, future)
  let steps = 0
  while (!copy.isLevel && steps < 10) {
    const step = copy.step()
    await settle(platform)
    await step
    steps += 1
  }
  copy.takeOver()
  assert.deepEqual([future.logStartOffset, future.logEndOffset, future.highWatermark], [2, 5, 5])
  assert.deepEqual(await readAll(future), await readAll(current))
})
