// Compaction: what stays, what goes and when, and that a power cut at any point loses nothing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogConfig } from '../config/topic-config.ts'
import type { SimulatedPlatform } from '../testing/simulated/simulated-world.ts'
import { SimulatedWorld } from '../testing/simulated/simulated-world.ts'
import * as batch from '../wire/records/batch.ts'
import { buildBatch } from '../wire/records/build-batch.ts'
import type { BatchInput } from '../wire/records/build-batch.ts'
import { controlBatch, ControlType } from '../wire/records/control-batch.ts'
import { readRecords } from '../wire/records/read-records.ts'
import { CleaningAborted } from './clean-log.ts'
import type { Log } from './log.ts'
import { rewriteSegments } from './rewrite-segments.ts'
import { openLogs } from './history-support.test.ts'
import {
  cleanLimits,
  createLog,
  leaderOptions,
  logConfig,
  newContext,
  newPlatform,
  reopenLog,
  settle,
} from './support.test.ts'

const COMPACT = {
  cleanupPolicy: { delete: false, compact: true },
  segmentBytes: 400,
  indexIntervalBytes: 50,
  minCleanableDirtyRatio: 0,
  deleteRetentionMs: 1000,
} as const satisfies Partial<LogConfig>

function keyed(
  pairs: readonly (readonly [string, string | null])[],
  input: Partial<BatchInput> = {},
) {
  return buildBatch({
    records: pairs.map(([key, value], index) => ({
      key: Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
      timestamp: 1_700_000_000_000 + index,
    })),
    ...input,
  })
}

async function append(
  platform: SimulatedPlatform,
  log: Log,
  records: Buffer,
  origin: 'client' | 'coordinator' = 'client',
) {
  const result = log.appendAsLeader(records, leaderOptions({ origin }))
  assert.equal(result.error, 0)
  await settle(platform)
  log.updateHighWatermark(log.logEndOffset)
}

/** Rolls, makes everything durable, and compacts what can be. */
async function clean(log: Log, cleanedUpTo = 0, nowMs = 0): Promise<number> {
  log.roll()
  await log.flush()
  const dirtiness = log.dirtiness(cleanedUpTo, nowMs)
  return (await log.clean(dirtiness, cleanLimits())).endOffset
}

interface Kept {
  readonly batches: string[]
  readonly records: string[]
}

async function contents(log: Log): Promise<Kept> {
  const kept = { batches: new Array<string>(), records: new Array<string>() }
  let fetchOffset = log.logStartOffset
  for (;;) {
    const result = await log.read({ fetchOffset, maxBytes: 300, minOneBatch: true })
    assert.equal(result.error, 0)
    if (result.sizeBytes === 0) return kept
    for (const bytes of result.segments) {
      for (let p = 0; p < bytes.length; p += batch.sizeInBytes(bytes, p)) {
        assert.ok(batch.isCrcValid(bytes, p))
        fetchOffset = batch.lastOffset(bytes, p) + 1
        kept.batches.push(`${batch.baseOffset(bytes, p)}-${batch.lastOffset(bytes, p)}`)
        if (batch.recordCount(bytes, p) === 0) continue
        for (const { offset, key, value } of readRecords(bytes, p)) {
          const name = batch.isControl(bytes, p) ? 'marker' : (key?.toString() ?? '')
          kept.records.push(`${offset}:${name}=${value?.toString() ?? 'null'}`)
        }
      }
    }
  }
}

test('the newest value of each key stays, at its offset', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform), COMPACT)
  for (let round = 0; round < 6; round += 1) {
    await append(
      platform,
      log,
      keyed([
        ['a', `a${round}`],
        ['b', `b${round}`],
        [`u${round}`, 'once'],
      ]),
    )
  }
  const before = log.sizeBytes
  assert.equal(await clean(log), 18)
  assert.ok(log.sizeBytes < before)
  const expected = [
    '2:u0=once',
    '5:u1=once',
    '8:u2=once',
    '11:u3=once',
    '14:u4=once',
    '15:a=a5',
    '16:b=b5',
    '17:u5=once',
  ]
  assert.deepEqual((await contents(log)).records, expected)
  await log.close()
  const again = await reopenLog(newContext(platform), COMPACT, { clean: true })
  assert.deepEqual((await contents(again)).records, expected)
  assert.equal(again.logEndOffset, 18)
  const unclean = await reopenLog(newContext(platform), COMPACT)
  assert.deepEqual((await contents(unclean)).records, expected)
})

