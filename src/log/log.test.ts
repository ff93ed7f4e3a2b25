// One partition: what an append answers, when segments are rolled, what goes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Errors } from '../wire/errors.ts'
import { controlBatch, ControlType } from '../wire/records/control-batch.ts'
import {
  append,
  batchOf,
  createLog,
  leaderOptions,
  logConfig,
  newContext,
  newPlatform,
  readAll,
  recordsIn,
  reopenLog,
  settle,
} from './support.test.ts'

const T0 = 1_700_000_000_000

test('an append gets offsets at once, and is readable once it is written', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform))
  const ends: number[] = []
  log.onAdvance = (end) => ends.push(end)
  const first = log.appendAsLeader(batchOf(['a', 'b']), leaderOptions({ leaderEpoch: 4 }))
  const second = log.appendAsLeader(batchOf(['c']), leaderOptions({ leaderEpoch: 4 }))
  assert.deepEqual([first.firstOffset, first.lastOffset], [0, 1])
  assert.deepEqual([second.firstOffset, second.lastOffset], [2, 2])
  assert.deepEqual([log.nextOffset, log.logEndOffset, ends.length], [3, 0, 0])
  const early = await log.read({ fetchOffset: 0, maxBytes: 1000, minOneBatch: true })
  assert.equal(early.sizeBytes, 0)
  await settle(platform)
  assert.deepEqual([log.logEndOffset, ends], [3, [3]])
  assert.deepEqual(await readAll(log), ['0:a', '1:b', '2:c'])
  assert.equal(log.latestEpoch, 4)
})

test('what came together is written together', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform))
  await append(platform, log, batchOf(['first']))
  platform.disk.faults.record()
  for (let index = 0; index < 10; index += 1) log.appendAsLeader(batchOf(['x']), leaderOptions())
  await settle(platform)
  assert.deepEqual(
    platform.disk.faults.recorded.map(({ operation }) => operation),
    ['write'],
  )
})

test('flush.messages=1 is a group commit: one sync, and no answer before it', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform), { flushMessages: 1 })
  await append(platform, log, batchOf(['first']))
  platform.disk.faults.record()
  platform.disk.latencyMs = (operation) => (operation === 'sync' ? 5 : 0)
  for (let index = 0; index < 10; index += 1) log.appendAsLeader(batchOf(['x']), leaderOptions())
  await settle(platform)
  assert.equal(log.logEndOffset, 1)
  log.appendAsLeader(batchOf(['while it syncs']), leaderOptions())
  await platform.clock.advance(5)
  await settle(platform)
  assert.deepEqual([log.logEndOffset, log.recoveryPoint], [11, 11])
  await platform.clock.advance(5)
  await settle(platform)
  assert.equal(log.logEndOffset, 12)
  const operations = platform.disk.faults.recorded.map(({ operation }) => operation)
  assert.deepEqual(operations, ['write', 'sync', 'write', 'sync'])
})

test('flush.messages=3 syncs every third record', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform), { flushMessages: 3 })
  const points: number[] = []
  for (let index = 0; index < 7; index += 1) {
    await append(platform, log, batchOf(['x']))
    points.push(log.recoveryPoint)
  }
  assert.deepEqual(points, [0, 0, 3, 3, 3, 6, 6])
  assert.equal(log.logEndOffset, 7)
})

test('large batches go through the pool by reference, in order', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform))
  platform.disk.latencyMs = () => 3
  for (let index = 0; index < 5; index += 1) {
    log.appendAsLeader(batchOf([`${index}`.padEnd(30_000, 'x')]), leaderOptions())
  }
  assert.equal(log.logEndOffset, 0)
  await platform.clock.advance(20)
  await settle(platform)
  assert.equal(log.logEndOffset, 5)
  const result = await log.read({ fetchOffset: 0, maxBytes: 1e6, minOneBatch: true })
  assert.deepEqual(
    recordsIn(result).map((record) => record.slice(0, 3)),
    ['0:0', '1:1', '2:2', '3:3', '4:4'],
  )
})

