// The log directories of a broker: whose they are, how they are left, what becomes of them.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import type { LogConfig } from '../config/topic-config.ts'
import { silentLogger, type Logger } from '../telemetry/logger.ts'
import { Metrics } from '../telemetry/metrics.ts'
import { SimulatedWorld } from '../testing/simulated/simulated-world.ts'
import type { DirectoryEntry } from '../platform/disk.ts'
import type { SimulatedMachine } from '../testing/simulated/simulated-world.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import { PartitionOffsets } from './checkpoint-file.ts'
import { fakeBrokerConfig } from './history-support.test.ts'
import { Logs } from './logs.ts'
import type { LogsOptions } from './logs.ts'
import {
  formatMetaProperties,
  MetaPropertiesError,
  parseMetaProperties,
} from './meta-properties.ts'
import { readIdentity } from './open-directories.ts'
import { batchOf, FIXTURES, leaderOptions, logConfig, readAll, settle } from './support.test.ts'

const CLUSTER = 'jzqEa8BARt2v_OD1cmK9Nw'
const TOPIC_ID = 'KzViUmG_TMKfn45LG0aAbQ'

function machine(seed = 1): SimulatedMachine {
  return new SimulatedWorld({ seed }).machine('broker')
}

function open(on: SimulatedMachine, options: Partial<LogsOptions> = {}): Promise<Logs> {
  const config: LogConfig = logConfig({ segmentBytes: 600 })
  return Logs.open({
    platform: on.platform,
    logger: silentLogger,
    metrics: new Metrics(),
    config: fakeBrokerConfig,
    directories: ['/d1', '/d2'],
    brokerId: 0,
    clusterId: CLUSTER,
    topicConfig: () => config,
    ...options,
  })
}

function text(on: SimulatedMachine, path: string): string {
  return on.platform.disk.readFileSync(path).toString()
}

test('the checkpoints and meta.properties of 3.9 are read, and written as it writes them', () => {
  const directory = join(FIXTURES, 'datadir-3.9-0')
  for (const name of readdirSync(directory).filter((file) => file.endsWith('checkpoint'))) {
    const content = readFileSync(join(directory, name), 'utf8')
    assert.equal(PartitionOffsets.parse(content).format(), content || '0\n0\n', name)
  }
  const meta = readFileSync(join(directory, 'meta.properties'), 'utf8')
  assert.deepEqual(parseMetaProperties(meta, 'x'), { brokerId: 0, clusterId: CLUSTER })
  assert.equal(formatMetaProperties(0, CLUSTER, Date.UTC(2026, 10, 23, 9, 57, 24)), meta)
})

test('logs spread over the directories with the fewest, and are found again', async () => {
  const on = machine()
  const logs = await open(on)
  for (let partition = 0; partition < 6; partition += 1) {
    const log = logs.getOrCreate('flights', partition, TOPIC_ID, { isNew: true })
    log.appendAsLeader(batchOf([`p${partition}`]), leaderOptions())
  }
  await settle(on.platform)
  assert.deepEqual(
    (await logs.describeDirectories()).map(({ logs: held }) => held.length),
    [3, 3],
  )
  for (const log of logs.all()) log.updateHighWatermark(1)
  await logs.close()
  assert.equal(text(on, '/d1/.kafka_cleanshutdown'), '{"version":0,"brokerEpoch":-1}')
  assert.match(text(on, '/d1/recovery-point-offset-checkpoint'), /^0\n3\nflights 0 1\n/)
  on.kill()
  const again = await open(on)
  assert.equal(on.platform.disk.statSync('/d1/.kafka_cleanshutdown'), undefined)
  // AutoMQ #163: offsets go on where they were.
  for (const log of again.all()) {
    assert.deepEqual(await readAll(log), [`0:p${log.partition}`])
    assert.equal(log.topicId, TOPIC_ID)
    assert.equal(again.highWatermarkCheckpoint('flights', log.partition), 1)
  }
  assert.equal(again.size, 6)
})

test('a directory of another cluster, another broker or KRaft is refused and untouched', async () => {
  const cases = [
    [formatMetaProperties(0, 'other', 0), /belongs to the cluster other/],
    [formatMetaProperties(7, CLUSTER, 0), /broker\.id=7/],
    [readFileSync(join(FIXTURES, 'datadir-4.1/meta.properties'), 'utf8'), /KRaft/],
    ['garbage', /has no version/],
  ] as const
  for (const [content, message] of cases) {
    const on = machine()
    on.platform.disk.install('/d2/meta.properties', content)
    on.platform.disk.install('/d2/.kafka_cleanshutdown', '{}')
    const before = on.platform.disk.contents()
    await assert.rejects(open(on), (error: unknown) => {
      assert.ok(error instanceof MetaPropertiesError)
      assert.match(error.message, message)
      return true
    })
    assert.deepEqual(on.platform.disk.contents(), before)
  }
})