test('KAFKA-8522: a tombstone lives for delete.retention.ms from its first compaction', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform), COMPACT)
  await append(platform, log, keyed([['a', 'value']]))
  await append(platform, log, keyed([['a', null]]))
  await append(platform, log, keyed([['b', 'stays']]))
  await clean(log)
  assert.deepEqual((await contents(log)).records, ['1:a=null', '2:b=stays'])
  await platform.clock.advance(900)
  await append(platform, log, keyed([['c', 'x']]))
  await clean(log)
  assert.equal((await contents(log)).records[0], '1:a=null')
  await platform.clock.advance(200)
  await append(platform, log, keyed([['d', 'x']]))
  await clean(log)
  assert.deepEqual((await contents(log)).records, ['2:b=stays', '3:c=x', '4:d=x'])
})

test('KAFKA-5490: the last batch of a producer stays, if need be without records', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform), COMPACT)
  const producer = { producerId: 5, producerEpoch: 1 }
  await append(platform, log, keyed([['a', '1']], { ...producer, baseSequence: 0 }))
  await append(platform, log, keyed([['a', '2']], { ...producer, baseSequence: 1 }))
  await append(platform, log, keyed([['a', '3']]))
  await clean(log)
  const kept = await contents(log)
  assert.deepEqual(kept.records, ['2:a=3'])
  assert.deepEqual(kept.batches, ['1-1', '2-2'])
  await log.close()
  const again = await reopenLog(newContext(platform), COMPACT)
  const retry = keyed([['a', '2']], { ...producer, baseSequence: 1 })
  assert.equal(again.appendAsLeader(retry, leaderOptions()).duplicate, true)
})

test('KAFKA-13727, KAFKA-14055: aborted records go, their index and markers outlive them, whatever the keys', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform), COMPACT)
  const transaction = (producerId: number, baseSequence: number) => ({
    producerId,
    producerEpoch: 0,
    baseSequence,
    transactional: true,
  })
  const marker = (producerId: number, type: number) =>
    controlBatch({
      type: type === 0 ? ControlType.abort : ControlType.commit,
      producerId,
      producerEpoch: 0,
      coordinatorEpoch: 0,
      timestamp: 1_700_000_000_000,
    })
  await append(platform, log, keyed([['a', 'aborted']], transaction(1, 0)))
  await append(platform, log, marker(1, 0), 'coordinator')
  await append(platform, log, keyed([['a', 'committed']], transaction(2, 0)))
  await append(platform, log, marker(2, 1), 'coordinator')
  const markerKey = Buffer.from([0, 0, 0, 1]).toString('latin1')
  await append(platform, log, keyed([[markerKey, 'user']]))
  await append(platform, log, keyed([['z', 'new']], transaction(1, 1)))
  await append(platform, log, marker(1, 1), 'coordinator')
  await append(platform, log, keyed([['z', 'newer']], transaction(2, 1)))
  await append(platform, log, marker(2, 1), 'coordinator')
  assert.deepEqual(log.abortedTransactions(0, 2), [{ producerId: 1, firstOffset: 0 }])
  await clean(log)
  const { records } = await contents(log)
  assert.equal(
    records.some((record) => record.startsWith('0:')),
    false,
  )
  assert.ok(records.some((record) => record.startsWith('1:marker')))
  assert.ok(records.includes('2:a=committed'))
  assert.ok(records.some((record) => record.startsWith('3:marker')))
  assert.ok(records.some((record) => record.startsWith('4:') && record.endsWith('=user')))
  // KAFKA-13727: what still has a marker keeps its place in the index of aborted transactions.
  assert.deepEqual(log.abortedTransactions(0, 2), [{ producerId: 1, firstOffset: 0 }])
  await platform.clock.advance(2000)
  await append(platform, log, keyed([['y', 'x']]))
  await clean(log)
  await platform.clock.advance(2000)
  await append(platform, log, keyed([['y', 'y']]))
  await clean(log)
  const later = (await contents(log)).records
  assert.equal(
    later.some((record) => record.startsWith('1:marker')),
    false,
  )
  assert.ok(later.some((record) => record.startsWith('3:marker')))
})

