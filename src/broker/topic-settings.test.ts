// Settings of topics, changed with IncrementalAlterConfigs on a running broker, take effect at once.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Errors } from '../wire/errors.ts'
import * as batch from '../wire/records/batch.ts'
import { Compression } from '../wire/records/compression.ts'
import { StorageWorld } from './storage-support.test.ts'

const HOUR_MS = 3_600_000
/** So that little time has to pass. */
const IMPATIENT = {
  'log.retention.check.interval.ms': '5000',
  'log.initial.task.delay.ms': '100',
  'log.cleaner.backoff.ms': '1000',
}

function files(world: StorageWorld, topic: string, suffix = '.log'): string[] {
  return ['/d1', '/d2'].flatMap((path) => {
    const directory = `${path}/${topic}-0`
    if (world.platform.disk.statSync(directory) === undefined) return []
    const names = world.platform.disk.listSync(directory).map(({ name }) => name)
    return names.filter((name) => name.endsWith(suffix)).sort()
  })
}

async function topicWith(settings: Record<string, string> = {}, broker = {}) {
  const world = await StorageWorld.start({ ...IMPATIENT, ...broker })
  await world.create('t', 1, settings)
  return world
}

async function last(world: StorageWorld, offset: number): Promise<Buffer> {
  return (await world.fetch('t', 0, offset)).records
}

test('max.message.bytes', async () => {
  const world = await topicWith()
  assert.equal((await world.produce('t', 'x'.repeat(2_000))).errorCode, 0)
  await world.alter('t', { 'max.message.bytes': '1000' })
  assert.equal((await world.produce('t', 'x'.repeat(2_000))).errorCode, Errors.MESSAGE_TOO_LARGE)
  assert.equal((await world.produce('t', 'x'.repeat(500))).errorCode, 0)
  await world.stop()
})

test('message.timestamp.type', async () => {
  const world = await topicWith()
  const before = await world.produce('t', 'x', { timestamp: 5 })
  assert.equal(before.logAppendTimeMs, -1)
  await world.alter('t', { 'message.timestamp.type': 'LogAppendTime' })
  const after = await world.produce('t', 'x', { timestamp: 5 })
  assert.ok(after.logAppendTimeMs > 5)
  assert.equal(batch.maxTimestamp(await last(world, 1), 0), after.logAppendTimeMs)
  await world.stop()
})

test('message.timestamp.before.max.ms and message.timestamp.after.max.ms', async () => {
  const world = await topicWith()
  const nowMs = world.platform.clock.nowMs()
  const at = async (timestamp: number) => (await world.produce('t', 'x', { timestamp })).errorCode
  assert.deepEqual([await at(nowMs - HOUR_MS), await at(nowMs + HOUR_MS)], [0, 0])
  await world.alter('t', {
    'message.timestamp.before.max.ms': '1000',
    'message.timestamp.after.max.ms': '1000',
  })
  const refused = Errors.INVALID_TIMESTAMP
  assert.deepEqual([await at(nowMs - HOUR_MS), await at(nowMs + HOUR_MS)], [refused, refused])
  await world.stop()
})

for (const [name, codec, level] of [
  ['gzip', Compression.gzip, '9'],
  ['lz4', Compression.lz4, '17'],
  ['zstd', Compression.zstd, '22'],
  ['snappy', Compression.snappy, undefined],
] as const) {
  test(`compression.type ${name}, with a level where there is one, and back`, async () => {
    const world = await topicWith()
    const value = 'abc'.repeat(500)
    await world.produce('t', value)
    assert.equal(batch.compressionOf(await last(world, 0), 0), Compression.none)
    const levels = level === undefined ? {} : { [`compression.${name}.level`]: level }
    await world.alter('t', { 'compression.type': name, ...levels })
    await world.produce('t', value)
    assert.equal(batch.compressionOf(await last(world, 1), 0), codec)
    await world.alter('t', { 'compression.type': 'uncompressed' })
    await world.produce('t', value, { compression: codec })
    assert.equal(batch.compressionOf(await last(world, 2), 0), Compression.none)
    assert.deepEqual(await world.values('t'), [value, value, value])
    await world.stop()
  })
}