test('KAFKA-16541: small files are written beside their place, synced, renamed, and their names synced', async () => {
  const on = machine()
  const { faults } = on.platform.disk
  faults.record()
  const logs = await open(on)
  const log = logs.getOrCreate('flights', 0, TOPIC_ID, { isNew: true, directory: '/d1' })
  logs.start()
  log.appendAsLeader(batchOf(['a', 'b']), leaderOptions())
  await on.platform.clock.advance(70_000)
  log.updateHighWatermark(2)
  log.deleteRecordsBefore(1)
  await on.platform.clock.advance(130_000)
  await settle(on.platform)
  await logs.close()
  const steps = faults.recorded.map(({ operation, path }) => `${operation} ${path}`)
  const small = [
    '/d1/meta.properties',
    '/d1/recovery-point-offset-checkpoint',
    '/d1/log-start-offset-checkpoint',
    '/d1/replication-offset-checkpoint',
    '/d1/.kafka_cleanshutdown',
    '/d1/flights-0/leader-epoch-checkpoint',
  ]
  for (const path of small) {
    const renames = steps.flatMap((step, at) => (step === `rename ${path}.tmp` ? [at] : []))
    assert.ok(renames.length > 0, path)
    assert.ok(!steps.includes(`write ${path}`), path)
    for (const at of renames) {
      const wrote = steps.lastIndexOf(`write ${path}.tmp`, at)
      const synced = steps.lastIndexOf(`sync ${path}.tmp`, at)
      assert.ok(wrote >= 0 && synced > wrote, `${path} is renamed before it is synced`)
      const named = steps.indexOf(`syncDirectory ${dirname(path)}`, at)
      assert.ok(named > at, `the name of ${path} is not synced`)
    }
  }
})

test('a directory that another process holds is refused', async () => {
  const on = machine()
  const first = await open(on)
  await assert.rejects(open(on), /in use by another process/)
  await first.close()
  await (await open(on)).close()
})

test('KAFKA-15375: no mark of a clean stop after a failure, nor after a load that did not end', async () => {
  const on = machine()
  const logs = await open(on)
  const log = logs.getOrCreate('flights', 0, TOPIC_ID, { isNew: true })
  log.appendAsLeader(batchOf(['x']), leaderOptions())
  await settle(on.platform)
  const directory = log.directory.slice(0, 3)
  on.platform.disk.failNext('sync', 'EIO')
  await logs.close()
  assert.equal(on.platform.disk.statSync(`${directory}/.kafka_cleanshutdown`), undefined)
  on.kill()
  on.platform.disk.failNext('list', 'EIO', { path: `${directory}/flights-0` })
  const again = await open(on)
  assert.deepEqual(again.offlineDirectories, [directory])
  await again.close()
  assert.equal(on.platform.disk.statSync(`${directory}/.kafka_cleanshutdown`), undefined)
})

test('a failing directory goes offline with its partitions, the others go on', async () => {
  const on = machine()
  const logs = await open(on)
  const lost: string[] = []
  logs.onDirectoryFailure((path, partitions) => lost.push(`${path} ${partitions.length}`))
  const logsOf = Array.from({ length: 4 }, (_, partition) =>
    logs.getOrCreate('flights', partition, TOPIC_ID, { isNew: true }),
  )
  on.platform.disk.failNext('write', 'ENOSPC', { path: '/d1/', times: Infinity })
  for (const log of logsOf) log.appendAsLeader(batchOf(['x']), leaderOptions())
  await settle(on.platform)
  assert.deepEqual(lost, ['/d1 2'])
  assert.deepEqual(logs.liveDirectories, ['/d2'])
  assert.deepEqual(
    logsOf.map((log) => log.logEndOffset),
    [0, 1, 0, 1],
  )
  assert.equal(logs.size, 2)
  const storageError = (error: unknown) =>
    error instanceof KafkaError && error.code === Errors.KAFKA_STORAGE_ERROR
  assert.throws(() => logs.getOrCreate('flights', 0, TOPIC_ID), storageError)
  assert.equal(logs.getOrCreate('new', 0, TOPIC_ID, { isNew: true }).directory, '/d2/new-0')
  await logs.close()
  assert.notEqual(on.platform.disk.statSync('/d2/.kafka_cleanshutdown'), undefined)
})