test('reads: the first batch whole, whole batches only, nothing at the limit', async () => {
  for (const fromFile of [false, true]) {
    const platform = newPlatform()
    let log = createLog(newContext(platform))
    for (let index = 0; index < 6; index += 1)
      await append(platform, log, batchOf([`${index}`, 'x']))
    if (fromFile) {
      await log.close()
      log = await reopenLog(newContext(platform), {}, { clean: true })
    }
    const size = log.sizeBytes / 6
    const read = async (
      fetchOffset: number,
      maxBytes: number,
      maxOffset?: number,
      minOneBatch = true,
    ) => {
      const result = await log.read({ fetchOffset, maxBytes, maxOffset, minOneBatch })
      return [
        result.error,
        result.sizeBytes / size,
        recordsIn(result, fetchOffset)[0]?.split(':')[0],
      ]
    }
    assert.deepEqual(await read(3, 1), [0, 1, '3'])
    assert.deepEqual(await read(3, 1, undefined, false), [0, 0, undefined])
    assert.deepEqual(await read(3, size * 2.5), [0, 2, '3'])
    assert.deepEqual(await read(0, 1e6, 7), [0, 3, '0'])
    assert.deepEqual(await read(12, 1e6), [0, 0, undefined])
    assert.deepEqual(await read(13, 1e6), [Errors.OFFSET_OUT_OF_RANGE, 0, undefined])
    assert.deepEqual(await read(-1, 1e6), [Errors.OFFSET_OUT_OF_RANGE, 0, undefined])
    assert.deepEqual(await read(4, 1e6, 4), [0, 0, undefined])
  }
})

test('refusals, with the log start offset where Kafka names it', async () => {
  const log = createLog(newContext(newPlatform()), { maxMessageBytes: 500, segmentBytes: 300 })
  const answer = (records: Buffer, options = {}) => {
    const { error, logStartOffset } = log.appendAsLeader(records, leaderOptions(options))
    return [error, logStartOffset]
  }
  const corrupt = batchOf(['x'])
  corrupt.writeUInt8(corrupt.readUInt8(70) ^ 1, 70)
  assert.deepEqual(answer(corrupt), [Errors.CORRUPT_MESSAGE, -1])
  assert.deepEqual(answer(batchOf(['x'.repeat(600)])), [Errors.MESSAGE_TOO_LARGE, -1])
  assert.deepEqual(answer(batchOf(['x'.repeat(150)])), [Errors.RECORD_LIST_TOO_LARGE, -1])
  assert.deepEqual(
    answer(batchOf(['x'], { baseOffset: 100 })),
    [Errors.INVALID_RECORD, -1].with(1, 0),
  )
  assert.equal(log.nextOffset, 0)
})

test('idempotence: the last five batches are recognised, gaps and old epochs refused', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform))
  const send = (epoch: number, baseSequence: number) =>
    append(
      platform,
      log,
      batchOf(['a', 'b'], { producerId: 9, producerEpoch: epoch, baseSequence }),
    )
  for (let index = 0; index < 7; index += 1) assert.equal((await send(0, index * 2)).error, 0)
  for (let index = 2; index < 7; index += 1) {
    const retry = await send(0, index * 2)
    assert.deepEqual([retry.error, retry.duplicate, retry.firstOffset], [0, true, index * 2])
    assert.deepEqual([retry.lastOffset, retry.appendTimeMs], [index * 2 + 1, T0 + 1])
  }
  assert.equal((await send(0, 2)).error, Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
  assert.equal((await send(0, 16)).error, Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
  assert.equal((await send(1, 3)).error, Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
  assert.equal((await send(1, 0)).error, 0)
  assert.equal((await send(0, 14)).error, Errors.INVALID_PRODUCER_EPOCH)
  assert.equal(log.logEndOffset, 16)
})

test('sequences wrap after 2^31 - 1', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform))
  const producer = { producerId: 9, producerEpoch: 0 }
  const first = await append(
    platform,
    log,
    batchOf(['a', 'b', 'c'], { ...producer, baseSequence: 2 ** 31 - 2 }),
  )
  assert.equal(first.error, 0)
  assert.equal(log.producers()[0]?.lastSequence, 0)
  assert.equal(
    (await append(platform, log, batchOf(['d'], { ...producer, baseSequence: 1 }))).error,
    0,
  )
})