test('segment.bytes', async () => {
  const world = await topicWith()
  for (let index = 0; index < 5; index += 1) await world.produce('t', 'x'.repeat(400))
  assert.equal(files(world, 't').length, 1)
  await world.alter('t', { 'segment.bytes': '1000' })
  for (let index = 0; index < 5; index += 1) await world.produce('t', 'x'.repeat(400))
  assert.ok(files(world, 't').length >= 3)
  await world.stop()
})

test('segment.ms, without jitter', async () => {
  const world = await topicWith()
  await world.produce('t', 'a')
  await world.alter('t', { 'segment.ms': '1000', 'segment.jitter.ms': '0' })
  await world.advance(2_000)
  await world.produce('t', 'b')
  await world.advance(2_000)
  await world.produce('t', 'c')
  assert.equal(files(world, 't').length, 3)
  await world.stop()
})

test('index.interval.bytes', async () => {
  const world = await topicWith({ 'segment.bytes': '3000' })
  for (let index = 0; index < 10; index += 1) await world.produce('t', 'x'.repeat(400))
  await world.advance(1_000)
  const sizes = () =>
    ['/d1', '/d2'].flatMap((path) =>
      files(world, 't', '.index').flatMap(
        (name) => world.platform.disk.statSync(`${path}/t-0/${name}`)?.size ?? [],
      ),
    )
  assert.ok(sizes().every((size) => size <= 8))
  await world.alter('t', { 'index.interval.bytes': '0' })
  for (let index = 0; index < 20; index += 1) await world.produce('t', 'x'.repeat(400))
  await world.advance(1_000)
  assert.ok(sizes().some((size) => size >= 40))
  await world.stop()
})

test('retention.ms, with file.delete.delay.ms', async () => {
  const world = await topicWith({ 'segment.bytes': '1000' })
  for (let index = 0; index < 9; index += 1) await world.produce('t', 'x'.repeat(400))
  await world.advance(12_000)
  assert.equal((await world.fetch('t', 0, 0)).error, 0)
  await world.alter('t', { 'retention.ms': '1000', 'file.delete.delay.ms': '20000' })
  await world.advance(12_000)
  assert.equal((await world.fetch('t', 0, 0)).error, Errors.OFFSET_OUT_OF_RANGE)
  assert.ok(files(world, 't', '.deleted').length > 0)
  await world.advance(20_000)
  assert.deepEqual(files(world, 't', '.deleted'), [])
  await world.stop()
})

test('retention.bytes', async () => {
  const world = await topicWith({ 'segment.bytes': '1000' })
  for (let index = 0; index < 20; index += 1) await world.produce('t', 'x'.repeat(400))
  await world.alter('t', { 'retention.bytes': '1500' })
  await world.advance(12_000)
  const [earliest] = await world.do(
    world.admin.listOffsets([{ topic: 't', partition: 0, timestamp: -2 }]),
  )
  assert.ok(earliest !== undefined && earliest.offset >= 14 && earliest.offset <= 18)
  await world.stop()
})

test('KoP #1737: earliest = latest when a partition has expired completely', async () => {
  const world = await topicWith({ 'segment.bytes': '1000' })
  for (let index = 0; index < 9; index += 1) await world.produce('t', 'x'.repeat(400))
  await world.advance(1_000)
  await world.alter('t', { 'retention.ms': '1000' })
  await world.advance(12_000)
  const offsetAt = async (timestamp: number) => {
    const asked = [{ topic: 't', partition: 0, timestamp }]
    const [found] = await world.do(world.admin.listOffsets(asked))
    return found?.offset
  }
  assert.deepEqual([await offsetAt(-2), await offsetAt(-1)], [9, 9])
  assert.equal((await world.produce('t', 'next')).baseOffset, 9)
  await world.stop()
})

test('KAFKA-9254: a changed default of the broker keeps what a topic says itself', async () => {
  const world = await topicWith({ 'cleanup.policy': 'compact' })
  await world.do(
    world.admin.alterConfigs({ type: 4, name: '' }, [
      { name: 'log.cleanup.policy', operation: 0, value: 'delete' },
      { name: 'log.retention.ms', operation: 0, value: '1000' },
    ]),
  )
  await world.advance(100)
  // Records without a key are for topics that are not compacted.
  assert.equal((await world.produce('t', 'x')).errorCode, Errors.INVALID_RECORD)
  assert.equal((await world.produce('t', 'x', { key: 'k' })).errorCode, 0)
  await world.advance(12_000)
  assert.deepEqual(await world.values('t'), ['x'])
  await world.stop()
})

