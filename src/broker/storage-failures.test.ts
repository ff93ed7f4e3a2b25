import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Errors } from '../wire/errors.ts'
import { FindCoordinator } from '../wire/messages/10-find-coordinator.ts'
import { Heartbeat } from '../wire/messages/12-heartbeat.ts'
import { LOG_DIR_EVENTS } from '../metadata/znode-paths.ts'
import { StorageFailures } from './storage-failures.ts'
import { StorageWorld } from './storage-support.test.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { simulatedPlatform, SimulatedWorld } from '../testing/simulated/simulated-world.ts'

const GROUPS = Array.from({ length: 20 }, (_, index) => `group-${index}`)

for (const code of ['EIO', 'EROFS', 'ENOSPC']) {
  test(`${code} in one log directory takes its partitions offline; the others go on`, async () => {
    const world = await StorageWorld.start()
    await world.create('t', 2)
    for (const partition of [0, 1]) {
      assert.equal((await world.produce('t', 'before', { partition })).errorCode, 0)
    }
    const [lost, kept] = [await world.directoryOf('t', 0), await world.directoryOf('t', 1)]
    assert.notEqual(lost, kept)
    world.breakDirectory(lost!, code)
    const first = await world.produce('t', 'lost', { partition: 0 })
    assert.equal(first.errorCode, Errors.KAFKA_STORAGE_ERROR)
    await world.advance(1_000)
    for (const { logDir, errorCode, totalBytes, usableBytes } of await world.logDirs()) {
      const isLost = logDir === lost
      assert.equal(errorCode, isLost ? Errors.KAFKA_STORAGE_ERROR : 0)
      assert.equal(isLost, totalBytes === -1 && usableBytes === -1)
    }
    const again = await world.produce('t', 'lost', { partition: 0 })
    assert.equal(again.errorCode, Errors.KAFKA_STORAGE_ERROR)
    assert.equal((await world.produce('t', 'after', { partition: 1 })).errorCode, 0)
    assert.deepEqual(await world.values('t', 1), ['before', 'after'])
    assert.equal((await world.fetch('t', 0)).error, Errors.KAFKA_STORAGE_ERROR)
    await world.stop()
  })
}

test('the controller learns of a lost directory and takes its leaderships away', async () => {
  const world = await StorageWorld.start()
  await world.create('t', 2)
  const lost = await world.directoryOf('t', 0)
  world.breakDirectory(lost!)
  await world.produce('t', 'lost', { partition: 0 })
  await world.advance(1_000)
  const [first, second] = await world.metadata('t')
  assert.deepEqual(first?.offlineReplicas, [1])
  assert.equal(first?.errorCode, Errors.LEADER_NOT_AVAILABLE)
  assert.equal(first?.leaderId, -1)
  assert.deepEqual([second?.leaderId, second?.offlineReplicas], [1, []])
  const directories = await world.logDirs()
  assert.deepEqual(
    directories.map(({ logDir, errorCode }) => [logDir, errorCode]),
    ['/d1', '/d2'].map((path) => [path, path === lost ? Errors.KAFKA_STORAGE_ERROR : 0]),
  )
  await world.stop()
})

test('groups whose partition was in a lost directory have no coordinator here any more', async () => {
  const world = await StorageWorld.start()
  const keyed = { keyType: 0, coordinatorKeys: GROUPS }
  await world.call(FindCoordinator, keyed)
  await world.advance(1_000)
  const heartbeats = async () => {
    const codes = []
    for (const groupId of GROUPS) {
      const question = { groupId, generationId: 1, memberId: 'm', groupInstanceId: null }
      codes.push((await world.call(Heartbeat, question)).errorCode)
    }
    return codes
  }
  assert.ok((await heartbeats()).every((code) => code === Errors.UNKNOWN_MEMBER_ID))
  world.breakDirectory('/d1')
  await world.create('t', 2)
  await world.produce('t', 'x', { partition: 0 })
  await world.produce('t', 'x', { partition: 1 })
  await world.advance(1_000)
  const after = new Set(await heartbeats())
  assert.deepEqual(after, new Set([Errors.UNKNOWN_MEMBER_ID, Errors.NOT_COORDINATOR]))
  await world.stop()
})

test('without any log directory the broker gives up, and says so once', async () => {
  const world = await StorageWorld.start()
  await world.create('t', 2)
  for (const path of ['/d1', '/d2']) world.breakDirectory(path)
  await world.produce('t', 'x', { partition: 0 })
  await world.produce('t', 'x', { partition: 1 })
  const failure = await world.do(world.broker.broker.failed)
  assert.equal(failure.message, 'all log directories have failed: /d1, /d2')
  await world.stop()
})

test('without its embedded ZooKeeper the broker gives up', async () => {
  const world = await StorageWorld.start()
  world.breakDirectory('/broker/zookeeper')
  void world.create('t').catch(() => {})
  const failure = await world.do(world.broker.broker.failed)
  assert.match(failure.message, /^the embedded ZooKeeper has failed: /)
  world.platform.clock.forget()
})

test('the notification is written until ZooKeeper takes it', async () => {
  const { clock } = simulatedPlatform({ seed: 1 })
  let fail: (directory: string, lost: []) => void = () => {}
  const written: string[] = []
  let refusals = 2
  const failures = new StorageFailures({
    brokerId: 7,
    clock,
    logger: silentLogger,
    logs: {
      liveDirectories: ['/b'],
      offlineDirectories: ['/a'],
      onDirectoryFailure: (listener) => (fail = listener),
    },
    zookeeper: {
      create: async (path: string, data: Buffer | null) => {
        if (refusals-- > 0) throw new Error('connection loss')
        written.push(`${path} ${String(data)}`)
        return path
      },
    } as never,
    embedded: undefined,
    onPartitionsLost: () => {},
    onFatal: (error) => assert.fail(error),
  })
  fail('/a', [])
  await clock.advance(5_000)
  assert.deepEqual(written, [`${LOG_DIR_EVENTS}/log_dir_event_ {"version":1,"broker":7,"event":1}`])
  failures.close()
})

test('a broker that is killed while it stops can be started again at once', async () => {
  const simulated = new SimulatedWorld({ seed: 4 })
  const machine = simulated.machine('localhost')
  const world = await StorageWorld.start({}, machine.platform)
  await world.create('t', 1)
  await world.produce('t', 'x')
  world.client.close()
  void world.broker.broker.close().catch(() => {})
  // The logs are closed; ZooKeeper, which is last, still knows of the session.
  const { clock, disk } = machine.platform
  await clock.advanceUntil(() => disk.statSync('/d1/.kafka_cleanshutdown') !== undefined)
  machine.kill()
  await simulated.time.advance(100)
  const again = await StorageWorld.start({}, machine.platform)
  assert.deepEqual(await again.values('t'), ['x'])
  await again.stop()
})