test('AutoMQ #437, Redpanda #3039: retries of the last five batches are recognised after a restart, clean or not', async () => {
  for (const clean of [true, false]) {
    const platform = newPlatform()
    let log = createLog(newContext(platform, { producerIdExpirationMs: Infinity }))
    const send = (baseSequence: number) =>
      append(platform, log, batchOf(['a'], { producerId: 9, producerEpoch: 0, baseSequence }))
    for (let index = 0; index < 6; index += 1) await send(index)
    await log.close()
    log = await reopenLog(newContext(platform, { producerIdExpirationMs: Infinity }), {}, { clean })
    for (let sequence = 1; sequence < 6; sequence += 1) {
      const retry = await send(sequence)
      assert.deepEqual([retry.duplicate, retry.firstOffset], [true, sequence])
    }
    assert.equal((await send(6)).firstOffset, 6)
  }
})

test('transactions: the last stable offset, aborted lists, fencing by coordinator epoch', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform))
  const data = (producerId: number, baseSequence: number) =>
    append(
      platform,
      log,
      batchOf(['x', 'y'], { producerId, producerEpoch: 0, baseSequence, transactional: true }),
    )
  const end = (producerId: number, type: ControlType, coordinatorEpoch = 5) => {
    const marker = { type, producerId, producerEpoch: 0, coordinatorEpoch, timestamp: T0 }
    return append(platform, log, controlBatch(marker), { origin: 'coordinator' })
  }
  await data(1, 0)
  await data(2, 0)
  log.updateHighWatermark(log.logEndOffset)
  assert.equal(log.lastStableOffset, 0)
  assert.equal(log.hasOngoingTransaction(1, 0), true)
  await end(1, ControlType.abort)
  // Replicated only when the high watermark has passed the marker.
  assert.equal(log.lastStableOffset, 0)
  log.updateHighWatermark(log.logEndOffset)
  assert.equal(log.lastStableOffset, 2)
  await end(2, ControlType.commit)
  log.updateHighWatermark(log.logEndOffset)
  assert.equal(log.lastStableOffset, 6)
  assert.deepEqual(log.abortedTransactions(0, 6), [{ producerId: 1, firstOffset: 0 }])
  assert.deepEqual(log.abortedTransactions(5, 6), [])
  assert.equal((await end(1, ControlType.abort, 4)).error, Errors.TRANSACTION_COORDINATOR_FENCED)
  const plain = batchOf(['z'], { producerId: 1, producerEpoch: 0, baseSequence: 2 })
  await data(1, 2)
  assert.equal((await append(platform, log, plain)).error, Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
  const next = batchOf(['z'], { producerId: 1, producerEpoch: 0, baseSequence: 4 })
  assert.equal((await append(platform, log, next)).error, Errors.INVALID_TXN_STATE)
})

test('AutoMQ #754: aborted ranges are complete across segments and restarts', async () => {
  const platform = newPlatform()
  const settings = { segmentBytes: 300 }
  let log = createLog(newContext(platform, { producerIdExpirationMs: Infinity }), settings)
  for (let index = 0; index < 6; index += 1) {
    const input = { producerId: 1, producerEpoch: 0, baseSequence: index, transactional: true }
    await append(platform, log, batchOf([`${index}`.padEnd(80)], input))
  }
  const marker = {
    type: ControlType.abort,
    producerId: 1,
    producerEpoch: 0,
    coordinatorEpoch: 0,
    timestamp: T0,
  }
  await append(platform, log, controlBatch(marker), { origin: 'coordinator' })
  assert.ok(log.segmentCount > 3)
  const expected = [{ producerId: 1, firstOffset: 0 }]
  for (const clean of [undefined, true, false]) {
    if (clean !== undefined) {
      await log.close()
      log = await reopenLog(newContext(platform, { producerIdExpirationMs: Infinity }), settings, {
        clean,
      })
    }
    for (let from = 0; from < 7; from += 1)
      assert.deepEqual(log.abortedTransactions(from, 7), expected)
  }
})

test('segments roll by size, by record time, by full index and by offset distance', async () => {
  const platform = newPlatform()
  const roll = async (overrides: Parameters<typeof createLog>[1], records: readonly Buffer[]) => {
    const context = newContext(newPlatform())
    const log = createLog(context, overrides)
    for (const one of records) log.appendAsFollower(one)
    const { segmentCount } = log
    await log.close()
    return segmentCount
  }
  const at = (baseOffset: number, timestamp = T0) => batchOf(['x'], { baseOffset, timestamp })
  const three = () => [at(0), at(1), at(2)]
  assert.equal(await roll({}, three()), 1)
  assert.equal(await roll({ segmentBytes: 200 }, three()), 2)
  assert.equal(await roll({ segmentMs: 1000 }, [at(0), at(1, T0 + 1000), at(2, T0 + 1001)]), 2)
  assert.equal(await roll({ segmentIndexBytes: 24, indexIntervalBytes: 1 }, three()), 2)
  await settle(platform)
})