test('KAFKA-13194: nothing at or above the last stable offset is compacted', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform), COMPACT)
  await append(platform, log, keyed([['a', '1']]))
  await append(
    platform,
    log,
    keyed([['a', '2']], { producerId: 1, producerEpoch: 0, baseSequence: 0, transactional: true }),
  )
  await append(platform, log, keyed([['a', '3']]))
  log.roll()
  await log.flush()
  assert.equal(log.lastStableOffset, 1)
  assert.equal(log.dirtiness(0, 0).firstUncleanableOffset, 1)
  await clean(log)
  assert.deepEqual((await contents(log)).records, ['0:a=1', '1:a=2', '2:a=3'])
})

test('KAFKA-3587, KAFKA-8764: a full offset map, gaps and unaligned offsets come to an end', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform), { ...COMPACT, segmentBytes: 4000 })
  const keys = 3000
  for (let from = 0; from < keys; from += 50) {
    const pairs = Array.from({ length: 50 }, (_, index) => [`k${from + index}`, 'v'] as const)
    await append(platform, log, keyed(pairs))
  }
  log.roll()
  await log.flush()
  let cleaned = 0
  let rounds = 0
  while (cleaned < keys) {
    const task = log.dirtiness(cleaned, 0)
    const { endOffset } = await log.clean(task, { ...cleanLimits(), maxMapBytes: 1 })
    assert.ok(endOffset > cleaned)
    cleaned = endOffset
    rounds += 1
  }
  assert.equal(rounds, 4)
  assert.equal((await contents(log)).records.length, keys)
})

test('Redpanda #6105, #5979: a truncation during compaction wins', async () => {
  const platform = newPlatform()
  const log = createLog(newContext(platform), COMPACT)
  for (let round = 0; round < 8; round += 1) await append(platform, log, keyed([['a', `${round}`]]))
  log.roll()
  await log.flush()
  // Right after the thread has written the new segment, before it takes its place.
  const worker = platform.worker.run.bind(platform.worker)
  platform.worker.run = async (task, input) => {
    const output = await worker(task, input)
    if (task.name === rewriteSegments.name) await log.truncateTo(2)
    return output
  }
  await assert.rejects(log.clean(log.dirtiness(0, 0), cleanLimits()), CleaningAborted)
  assert.deepEqual((await contents(log)).records, ['0:a=0', '1:a=1'])
  await append(platform, log, keyed([['a', 'after']]))
  await log.close()
  const again = await reopenLog(newContext(platform), COMPACT)
  assert.deepEqual((await contents(again)).records, ['0:a=0', '1:a=1', '2:a=after'])
})

test('a power cut anywhere in a compaction keeps the newest value of every key', async () => {
  let points = 0
  for (let seed = 1; seed <= 6; seed += 1) {
    for (let step = 0; step < 400; step += 1) {
      points += 1
      if (await cutDuringCompaction(seed, step)) break
    }
  }
  assert.ok(points > 200, `only ${points} points`)
})

/** True when the compaction was over before the cut. */
async function cutDuringCompaction(seed: number, step: number): Promise<boolean> {
  const machine = new SimulatedWorld({ seed }).machine('broker')
  const config = logConfig({ ...COMPACT, flushMessages: 1 })
  const logs = await openLogs(machine, config)
  const log = logs.getOrCreate('flights', 0, 'KzViUmG_TMKfn45LG0aAbQ', { isNew: true })
  const newest = new Map<string, string>()
  for (let round = 0; round < 14; round += 1) {
    const key = `k${round % 4}`
    newest.set(key, `value ${round}`)
    await append(machine.platform, log, keyed([[key, `value ${round}`]]))
  }
  log.roll()
  await log.flush()
  const { faults } = machine.platform.disk
  faults.crashAt(faults.steps + step)
  await clean(log).catch(() => {})
  await settle(machine.platform)
  const isOver = !faults.isCrashed
  machine.powerOff()
  const again = (await openLogs(machine, config)).getOrCreate('flights', 0, undefined)
  const where = `seed ${seed} step ${step}`
  assert.equal(again.logEndOffset, 14, where)
  const found = new Map<string, string>()
  for (const record of (await contents(again)).records) {
    const [, key = '', value = ''] = /^\d+:(.*)=(.*)$/.exec(record) ?? []
    found.set(key, value)
  }
  assert.deepEqual(Object.fromEntries(found), Object.fromEntries(newest), where)
  return isOver
}