test('KAFKA-4893: a topic of 249 characters is created, moved and deleted', async () => {
  const on = machine()
  const logs = await open(on)
  const topic = 'x'.repeat(249)
  const log = logs.getOrCreate(topic, 4000, TOPIC_ID, { isNew: true, directory: '/d1' })
  log.appendAsLeader(batchOf(['x']), leaderOptions())
  await settle(on.platform)
  logs.createFuture(topic, 4000, '/d2')
  await logs.deleteFuture(topic, 4000)
  await logs.delete(topic, 4000)
  assert.equal(logs.get(topic, 4000), undefined)
  const names = ['/d1', '/d2'].flatMap((path) => on.platform.disk.listSync(path))
  const deleted = names.filter(({ kind }) => kind === 'directory')
  assert.deepEqual(
    deleted.map(({ name }) => /-4000\.[0-9a-f]{32}-delete$/.test(name)),
    [true, true],
  )
  assert.ok(deleted.every(({ name }) => name.length <= 255))
  await on.platform.clock.advance(61_000)
  await settle(on.platform)
  const left = ['/d1', '/d2'].flatMap((path) => on.platform.disk.listSync(path))
  assert.equal(
    left.some(({ kind }) => kind === 'directory'),
    false,
  )
})

test('a partition that is deleted and created again begins anew', async () => {
  const on = machine()
  const logs = await open(on)
  const old = logs.getOrCreate('flights', 0, TOPIC_ID, { isNew: true })
  old.appendAsLeader(batchOf(['old']), leaderOptions())
  await logs.delete('flights', 0)
  assert.equal(old.appendAsLeader(batchOf(['late']), leaderOptions()).error, 56)
  const fresh = logs.getOrCreate('flights', 0, TOPIC_ID, { isNew: true })
  assert.equal(fresh.logEndOffset, 0)
  await on.platform.clock.advance(61_000)
  fresh.appendAsLeader(batchOf(['new']), leaderOptions())
  await settle(on.platform)
  assert.deepEqual(await readAll(fresh), ['0:new'])
})

test('KAFKA-16424: files scheduled for removal before a move do not disturb the new place', async () => {
  const on = machine()
  const logs = await open(on)
  const log = logs.getOrCreate('flights', 0, TOPIC_ID, { isNew: true, directory: '/d1' })
  for (let index = 0; index < 20; index += 1) {
    log.appendAsLeader(batchOf([`value ${index}`.padEnd(60)]), leaderOptions())
    await settle(on.platform)
  }
  log.updateHighWatermark(log.logEndOffset)
  log.updateConfig(logConfig({ segmentBytes: 600, retentionBytes: 500 }))
  assert.ok(log.applyRetention(0) > 0)
  await settle(on.platform)
  const future = logs.createFuture('flights', 0, '/d2')
  await future.truncateFullyAndStartAt(log.logStartOffset)
  const rest = await log.read({ fetchOffset: log.logStartOffset, maxBytes: 1e6, minOneBatch: true })
  for (const bytes of rest.segments)
    assert.equal(future.appendAsFollower(Buffer.from(bytes)).error, 0)
  await settle(on.platform)
  const expected = await readAll(log)
  const moved = logs.promoteFuture('flights', 0)
  assert.equal(moved.directory, '/d2/flights-0')
  await on.platform.clock.advance(200_000)
  await settle(on.platform)
  assert.deepEqual(await readAll(moved), expected)
  await logs.close()
  on.kill()
  const again = await open(on)
  const found = again.get('flights', 0)
  assert.ok(found)
  assert.deepEqual(await readAll(found), expected)
})