test('KAFKA-6264, KAFKA-5413: offsets further apart than an index can say roll a segment', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform))
  for (const baseOffset of [0, 2 ** 31 - 1, 2 ** 31, 5_000_000_000]) {
    assert.equal(log.appendAsFollower(batchOf(['x'], { baseOffset })).error, 0)
    await settle(platform)
  }
  assert.equal(log.segmentCount, 3)
  const offsets = (await readAll(log)).map((record) => Number(record.split(':')[0]))
  assert.deepEqual(offsets, [0, 2 ** 31 - 1, 2 ** 31, 5_000_000_000])
})

test('segment.jitter.ms makes segments roll earlier, never later', async () => {
  const platform = newPlatform(7)
  const log = createLog(newContext(platform), { segmentMs: 10_000, segmentJitterMs: 9_000 })
  await append(platform, log, batchOf(['a'], { timestamp: T0 }))
  await append(platform, log, batchOf(['b'], { timestamp: T0 + 10_001 }))
  assert.equal(log.segmentCount, 2)
})

test('KAFKA-5634: retention by time, size and log start, never past the high watermark', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform), { segmentBytes: 200 })
  for (let index = 0; index < 10; index += 1) {
    await append(platform, log, batchOf(['x'.repeat(50)], { timestamp: T0 + index * 1000 }))
  }
  const settings = { segmentBytes: 200, retentionMs: 4500 }
  log.updateConfig(logConfig(settings))
  assert.equal(log.applyRetention(T0 + 9000), 0)
  log.updateHighWatermark(3)
  assert.equal(log.applyRetention(T0 + 9000), 3)
  assert.equal(log.logStartOffset, 3)
  log.updateHighWatermark(10)
  assert.equal(log.applyRetention(T0 + 9000), 2)
  assert.equal(log.logStartOffset, 5)
  log.updateConfig(
    logConfig({ segmentBytes: 200, retentionBytes: log.sizeBytes - 1, retentionMs: -1 }),
  )
  assert.equal(log.applyRetention(T0), 0)
  log.updateConfig(
    logConfig({ segmentBytes: 200, retentionBytes: log.sizeBytes / 2, retentionMs: -1 }),
  )
  assert.ok(log.applyRetention(T0) >= 1)
  assert.equal(log.deleteRecordsBefore(99), Errors.OFFSET_OUT_OF_RANGE)
  assert.equal(log.deleteRecordsBefore(9), 0)
  // Also a compacted topic gives what lies below its log start.
  log.updateConfig(logConfig({ cleanupPolicy: { delete: false, compact: true } }))
  log.applyRetention(T0)
  assert.deepEqual([log.logStartOffset, log.segmentCount], [9, 1])
  assert.equal(
    recordsIn(await log.read({ fetchOffset: 9, maxBytes: 1, minOneBatch: true })).length,
    1,
  )
  log.updateConfig(logConfig({ retentionMs: 1 }))
  assert.equal(log.applyRetention(T0 + 99_000), 1)
  await settle(platform)
  assert.deepEqual([log.logStartOffset, log.logEndOffset, log.sizeBytes], [10, 10, 0])
  await log.close()
  const again = await reopenLog(newContext(platform), {}, { clean: true })
  assert.deepEqual([again.logStartOffset, again.logEndOffset], [10, 10])
})

test('leader epochs: where each ends, after truncation too', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform))
  for (const [leaderEpoch, count] of [
    [2, 3],
    [5, 2],
    [6, 4],
  ] as const) {
    for (let index = 0; index < count; index += 1)
      await append(platform, log, batchOf(['x']), { leaderEpoch })
  }
  assert.deepEqual(log.endOffsetForEpoch(1), { epoch: 1, endOffset: 0 })
  assert.deepEqual(log.endOffsetForEpoch(2), { epoch: 2, endOffset: 3 })
  assert.deepEqual(log.endOffsetForEpoch(4), { epoch: 2, endOffset: 3 })
  assert.deepEqual(log.endOffsetForEpoch(6), { epoch: 6, endOffset: 9 })
  assert.deepEqual(log.endOffsetForEpoch(7), { epoch: -1, endOffset: -1 })
  assert.equal(log.epochForOffset(4), 5)
  assert.equal(await log.truncateTo(4), true)
  assert.equal(await log.truncateTo(4), false)
  assert.deepEqual([log.latestEpoch, log.logEndOffset], [5, 4])
  log.assignEpochStartOffset(8, 4)
  await log.truncateFullyAndStartAt(100)
  assert.deepEqual([log.latestEpoch, log.logStartOffset, log.logEndOffset], [-1, 100, 100])
  await append(platform, log, batchOf(['y']))
  assert.deepEqual(await readAll(log), ['100:y'])
})

