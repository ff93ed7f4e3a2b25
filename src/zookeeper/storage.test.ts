// The data directory: what is refused, what is cut, what is fallen back to. Named after the rows of
// the reliability list where there is one.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../telemetry/logger.ts'
import { simulatedPlatform, SimulatedWorld } from '../testing/simulated/simulated-world.ts'
import type { SimulatedPlatform } from '../testing/simulated/simulated-world.ts'
import { DirectoryError } from './data-files.ts'
import { Machine, SERVER_REQUESTER } from './machine.ts'
import { Storage } from './storage.ts'
import type { StorageOptions } from './storage.ts'

const DIRECTORY = '/zk'
const FILES = `${DIRECTORY}/version-2`

function options(
  platform: SimulatedPlatform,
  changed: Partial<StorageOptions> = {},
): StorageOptions {
  return {
    platform,
    logger: silentLogger,
    directory: DIRECTORY,
    logDirectory: DIRECTORY,
    snapCount: 1000,
    retainSnapshots: undefined,
    preAllocateBytes: 4096,
    sync: true,
    extendedTypes: false,
    trustEmptySnapshot: false,
    ...changed,
  }
}

/** Creates nodes `/n<from>` to `/n<to - 1>`, one group commit each. */
async function createNodes(storage: Storage, from: number, to: number): Promise<void> {
  const machine = new Machine(storage.tree, { tickTimeMs: 2000, maxEntryBytes: 1 << 20 })
  for (let index = from; index < to; index++) {
    const decision = machine.decide(
      {
        kind: 'change',
        by: SERVER_REQUESTER,
        request: {
          kind: 'create',
          opCode: 1,
          path: `/n${index}`,
          data: Buffer.from(String(index)),
          acl: [{ perms: 31, scheme: 'world', id: 'anyone' }],
          flags: 0,
          ttlMs: -1,
        },
      },
      1000,
    )
    assert.equal(decision.kind, 'entry')
    if (decision.kind !== 'entry') return
    machine.apply(decision.entry)
    storage.append(decision.entry)
    await storage.flush()
    assert.equal(storage.durableZxid, decision.entry.zxid)
  }
}

function names(storage: Storage): string[] {
  return [...storage.tree.nodes.keys()].filter((path) => path.startsWith('/n'))
}

function fileNames(platform: SimulatedPlatform): string[] {
  return platform.disk
    .listSync(FILES)
    .map(({ name }) => name)
    .toSorted()
}

test('what was durable is there after a loss of power, the torn tail is cut', async () => {
  const platform = simulatedPlatform({ seed: 1 })
  const storage = await Storage.open(options(platform))
  await createNodes(storage, 0, 5)
  platform.disk.crash()
  const log = platform.disk.readFileSync(`${FILES}/log.1`)
  platform.disk.install(`${FILES}/log.1`, log.subarray(0, 400))
  const again = await Storage.open(options(platform))
  const kept = names(again).length
  assert.ok(kept > 0 && kept < 5)
  assert.equal(again.tree.lastZxid, kept)
  await createNodes(again, kept, 5)
  await again.close()
  assert.deepEqual(fileNames(platform), ['log.1', `log.${kept + 1}`, 'snapshot.0'])
  assert.equal(names(await Storage.open(options(platform))).length, 5)
})

test('a damaged snapshot falls back to the one before, and loses nothing', async () => {
  const platform = simulatedPlatform({ seed: 1 })
  const storage = await Storage.open(options(platform, { snapCount: 4 }))
  await createNodes(storage, 0, 10)
  await storage.close()
  assert.deepEqual(fileNames(platform), [
    'log.1',
    'log.4',
    'log.8',
    'snapshot.0',
    'snapshot.4',
    'snapshot.8',
  ])
  platform.disk.flipBits(`${FILES}/snapshot.8`, 100)
  const again = await Storage.open(options(platform))
  assert.equal(names(again).length, 10)
  await again.close()
})

test('a log damaged before its end, with later logs behind it, is a reason not to start', async () => {
  const platform = simulatedPlatform({ seed: 1 })
  const storage = await Storage.open(options(platform))
  await createNodes(storage, 0, 5)
  await storage.close()
  const second = await Storage.open(options(platform))
  await createNodes(second, 5, 8)
  await second.close()
  platform.disk.flipBits(`${FILES}/log.1`, 60)
  const before = platform.disk.contents()
  await assert.rejects(Storage.open(options(platform)), DirectoryError)
  assert.deepEqual(platform.disk.contents().get(`${FILES}/log.1`), before.get(`${FILES}/log.1`))
})

test('a log whose header alone is damaged is read and mended; one whose first write was torn goes', async () => {
  const platform = simulatedPlatform({ seed: 1 })
  const storage = await Storage.open(options(platform))
  await createNodes(storage, 0, 3)
  await storage.close()
  const whole = platform.disk.readFileSync(`${FILES}/log.1`)
  platform.disk.flipBits(`${FILES}/log.1`, 2)
  const mended = await Storage.open(options(platform))
  assert.equal(names(mended).length, 3)
  await mended.close()
  const found = platform.disk.readFileSync(`${FILES}/log.1`)
  assert.deepEqual(found.subarray(0, 16), whole.subarray(0, 16))
  platform.disk.install(`${FILES}/log.4`, Buffer.alloc(4096, 0x5a))
  const again = await Storage.open(options(platform))
  assert.equal(names(again).length, 3)
  await createNodes(again, 3, 4)
  await again.close()
  assert.deepEqual(fileNames(platform), ['log.1', 'log.4', 'snapshot.0'])
  assert.equal(names(await Storage.open(options(platform))).length, 4)
})

