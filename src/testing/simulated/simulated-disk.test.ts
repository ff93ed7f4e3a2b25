// The faults of the simulated disk really happen, and the same seed repeats them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDiskError } from '../../platform/disk-error.ts'
import { simulatedPlatform, SimulatedWorld, type SimulatedPlatform } from './simulated-world.ts'

function writeUnsynced({ disk }: SimulatedPlatform): void {
  disk.makeDirectorySync('/logs')
  disk.syncDirectorySync('/')
  const file = disk.openSync('/logs/a', 'create')
  disk.syncDirectorySync('/logs')
  file.writeSync(Buffer.from('synced'), 0)
  file.syncSync()
  for (let index = 0; index < 4; index++) file.writeSync(Buffer.from('0123456789'), 6 + index * 10)
}

test('a crash keeps what was synced, and does to the rest whatever the seed says', () => {
  const remains = new Set<string>()
  const outcomes = new Set<string>()
  for (let seed = 0; seed < 200; seed++) {
    const platform = simulatedPlatform({ seed })
    writeUnsynced(platform)
    const report = platform.disk.crash()
    const content = platform.disk.readFileSync('/logs/a').toString()
    assert.equal(content.slice(0, 6), 'synced')
    for (const line of report.writes) outcomes.add(line.split(' ')[1] ?? '')
    remains.add(content)
    const again = simulatedPlatform({ seed })
    writeUnsynced(again)
    assert.deepEqual(again.disk.crash(), report)
    assert.equal(again.disk.readFileSync('/logs/a').toString(), content)
  }
  assert.deepEqual([...outcomes].toSorted(), ['dropped', 'kept', 'torn', 'zeroed'])
  assert.ok(remains.size > 50, `only ${remains.size} different ends`)
})

test('names that were not synced may be lost, synced ones stay', () => {
  let lost = 0
  for (let seed = 0; seed < 50; seed++) {
    const { disk } = simulatedPlatform({ seed })
    disk.install('/d/old', 'old')
    disk.install('/d/both', 'synced')
    disk.openSync('/d/new', 'create').closeSync()
    disk.renameSync('/d/old', '/d/renamed')
    disk.crash()
    const names = disk.listSync('/d').map(({ name }) => name)
    assert.ok(names.includes('both'))
    assert.ok(names.includes('old') !== names.includes('renamed'))
    if (!names.includes('new')) lost++
  }
  assert.ok(lost > 5 && lost < 45, `lost ${lost} of 50`)
})

test('in order means that a later name does not survive an earlier one', () => {
  for (let seed = 0; seed < 50; seed++) {
    const { disk } = simulatedPlatform({ seed })
    for (const name of ['a', 'b', 'c']) disk.openSync(`/${name}`, 'create').closeSync()
    disk.crash({ names: 'ordered' })
    const names = disk.listSync('/').map(({ name }) => name)
    assert.deepEqual(names, ['a', 'b', 'c'].slice(0, names.length))
  }
})

test('a killed process forgets nothing, but its handles and locks are void', async () => {
  const { disk } = simulatedPlatform({ seed: 1 })
  const file = disk.openSync('/f', 'create')
  file.writeSync(Buffer.from('kept'), 0)
  await disk.lock('/.lock')
  await assert.rejects(disk.lock('/.lock'), { code: 'ELOCKED' })
  disk.kill()
  assert.equal(disk.readFileSync('/f').toString(), 'kept')
  assert.throws(() => file.sizeSync(), { code: 'EBADF' })
  await disk.lock('/.lock')
})

