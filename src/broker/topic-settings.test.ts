// Settings of topics, changed with IncrementalAlterConfigs on a running broker, take effect at once:
// whether they are set on the topic, or on the broker or all brokers as its default.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Errors } from '../wire/errors.ts'
import * as batch from '../wire/records/batch.ts'
import { Compression } from '../wire/records/compression.ts'
import { brokerNameOf, SCOPES, StorageWorld, type Scope } from './storage-support.test.ts'

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

/** One test for each place where a setting can be set. */
function everywhere(name: string, body: (scope: Scope) => Promise<void>): void {
  for (const scope of SCOPES) test(`${name}, on ${PLACES[scope]}`, () => body(scope))
}

const PLACES: Record<Scope, string> = {
  topic: 'the topic',
  broker: 'the broker',
  cluster: 'all brokers',
}

/** A topic, and settings that it or its broker begins with. */
async function topicWith(scope: Scope, settings: Record<string, string> = {}, broker = {}) {
  const renamed = Object.entries(settings).map(
    ([name, value]) => [brokerNameOf(name), value] as const,
  )
  const own: Record<string, string> = scope === 'topic' ? {} : Object.fromEntries(renamed)
  const world = await StorageWorld.start({ ...IMPATIENT, ...own, ...broker })
  world.scope = scope
  await world.create('t', 1, scope === 'topic' ? settings : {})
  return world
}

async function last(world: StorageWorld, offset: number): Promise<Buffer> {
  return (await world.fetch('t', 0, offset)).records
}

everywhere('max.message.bytes', async (scope) => {
  const world = await topicWith(scope)
  assert.equal((await world.produce('t', 'x'.repeat(2_000))).errorCode, 0)
  await world.alter('t', { 'max.message.bytes': '1000' })
  assert.equal((await world.produce('t', 'x'.repeat(2_000))).errorCode, Errors.MESSAGE_TOO_LARGE)
  assert.equal((await world.produce('t', 'x'.repeat(500))).errorCode, 0)
  await world.stop()
})

everywhere('message.timestamp.type', async (scope) => {
  const world = await topicWith(scope)
  const before = await world.produce('t', 'x', { timestamp: 5 })
  assert.equal(before.logAppendTimeMs, -1)
  await world.alter('t', { 'message.timestamp.type': 'LogAppendTime' })
  const after = await world.produce('t', 'x', { timestamp: 5 })
  assert.ok(after.logAppendTimeMs > 5)
  assert.equal(batch.maxTimestamp(await last(world, 1), 0), after.logAppendTimeMs)
  await world.stop()
})

everywhere('message.timestamp.before.max.ms and message.timestamp.after.max.ms', async (scope) => {
  const world = await topicWith(scope)
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
  everywhere(
    `compression.type ${name}, with a level where there is one, and back`,
    async (scope) => {
      const world = await topicWith(scope)
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
    },
  )
}

everywhere('segment.bytes', async (scope) => {
  const world = await topicWith(scope)
  for (let index = 0; index < 5; index += 1) await world.produce('t', 'x'.repeat(400))
  assert.equal(files(world, 't').length, 1)
  await world.alter('t', { 'segment.bytes': '1000' })
  for (let index = 0; index < 5; index += 1) await world.produce('t', 'x'.repeat(400))
  assert.ok(files(world, 't').length >= 3)
  await world.stop()
})

everywhere('segment.ms, without jitter', async (scope) => {
  const world = await topicWith(scope)
  await world.produce('t', 'a')
  await world.alter('t', { 'segment.ms': '1000', 'segment.jitter.ms': '0' })
  await world.advance(2_000)
  await world.produce('t', 'b')
  await world.advance(2_000)
  await world.produce('t', 'c')
  assert.equal(files(world, 't').length, 3)
  await world.stop()
})

everywhere('segment.jitter.ms', async (scope) => {
  const world = await topicWith(scope, { 'segment.ms': '100000' })
  // Ten segments that are not drawn at once cannot all have lived for 100 s.
  const rolled = async (): Promise<number> => {
    const before = files(world, 't').length
    for (let second = 0; second < 400; second += 5) {
      await world.produce('t', 'x')
      await world.advance(5_000)
    }
    return files(world, 't').length - before
  }
  const without = await rolled()
  assert.ok(without <= 4, `${without}`)
  await world.alter('t', { 'segment.jitter.ms': '95000' })
  await world.advance(100_000)
  const withJitter = await rolled()
  assert.ok(withJitter > without, `${withJitter} segments, ${without} without jitter`)
  await world.stop()
})

everywhere('segment.index.bytes', async (scope) => {
  const world = await topicWith(scope, { 'index.interval.bytes': '0' })
  const produce = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) await world.produce('t', 'x'.repeat(100))
  }
  await produce(30)
  assert.equal(files(world, 't').length, 1)
  await world.alter('t', { 'segment.index.bytes': '80' })
  await produce(30)
  // Ten offsets fit, and five times with room for the last one.
  const segments = files(world, 't').length
  assert.ok(segments >= 4 && segments <= 8, `${segments} segments`)
  await world.stop()
})

