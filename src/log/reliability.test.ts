// Failures that happened to others, about logs and compaction, each by its number.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { controlBatch, ControlType } from '../wire/records/control-batch.ts'
import type { SimulatedPlatform } from '../testing/simulated/simulated-world.ts'
import { isComplete, sizeInBytes } from '../wire/records/batch.ts'
import type { Log } from './log.ts'
import {
  batchOf,
  cleanLimits,
  createLog,
  DIRECTORY,
  leaderOptions,
  logConfig,
  newContext,
  newPlatform,
  readAll,
  reopenLog,
  settle,
} from './support.test.ts'

const COMPACT = { cleanupPolicy: { delete: false, compact: true }, segmentBytes: 300 } as const
async function append(platform: SimulatedPlatform, log: Log, records: Buffer, options = {}) {
  const result = log.appendAsLeader(records, leaderOptions(options))
  assert.equal(result.error, 0)
  await settle(platform)
  log.updateHighWatermark(log.logEndOffset)
}

async function clean(log: Log): Promise<void> {
  log.roll()
  await log.flush()
  await log.clean(log.dirtiness(0, 0), cleanLimits())
}

test('KAFKA-12520: finishing a .swap after a crash keeps the producer state', async () => {
  const platform = newPlatform()
  const forever = { producerIdExpirationMs: Infinity }
  const log = createLog(newContext(platform, forever), { ...COMPACT, segmentBytes: 5000 })
  for (let index = 0; index < 6; index += 1) {
    const producer = { producerId: 3, producerEpoch: 2, baseSequence: index }
    await append(platform, log, batchOf(['same'], producer))
  }
  log.roll()
  await log.flush()
  // The process ends when the cleaned segment has become a swap.
  const rename = platform.disk.renameSync.bind(platform.disk)
  platform.disk.renameSync = (from, to) => {
    rename(from, to)
    if (to.endsWith('.log.swap')) platform.disk.faults.end()
  }
  await log.clean(log.dirtiness(0, 0), cleanLimits()).catch(() => {})
  await settle(platform)
  platform.disk.renameSync = rename
  platform.disk.kill()
  const names = platform.disk.listSync(DIRECTORY).map(({ name }) => name)
  assert.ok(names.some((name) => name.endsWith('.log.swap')))
  const again = await reopenLog(newContext(platform, forever), COMPACT)
  assert.deepEqual(await readAll(again), ['5:same'])
  const [producer] = again.producers()
  assert.deepEqual(
    [producer?.producerId, producer?.producerEpoch, producer?.lastSequence],
    [3, 2, 5],
  )
})

test('KAFKA-9835: a read while appends run never shows half a batch', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform), { segmentBytes: 100_000 })
  platform.disk.latencyMs = (operation) =>
    operation === 'write' ? 2 : operation === 'read' ? 1 : 0
  const reads: Promise<void>[] = []
  for (let index = 0; index < 60; index += 1) {
    log.appendAsLeader(batchOf(['x'.repeat(index % 4 === 0 ? 18_000 : 10)]), leaderOptions())
    reads.push(
      (async () => {
        const from = Math.max(0, log.logEndOffset - 3)
        const result = await log.read({ fetchOffset: from, maxBytes: 1e5, minOneBatch: true })
        assert.equal(result.error, 0)
        for (const bytes of result.segments) {
          let p = 0
          for (; p < bytes.length && isComplete(bytes, p); p += sizeInBytes(bytes, p));
          assert.equal(p, bytes.length)
        }
      })(),
    )
    await platform.clock.advance(1)
  }
  await platform.clock.advance(200)
  await Promise.all(reads)
  assert.equal(log.logEndOffset, 60)
})

test('KAFKA-7278: a segment that is replaced twice is removed once', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform), COMPACT)
  for (let round = 0; round < 2; round += 1) {
    for (let index = 0; index < 6; index += 1)
      await append(platform, log, batchOf([`${index % 2}`]))
    await clean(log)
  }
  await platform.clock.advance(61_000)
  await settle(platform)
  const names = platform.disk.listSync(DIRECTORY).map(({ name }) => name)
  assert.equal(
    names.some((name) => name.endsWith('.deleted')),
    false,
  )
  assert.deepEqual(await readAll(log), ['10:0', '11:1'])
})