test('every crash point ends the process exactly there', () => {
  const run = (platform: SimulatedPlatform): void => {
    const { disk } = platform
    const file = disk.openSync('/next.tmp', 'create')
    file.writeSync(Buffer.from('new'), 0)
    file.syncSync()
    file.closeSync()
    disk.renameSync('/next.tmp', '/current')
    disk.syncDirectorySync('/')
  }
  const whole = simulatedPlatform({ seed: 0 })
  whole.disk.faults.record()
  run(whole)
  const operations = whole.disk.faults.recorded.map(({ operation }) => operation)
  assert.deepEqual(operations, ['open', 'write', 'sync', 'close', 'rename', 'syncDirectory'])
  const seen = new Set<string>()
  for (let step = 0; step < whole.disk.faults.steps; step++) {
    for (let seed = 0; seed < 20; seed++) {
      const platform = simulatedPlatform({ seed })
      platform.disk.install('/current', 'old')
      platform.disk.faults.reset()
      platform.disk.faults.crashAt(step)
      assert.throws(() => run(platform), { code: 'ECRASHED' })
      assert.throws(() => platform.disk.listSync('/'), { code: 'ECRASHED' })
      platform.disk.crash()
      // The dance of sync, rename and syncDirectory leaves the old content or the new one.
      const content = platform.disk.readFileSync('/current').toString()
      assert.ok(content === 'old' || content === 'new', content)
      seen.add(content)
    }
  }
  assert.equal(seen.size, 2)
})

test('a full disk takes what fits and says ENOSPC', async () => {
  const { disk } = simulatedPlatform({ seed: 1 })
  const file = disk.openSync('/f', 'create')
  disk.fillUp(5)
  const buffers = [Buffer.from('abc'), Buffer.from('defg')]
  await assert.rejects(file.writev(buffers, 0), { code: 'ENOSPC' })
  assert.equal(disk.readFileSync('/f').toString(), 'abcde')
  disk.removeSync('/f')
  disk.openSync('/g', 'create').writeSync(Buffer.from('12345'), 0)
})

test('an error comes for the chosen operation, path and turn only', () => {
  const { disk } = simulatedPlatform({ seed: 1 })
  disk.failNext('write', 'EIO', { path: '.log', after: 1 })
  const log = disk.openSync('/0.log', 'create')
  const index = disk.openSync('/0.index', 'create')
  log.writeSync(Buffer.from('a'), 0)
  index.writeSync(Buffer.from('a'), 0)
  assert.throws(() => log.writeSync(Buffer.from('b'), 1), { code: 'EIO' })
  log.writeSync(Buffer.from('b'), 1)
})

test('a failed sync loses for good what a later sync seems to have saved', () => {
  let lost = 0
  for (let seed = 0; seed < 50; seed++) {
    const { disk } = simulatedPlatform({ seed })
    disk.install('/f', '')
    const file = disk.openSync('/f', 'write')
    file.writeSync(Buffer.from('x'), 0)
    disk.failNext('sync', 'EIO')
    assert.throws(() => file.syncSync(), { code: 'EIO' })
    file.syncSync()
    disk.crash()
    if (disk.readFileSync('/f').toString() !== 'x') lost++
  }
  assert.ok(lost > 5 && lost < 45, `lost ${lost} of 50`)
})

test('a read-only disk serves readers', () => {
  const { disk } = simulatedPlatform({ seed: 1 })
  disk.install('/d/f', 'x')
  disk.faults.isReadOnly = true
  assert.equal(disk.openSync('/d/f', 'read').sizeSync(), 1)
  assert.throws(() => disk.openSync('/d/f', 'write'), { code: 'EROFS' })
  assert.throws(() => disk.makeDirectorySync('/e'), { code: 'EROFS' })
})

test('a slow disk takes virtual time', async () => {
  const { disk, clock } = simulatedPlatform({ seed: 1 })
  disk.latencyMs = (operation) => (operation === 'sync' ? 500 : 0)
  const file = await disk.open('/f', 'create')
  await file.writev([Buffer.from('x')], 0)
  const before = clock.monotonicMs()
  await clock.resolve(file.sync())
  assert.equal(clock.monotonicMs() - before, 500)
})

test('the process of a machine without power can do nothing any more, the next one can', () => {
  const machine = new SimulatedWorld({ seed: 1 }).machine('b1')
  const { disk } = machine.platform
  disk.install('/f', 'x')
  machine.powerOff()
  assert.throws(
    () => disk.readFileSync('/f'),
    (error) => isDiskError(error) && error.code === 'ECRASHED',
  )
  assert.equal(machine.platform.disk.readFileSync('/f').toString(), 'x')
})