test('old snapshots and logs are purged, and what is left suffices', async () => {
  const platform = simulatedPlatform({ seed: 1 })
  const storage = await Storage.open(options(platform, { snapCount: 3, retainSnapshots: 3 }))
  await createNodes(storage, 0, 20)
  await storage.close()
  assert.deepEqual(fileNames(platform), [
    'log.12',
    'log.c',
    'log.f',
    'snapshot.12',
    'snapshot.c',
    'snapshot.f',
  ])
  for (const snapshot of ['snapshot.12', 'snapshot.f']) {
    platform.disk.flipBits(`${FILES}/${snapshot}`, 100)
  }
  assert.equal(names(await Storage.open(options(platform))).length, 20)
})

test('row 93: start-up with an empty log file, no snapshot, and a snapshot newer than the log', async () => {
  const platform = simulatedPlatform({ seed: 1 })
  const storage = await Storage.open(options(platform))
  await createNodes(storage, 0, 3)
  await storage.close()
  platform.disk.install(`${FILES}/log.4`, '')
  const withEmptyLog = await Storage.open(options(platform, { snapCount: 2 }))
  assert.equal(names(withEmptyLog).length, 3)
  await createNodes(withEmptyLog, 3, 4)
  await withEmptyLog.close()
  assert.ok(fileNames(platform).includes('snapshot.4'))
  for (const log of ['log.1', 'log.4']) platform.disk.removeSync(`${FILES}/${log}`)
  const newer = await Storage.open(options(platform))
  assert.equal(names(newer).length, 4)
  await createNodes(newer, 4, 5)
  await newer.close()
  for (const name of fileNames(platform)) {
    if (name.startsWith('snapshot')) platform.disk.removeSync(`${FILES}/${name}`)
  }
  await assert.rejects(Storage.open(options(platform)), /no whole snapshot/)
  const trusting = await Storage.open(options(platform, { trustEmptySnapshot: true }))
  assert.deepEqual(names(trusting), ['/n4'])
})

test('row 92: a full disk or a failed sync stops the log, and nothing after it counts as durable', async () => {
  for (const [operation, code] of [
    ['write', 'ENOSPC'],
    ['sync', 'EIO'],
  ] as const) {
    const platform = simulatedPlatform({ seed: 1 })
    const storage = await Storage.open(options(platform))
    await createNodes(storage, 0, 2)
    const failures: unknown[] = []
    storage.onFailure = (error) => failures.push(error)
    platform.disk.failNext(operation, code)
    await assert.rejects(createNodes(storage, 2, 4))
    assert.equal(failures.length, 1)
    assert.equal(storage.durableZxid, 2)
  }
})

test('a directory that belongs to something else, or is locked, is refused untouched', async () => {
  const platform = simulatedPlatform({ seed: 1 })
  platform.disk.install(`${DIRECTORY}/meta.properties`, 'version=1\n')
  const before = platform.disk.contents()
  await assert.rejects(
    Storage.open(options(platform)),
    /holds something other than ZooKeeper's data/,
  )
  assert.deepEqual(platform.disk.contents(), before)
  platform.disk.removeSync(`${DIRECTORY}/meta.properties`)
  await Storage.open(options(platform))
  await assert.rejects(Storage.open(options(platform)), /in use by another process/)
})

test('session passwords outlive a restart, and differ between sessions and directories', async () => {
  const platform = simulatedPlatform({ seed: 1 })
  const storage = await Storage.open(options(platform))
  const password = storage.passwordOf(7n)
  assert.notDeepEqual(storage.passwordOf(8n), password)
  await storage.close()
  platform.disk.crash()
  const again = await Storage.open(options(platform))
  assert.deepEqual(again.passwordOf(7n), password)
})

test('a loss of power at any step of the first start loses nothing that was durable', async () => {
  for (let attempt = 0, done = false; !done; attempt++) {
    const step = Math.floor(attempt / 6)
    const world = new SimulatedWorld({ seed: attempt + 1 })
    const machine = world.machine('zk')
    machine.platform.disk.faults.crashAt(step)
    let durable = 0
    try {
      const storage = await Storage.open(options(machine.platform))
      await createNodes(storage, 0, 1)
      durable = 1
      await createNodes(storage, 1, 2)
      durable = 2
      done = true
    } catch (error) {
      assert.ok(error instanceof Error)
    }
    machine.powerOff()
    const again = await Storage.open(options(machine.platform))
    assert.ok(names(again).length >= durable, `step ${step}`)
    await createNodes(again, names(again).length, 5)
    await again.close()
    machine.powerOff()
    assert.equal(names(await Storage.open(options(machine.platform))).length, 5, `step ${step}`)
    assert.ok(step < 100)
  }
})
