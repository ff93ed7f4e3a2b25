// Moves partitions between the log directories of a whole simulated broker while they are written.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../../platform/clock.ts'
import { Errors } from '../../wire/errors.ts'
import { AlterReplicaLogDirs } from '../../wire/messages/34-alter-replica-log-dirs.ts'
import { StorageWorld } from '../storage-support.test.ts'

async function move(world: StorageWorld, topic: string, partitions: number[], path: string) {
  const dirs = [{ path, topics: [{ name: topic, partitions }] }]
  const { results } = await world.call(AlterReplicaLogDirs, { dirs })
  return results[0]!.partitions.map(({ errorCode }) => errorCode)
}

function other(directory: string | undefined): string {
  return directory === '/d1' ? '/d2' : '/d1'
}

async function filled(count: number, settings: Record<string, string> = {}) {
  const world = await StorageWorld.start(settings)
  await world.create('t', 1, { 'segment.bytes': '2000' })
  const values: string[] = []
  for (let index = 0; index < count; index += 1) {
    const value = `${index} `.padEnd(100, '.')
    values.push(value)
    assert.equal((await world.produce('t', value)).errorCode, 0)
  }
  return { world, values, from: await world.directoryOf('t') }
}

async function lags(world: StorageWorld): Promise<number[]> {
  const partitions = (await world.logDirs()).flatMap(({ topics }) =>
    topics.flatMap(({ partitions: all }) => all),
  )
  return partitions.filter(({ isFutureKey }) => isFutureKey).map(({ offsetLag }) => offsetLag)
}

test('a partition moves with all it holds while it is written, and is there after a restart', async () => {
  const { world, values, from } = await filled(50)
  const to = other(from)
  assert.deepEqual(await move(world, 't', [0], to), [0])
  for (let index = 50; index < 80; index += 1) {
    values.push(`value ${index}`)
    assert.equal((await world.produce('t', `value ${index}`)).errorCode, 0)
  }
  await world.advance(1_000)
  assert.equal(await world.directoryOf('t'), to)
  assert.deepEqual(await world.values('t'), values)
  values.push('after')
  assert.equal((await world.produce('t', 'after')).baseOffset, 80)
  await world.advance(61_000)
  const left = world.platform.disk.listSync(from!).filter(({ name }) => name.startsWith('t-0'))
  assert.deepEqual(left, [])
  await world.stop()
  const again = await StorageWorld.start({}, world.platform)
  assert.equal(await again.directoryOf('t'), to)
  assert.deepEqual(await again.values('t'), values)
  await again.stop()
})

test('the rate of moves is limited, also by a change while one is under way', async () => {
  const { world, values, from } = await filled(50, {
    'replica.alter.log.dirs.io.max.bytes.per.second': '100',
  })
  assert.deepEqual(await move(world, 't', [0], other(from)), [0])
  values.push('during')
  await world.produce('t', 'during')
  await world.advance(20_000)
  assert.equal(await world.directoryOf('t'), from)
  assert.deepEqual(await lags(world), [1])
  await world.advance(120_000)
  assert.equal(await world.directoryOf('t'), other(from))
  assert.deepEqual(await world.values('t'), values)
  await world.stop()
})

test('a move that a stop interrupts goes on after the start', async () => {
  const slow = { 'replica.alter.log.dirs.io.max.bytes.per.second': '100' }
  const { world, values, from } = await filled(50, slow)
  await move(world, 't', [0], other(from))
  await world.advance(1_000)
  await world.stop()
  const again = await StorageWorld.start({}, world.platform)
  await again.advance(1_000)
  assert.equal(await again.directoryOf('t'), other(from))
  assert.deepEqual(await again.values('t'), values)
  await again.stop()
})

test('moving back ends a move; a deleted topic takes its copy along', async () => {
  const slow = { 'replica.alter.log.dirs.io.max.bytes.per.second': '100' }
  const { world, values, from } = await filled(50, slow)
  await move(world, 't', [0], other(from))
  assert.equal((await lags(world)).length, 1)
  assert.deepEqual(await move(world, 't', [0], from!), [0])
  assert.deepEqual(await lags(world), [])
  assert.deepEqual(await world.values('t'), values)
  await move(world, 't', [0], other(from))
  assert.equal((await lags(world)).length, 1)
  await world.do(world.admin.deleteTopics(['t']))
  await world.advance(70_000)
  const left = ['/d1', '/d2'].flatMap((path) =>
    world.platform.disk.listSync(path).filter(({ kind }) => kind === 'directory'),
  )
  assert.deepEqual(left, [])
  await world.stop()
})