test('KAFKA-6264, KAFKA-5413: the cleaner does not merge segments too far apart for one index', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform), { ...COMPACT, segmentBytes: 100_000 })
  const offsets = [0, 2 ** 31 - 1, 2 ** 31, 5_000_000_000]
  for (const baseOffset of offsets) {
    const records = batchOf([`only ${baseOffset}`], { baseOffset })
    assert.equal(log.appendAsFollower(records).error, 0)
    await settle(platform)
    log.updateHighWatermark(log.logEndOffset)
    log.roll()
  }
  await clean(log)
  assert.equal((await readAll(log)).length, 4)
  // The first two fit into one segment, with an offset just as far as one can be.
  assert.equal(log.segmentCount, 4)
  for (const offset of offsets) {
    const [record] = await readAll(log, offset, { maxBytes: 1 })
    assert.equal(record, `${offset}:only ${offset}`)
  }
})

test('KAFKA-6834: batches above the current max.message.bytes are compacted all the same', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform), { ...COMPACT, segmentBytes: 200_000 })
  await append(platform, log, batchOf(['x'.repeat(80_000)]))
  await append(platform, log, batchOf(['small']))
  log.updateConfig(logConfig({ ...COMPACT, maxMessageBytes: 100 }))
  await clean(log)
  assert.deepEqual(
    (await readAll(log)).map((record) => record.length),
    [80_002, 7],
  )
})

test('KAFKA-8335: a compacted log with transactions stays bounded', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform), {
    ...COMPACT,
    segmentBytes: 2000,
    deleteRetentionMs: 10,
  })
  const sizes: number[] = []
  let sequence = 0
  for (let round = 0; round < 12; round += 1) {
    for (let index = 0; index < 20; index += 1) {
      const producer = {
        producerId: 1,
        producerEpoch: 0,
        baseSequence: sequence,
        transactional: true,
      }
      sequence += 1
      await append(platform, log, batchOf([`key ${index % 3}`], producer))
      const type = index % 4 === 0 ? ControlType.abort : ControlType.commit
      const marker = { type, producerId: 1, producerEpoch: 0, coordinatorEpoch: 0, timestamp: 1 }
      await append(platform, log, controlBatch(marker), { origin: 'coordinator' })
    }
    await clean(log)
    await platform.clock.advance(20)
    sizes.push(log.sizeBytes)
  }
  assert.ok(Math.max(...sizes.slice(3)) < 4 * (sizes[1] ?? 0), sizes.join(' '))
})

test('KAFKA-9144: an expired producer keeps its coordinator epoch by the time of its marker', async () => {
  const platform = newPlatform()
  const nowMs = platform.clock.nowMs()
  const context = newContext(platform, { producerIdExpirationMs: 1000 })
  const log = createLog(context)
  const producer = { producerId: 1, producerEpoch: 0, baseSequence: 0, transactional: true }
  await append(platform, log, batchOf(['x'], { ...producer, timestamp: nowMs - 5000 }))
  const marker = {
    type: ControlType.commit,
    producerId: 1,
    producerEpoch: 0,
    coordinatorEpoch: 7,
    timestamp: nowMs,
  }
  await append(platform, log, controlBatch(marker), { origin: 'coordinator' })
  await log.close()
  const again = await reopenLog(
    newContext(platform, { producerIdExpirationMs: 1000 }),
    {},
    { clean: true },
  )
  again.expireProducers(nowMs)
  assert.equal(again.producers()[0]?.coordinatorEpoch, 7)
  again.expireProducers(nowMs + 1000)
  assert.equal(again.producers().length, 0)
})

test('an open transaction keeps its producer from expiring', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform, { producerIdExpirationMs: 10 }))
  const producer = { producerId: 1, producerEpoch: 0, baseSequence: 0, transactional: true }
  await append(platform, log, batchOf(['x'], producer))
  log.expireProducers(Number.MAX_SAFE_INTEGER)
  assert.equal(log.producers().length, 1)
})

test('KAFKA-15653: small records are copied, and do not keep their request in memory', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform))
  const records = batchOf(['first'])
  await append(platform, log, records)
  const before = await readAll(log)
  records.fill(0)
  assert.deepEqual(await readAll(log), before)
})