everywhere('delete.retention.ms', async (scope) => {
  const world = await topicWith(scope, {
    'cleanup.policy': 'compact',
    'min.cleanable.dirty.ratio': '0.01',
    'segment.bytes': '1000',
  })
  const compactAgain = async (): Promise<void> => {
    for (let index = 0; index < 6; index += 1) {
      await world.produce('t', '.'.repeat(300), { key: 'filler' })
    }
    await world.advance(6_000)
  }
  const markOf = async (key: string): Promise<number> => {
    await world.produce('t', 'value', { key })
    const { baseOffset } = await world.produce('t', null, { key })
    await compactAgain()
    return baseOffset
  }
  const isLeft = async (offset: number) => (await world.offsets('t')).includes(offset)
  const first = await markOf('first')
  assert.ok(await isLeft(first))
  await world.alter('t', { 'delete.retention.ms': '1000' })
  const second = await markOf('second')
  await compactAgain()
  // A mark goes by what held when it was compacted first.
  assert.deepEqual([await isLeft(first), await isLeft(second)], [true, false])
  await world.stop()
})

everywhere('index.interval.bytes', async (scope) => {
  const world = await topicWith(scope, { 'segment.bytes': '3000' })
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

everywhere('retention.ms, with file.delete.delay.ms', async (scope) => {
  const world = await topicWith(scope, { 'segment.bytes': '1000' })
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

everywhere('retention.bytes', async (scope) => {
  const world = await topicWith(scope, { 'segment.bytes': '1000' })
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
  const world = await topicWith('topic', { 'segment.bytes': '1000' })
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
  const world = await topicWith('topic', { 'cleanup.policy': 'compact' })
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

everywhere('cleanup.policy compact, with min.cleanable.dirty.ratio and the lags', async (scope) => {
  const world = await topicWith(scope, { 'segment.bytes': '1000' })
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

everywhere('cleanup.policy compact,delete does both', async (scope) => {
  const world = await topicWith(scope, {
    'segment.bytes': '1000',
    'min.cleanable.dirty.ratio': '0.01',
  })
  await world.alter('t', { 'cleanup.policy': 'compact,delete' })
  for (let index = 0; index < 20; index += 1) {
    await world.produce('t', `${index} `.padEnd(300, '.'), { key: `key ${index % 2}` })
  }
  await world.advance(12_000)
  const compacted = await world.offsets('t')
  assert.ok(compacted.length < 8 && compacted.length > 1)
  await world.alter('t', { 'retention.ms': '1000' })
  await world.advance(12_000)
  assert.deepEqual(await world.records('t', 0, 20), [])
  assert.equal((await world.fetch('t', 0, compacted[0])).error, Errors.OFFSET_OUT_OF_RANGE)
  await world.stop()
})

everywhere('max.compaction.lag.ms cleans what would be too clean', async (scope) => {
  const world = await topicWith(scope, {
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

everywhere('min.insync.replicas', async (scope) => {
  const world = await topicWith(scope)
  await world.alter('t', { 'min.insync.replicas': '2' })
  // As in 3.9 the effective minimum is no more than there are replicas.
  assert.equal((await world.produce('t', 'x')).errorCode, 0)
  await world.stop()
})

everywhere('flush.messages and flush.ms: what is answered has been synced', async (scope) => {
  const world = await topicWith(scope, {}, { 'log.flush.scheduler.interval.ms': '1000' })
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

everywhere('message.downconversion.enable', async (scope) => {
  const world = await topicWith(scope)
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

everywhere('preallocate gives a new segment its whole size', async (scope) => {
  const world = await topicWith(scope, { 'segment.bytes': '5000' })
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