test('a follower takes what its leader wrote, and refuses what is damaged or out of place', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform))
  const two = Buffer.concat([
    batchOf(['a'], { baseOffset: 0, leaderEpoch: 3 }),
    batchOf(['b'], { baseOffset: 5, leaderEpoch: 3 }),
  ])
  const torn = Buffer.concat([two, batchOf(['c'], { baseOffset: 6 }).subarray(0, 40)])
  assert.deepEqual(log.appendAsFollower(torn).lastOffset, 5)
  await settle(platform)
  assert.deepEqual(await readAll(log), ['0:a', '5:b'])
  assert.equal(
    log.appendAsFollower(batchOf(['again'], { baseOffset: 3 })).error,
    Errors.OFFSET_OUT_OF_RANGE,
  )
  const damaged = batchOf(['d'], { baseOffset: 6 })
  damaged.writeUInt8(damaged.readUInt8(65) ^ 4, 65)
  assert.equal(log.appendAsFollower(damaged).error, Errors.CORRUPT_MESSAGE)
  assert.equal(log.logEndOffset, 6)
})

test('what a follower was given may be overwritten when it is written', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform))
  log.appendAsFollower(batchOf(['before'], { baseOffset: 0 }))
  await settle(platform)
  const large = batchOf(['x'.repeat(40_000)], { baseOffset: 1 })
  const sent = Buffer.from(large)
  log.appendAsFollower(large)
  await settle(platform)
  assert.equal(log.logEndOffset, 2)
  large.fill(0)
  log.appendAsFollower(batchOf(['after'], { baseOffset: 2 }))
  await settle(platform)
  const read = await log.read({ fetchOffset: 1, maxBytes: sent.length, minOneBatch: true })
  assert.deepEqual(Buffer.concat(read.segments), sent)
  assert.deepEqual(
    (await readAll(log)).map((record) => record.slice(0, 8)),
    ['0:before', '1:xxxxxx', '2:after'],
  )
})

test('preallocate: the file has its full size while it is written, and no more afterwards', async () => {
  const platform = newPlatform()
  const settings = { preallocate: true, segmentBytes: 400 }
  const log = createLog(newContext(platform), settings)
  const sizes = () =>
    [...platform.disk.contents()].filter(([path]) => path.endsWith('.log')).map(([, b]) => b.length)
  await append(platform, log, batchOf(['x'.repeat(100)]))
  assert.deepEqual(sizes(), [400])
  await append(platform, log, batchOf(['y'.repeat(100)]))
  await settle(platform)
  const [first = 0, second] = sizes()
  assert.ok(first < 400)
  assert.equal(second, 400)
  const records = await readAll(log)
  const killed = await reopenLog(newContext(platform), settings)
  assert.deepEqual(await readAll(killed), records)
  await killed.close()
  assert.ok(sizes().every((size) => size < 400))
})

test('an owner that throws on an advance does not take the log offline', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform))
  log.onAdvance = () => {
    throw new Error('a bug elsewhere')
  }
  await append(platform, log, batchOf(['a']))
  await append(platform, log, batchOf(['b']))
  assert.deepEqual([log.hasFailed, log.logEndOffset], [false, 2])
})

test('more logs than descriptors: files are closed and opened again', async () => {
  const platform = newPlatform()
  const context = newContext(platform, { maxOpenFiles: 2 })
  const log = createLog(context, { segmentBytes: 100 })
  for (let index = 0; index < 12; index += 1) await append(platform, log, batchOf([`${index}`]))
  assert.equal(log.segmentCount, 12)
  await log.close()
  const again = await reopenLog(context, { segmentBytes: 100 }, { clean: true })
  assert.equal((await readAll(again)).length, 12)
  assert.ok(context.openFiles.weight <= 2)
})