test('cleanup.policy compact, with min.cleanable.dirty.ratio and the lags', async () => {
  const world = await topicWith({ 'segment.bytes': '1000' })
  for (let index = 0; index < 20; index += 1) {
    await world.produce('t', `${index} `.padEnd(300, '.'), { key: `key ${index % 2}` })
  }
  await world.advance(5_000)
  assert.equal((await world.values('t')).length, 20)
  await world.alter('t', {
    'cleanup.policy': 'compact',
    'min.cleanable.dirty.ratio': '0.01',
    'min.compaction.lag.ms': String(HOUR_MS),
  })
  await world.advance(5_000)
  assert.equal((await world.values('t')).length, 20)
  await world.alter('t', { 'min.compaction.lag.ms': '0' })
  await world.advance(5_000)
  const values = await world.values('t')
  assert.ok(values.length < 8)
  assert.ok(values.at(-1)?.startsWith('19 '))
  assert.equal((await world.produce('t', 'no key')).errorCode, Errors.INVALID_RECORD)
  await world.stop()
})

test('max.compaction.lag.ms cleans what would be too clean', async () => {
  const world = await topicWith({
    'cleanup.policy': 'compact',
    'min.cleanable.dirty.ratio': '1',
    'segment.bytes': '1000',
  })
  for (let index = 0; index < 20; index += 1) {
    await world.produce('t', `${index} `.padEnd(300, '.'), { key: `key ${index % 2}` })
  }
  await world.alter('t', { 'max.compaction.lag.ms': '6000' })
  await world.advance(15_000)
  assert.ok((await world.values('t')).length < 8)
  await world.stop()
})

test('min.insync.replicas', async () => {
  const world = await topicWith()
  await world.alter('t', { 'min.insync.replicas': '2' })
  // As in 3.9 the effective minimum is no more than there are replicas.
  assert.equal((await world.produce('t', 'x')).errorCode, 0)
  await world.stop()
})

test('flush.messages and flush.ms: what is answered has been synced', async () => {
  const world = await topicWith({}, { 'log.flush.scheduler.interval.ms': '1000' })
  const { faults } = world.platform.disk
  const syncs = async (produce: () => Promise<unknown>) => {
    faults.record()
    await produce()
    return faults.recorded.filter(
      ({ operation, path }) =>
        operation === 'sync' && path.includes('t-0/') && path.endsWith('.log'),
    ).length
  }
  assert.equal(await syncs(() => world.produce('t', 'x')), 0)
  await world.alter('t', { 'flush.messages': '1' })
  assert.equal(await syncs(() => world.produce('t', 'x')), 1)
  await world.alter('t', { 'flush.messages': '1000000', 'flush.ms': '500' })
  assert.equal(await syncs(() => world.produce('t', 'x')), 0)
  assert.ok((await syncs(() => world.advance(5_000))) >= 1)
  await world.stop()
})

test('message.downconversion.enable', async () => {
  const world = await topicWith()
  await world.produce('t', 'x')
  const old = async () => {
    const { Fetch } = await import('../wire/messages/01-fetch.ts')
    const answer = await world.call(
      Fetch,
      {
        replicaId: -1,
        maxWaitMs: 0,
        minBytes: 0,
        maxBytes: 1 << 20,
        topics: [
          {
            topic: 't',
            partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }],
          },
        ],
      },
      3,
    )
    return answer.responses[0]!.partitions[0]!.errorCode
  }
  assert.equal(await old(), 0)
  await world.alter('t', { 'message.downconversion.enable': 'false' })
  assert.equal(await old(), Errors.UNSUPPORTED_VERSION)
  await world.stop()
})

test('preallocate gives a new segment its whole size', async () => {
  const world = await topicWith({ 'segment.bytes': '5000' })
  await world.alter('t', { preallocate: 'true', 'segment.bytes': '4000' })
  for (let index = 0; index < 12; index += 1) await world.produce('t', 'x'.repeat(400))
  const newest = files(world, 't').at(-1) ?? ''
  const sizes = ['/d1', '/d2'].map((path) => {
    const status = world.platform.disk.statSync(`${path}/t-0/${newest}`)
    return status?.size
  })
  assert.ok(sizes.includes(4_000), String(sizes))
  await world.stop()
})