test('KIP-113: what cannot be moved is refused as 3.9 refuses it', async () => {
  const { world, from } = await filled(1)
  assert.deepEqual(await move(world, 't', [0], '/nonexistent'), [Errors.LOG_DIR_NOT_FOUND])
  assert.deepEqual(await move(world, 't', [0], from!), [0])
  assert.deepEqual(await move(world, 't', [7], '/d1'), [Errors.UNKNOWN_TOPIC_OR_PARTITION])
  const lost = other(from)
  world.breakDirectory(lost)
  await world.create('u', 1)
  await world.produce('u', 'x')
  await world.create('v', 1)
  await world.produce('v', 'x')
  assert.deepEqual(await move(world, 't', [0], lost), [Errors.KAFKA_STORAGE_ERROR])
  await world.stop()
})

test('a partition that comes later lies where it was wished', async () => {
  const world = await StorageWorld.start()
  for (const [topic, path] of [
    ['a', '/d2'],
    ['b', '/d2'],
    ['c', '/d1'],
  ] as const) {
    assert.deepEqual(await move(world, topic, [0], path), [Errors.UNKNOWN_TOPIC_OR_PARTITION])
    await world.create(topic, 1)
    assert.equal(await world.directoryOf(topic), path)
  }
  await world.stop()
})

test('records deleted during a move are not in the moved log', async () => {
  const slow = { 'replica.alter.log.dirs.io.max.bytes.per.second': '1000' }
  const { world, values, from } = await filled(50, slow)
  await move(world, 't', [0], other(from))
  await world.do(world.admin.deleteRecords([{ topic: 't', partition: 0, offset: 30 }]))
  await world.advance(60_000)
  assert.equal(await world.directoryOf('t'), other(from))
  assert.equal((await world.fetch('t', 0, 29)).error, Errors.OFFSET_OUT_OF_RANGE)
  assert.deepEqual(await world.values('t', 0, 30), values.slice(30))
  await world.stop()
})

test('a failing disk under the copy ends the move, not the partition', async () => {
  const slow = { 'replica.alter.log.dirs.io.max.bytes.per.second': '100' }
  const { world, values, from } = await filled(50, slow)
  await move(world, 't', [0], other(from))
  world.breakDirectory(other(from))
  await world.advance(200_000)
  assert.deepEqual(await lags(world), [])
  assert.equal(await world.directoryOf('t'), from)
  assert.equal((await world.produce('t', 'after')).errorCode, 0)
  assert.deepEqual(await world.values('t'), [...values, 'after'])
  await world.stop()
})

test('a move ends although appends never pause, and loses and doubles nothing', async () => {
  const { world, values, from } = await filled(20)
  const acknowledged = new Set(values)
  let isOver = false
  let refused = 0
  const pump = async (name: string): Promise<void> => {
    for (let index = 0; !isOver; index += 1) {
      // Virtual time stands still while one send follows another.
      if (index % 50 === 0) await sleep(world.platform.clock, 1)
      const value = `${name} ${index}`
      const { errorCode } = await world.send('t', value)
      if (errorCode === 0) acknowledged.add(value)
      else {
        assert.equal(errorCode, Errors.NOT_LEADER_OR_FOLLOWER)
        refused += 1
      }
    }
  }
  const pumps = Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(pump))
  await world.advance(2)
  assert.deepEqual(await move(world, 't', [0], other(from)), [0])
  await world.advance(20)
  isOver = true
  await world.do(pumps)
  assert.equal(await world.directoryOf('t'), other(from))
  const found = await world.values('t')
  assert.equal(new Set(found).size, found.length)
  assert.deepEqual(found.toSorted(), [...acknowledged].toSorted())
  assert.ok(acknowledged.size > 100)
  assert.ok(refused < acknowledged.size / 10, `${refused} refused`)
  await world.stop()
})