test('KAFKA-13403: what vanishes during the scan takes nobody down', async () => {
  const on = machine()
  const logs = await open(on)
  const log = logs.getOrCreate('flights', 0, TOPIC_ID, { isNew: true, directory: '/d1' })
  log.appendAsLeader(batchOf(['x']), leaderOptions())
  await settle(on.platform)
  on.kill()
  // Listed, and gone when they are looked at.
  const { disk } = on.platform
  const list = disk.listSync.bind(disk)
  const shown = new Set<string>()
  disk.listSync = (path) => {
    const ghosts: DirectoryEntry[] =
      path === '/d1'
        ? [{ name: 'ghost-0', kind: 'directory' }]
        : ['.log', '.index', '.snapshot', '.log.deleted', '.log.swap'].map((end) => ({
            name: `00000000000000000007${end}`,
            kind: 'file',
          }))
    // The start looks at a partition's directory twice: to see how much there is to do, and to do it.
    const times = shown.has(`${path} 1`) ? 2 : shown.has(path) ? 1 : 0
    shown.add(times === 0 ? path : `${path} 1`)
    return times === 2 || path === '/d2' ? list(path) : [...list(path), ...ghosts]
  }
  const again = await open(on)
  assert.deepEqual(again.offlineDirectories, [])
  const found = again.get('flights', 0)
  assert.ok(found)
  assert.deepEqual(await readAll(found), ['0:x'])
  assert.equal(again.size, 1)
})

test('strangers are left alone and named', async () => {
  const on = machine()
  await (await open(on)).close()
  on.platform.disk.install('/d1/lost+found/x', 'x')
  on.platform.disk.install('/d1/notes.txt', 'x')
  on.platform.disk.install('/d1/t-0/mine.txt', 'x')
  const said: string[] = []
  const logger: Logger = { ...silentLogger, warn: (line) => said.push(line), named: () => logger }
  on.platform.disk.install(`/d1/old-0.${'a'.repeat(32)}-delete/00000000000000000000.log`, '')
  on.platform.disk.install(`/d1/gone-0.${'b'.repeat(32)}-stray/00000000000000000000.log`, '')
  const logs = await open(on, { logger })
  await on.platform.clock.advance(10)
  await settle(on.platform)
  const names = on.platform.disk.listSync('/d1').map(({ name }) => name)
  assert.ok(names.includes('lost+found') && names.includes('notes.txt'))
  assert.ok(names.some((name) => name.endsWith('-stray')))
  assert.equal(
    names.some((name) => name.endsWith('-delete')),
    false,
  )
  assert.equal(on.platform.disk.readFileSync('/d1/t-0/mine.txt').toString(), 'x')
  const named = said.map((line) => /^\/d1\/(\S+) .*: left alone$/.exec(line)?.[1] ?? line)
  assert.deepEqual(named.map((name) => name.replace(/b{32}/, '…')).toSorted(), [
    'gone-0.…-stray',
    'lost+found',
    'notes.txt',
    't-0/mine.txt',
  ])
  assert.equal(logs.size, 1)
})

test('of a partition that a crash has left in two directories, the longer copy stays', async () => {
  for (const longer of ['/d1', '/d2']) {
    const on = machine()
    await (await open(on)).close()
    const golden = join(FIXTURES, '3.9-txn-0', '00000000000000000003.log')
    for (const path of ['/d1', '/d2']) {
      const content = path === longer ? readFileSync(golden) : ''
      on.platform.disk.install(`${path}/flights-0/00000000000000000003.log`, content)
    }
    const logs = await open(on)
    assert.equal(logs.get('flights', 0)?.directory, `${longer}/flights-0`)
    assert.equal(logs.size, 1)
    const other = longer === '/d1' ? '/d2' : '/d1'
    const names = on.platform.disk.listSync(other).filter(({ kind }) => kind === 'directory')
    assert.match(names[0]?.name ?? '', /^flights-0\.[0-9a-f]{32}-stray$/)
    await logs.close()
  }
})

test('garbage in a checkpoint counts as an empty one (KAFKA-16541)', async () => {
  const on = machine()
  const logs = await open(on)
  const log = logs.getOrCreate('flights', 0, TOPIC_ID, { isNew: true, directory: '/d1' })
  log.appendAsLeader(batchOf(['x']), leaderOptions())
  await settle(on.platform)
  await logs.close()
  on.kill()
  for (const name of ['recovery-point', 'log-start', 'replication', 'cleaner']) {
    on.platform.disk.install(`/d1/${name}-offset-checkpoint`, '0\n5\n\xff\xfe')
  }
  const again = await open(on)
  const found = again.get('flights', 0)
  assert.ok(found)
  assert.deepEqual(await readAll(found), ['0:x'])
})

test('the identity of a broker is read before anything is opened', async () => {
  const on = machine()
  assert.equal(readIdentity(on.platform, silentLogger, ['/d1']), undefined)
  await (await open(on)).close()
  const identity = readIdentity(on.platform, silentLogger, ['/d1'])
  assert.deepEqual(identity, { brokerId: 0, clusterId: CLUSTER })
})
