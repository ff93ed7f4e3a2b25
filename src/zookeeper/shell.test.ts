// The shell's output, line for line that of Apache ZooKeeper 3.8.4.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../telemetry/logger.ts'
import { simulatedPlatform } from '../testing/simulated/simulated-world.ts'
import { ZooKeeperClient } from './client.ts'
import { ZooKeeperServer } from './server.ts'
import { formatWatchEvent, runShellCommand } from './shell.ts'
import { readZooKeeperProperties, SettingError } from './zookeeper-properties.ts'

async function shell(): Promise<(line: string) => Promise<string>> {
  const platform = simulatedPlatform({ seed: 1 })
  const server = await ZooKeeperServer.start({
    platform,
    logger: silentLogger,
    directory: '/zk',
    preAllocateBytes: 4096,
  })
  const client = await platform.clock.resolve(
    ZooKeeperClient.connect({
      platform,
      logger: silentLogger,
      connect: { open: () => server.connectInProcess() },
      sessionTimeoutMs: 6000,
      connectionTimeoutMs: 1000,
    }),
  )
  return async (line) => {
    const output = await platform.clock.resolve(runShellCommand(client, line))
    const code = output.exitCode === 0 ? [] : [`exit ${output.exitCode}`]
    return [...output.stdout, ...output.stderr.map((text) => `! ${text}`), ...code].join('\n')
  }
}

test('commands and their output', async () => {
  const run = await shell()
  const conversation: [string, string][] = [
    ['ls /', '[zookeeper]'],
    ['create /a "hello world"', '! Created /a'],
    ['create /a again', '! Node already exists: /a\nexit 1'],
    ['create -s /a/s- x', '! Created /a/s-0000000000'],
    ['create -s -e /a/se- y', '! Created /a/se-0000000001'],
    ['create /a/none', '! Created /a/none'],
    ['get /a', 'hello world'],
    ['get /a/none', 'null'],
    ['get /missing', '! Node does not exist: /missing\nexit 1'],
    ['ls /a', '[none, s-0000000000, se-0000000001]'],
    ['ls -R /a', '/a\n/a/none\n/a/s-0000000000\n/a/se-0000000001'],
    ['set -v 7 /a nope', '! version No is not valid : /a\nexit 1'],
    ['set /a world', ''],
    ['delete /a', '! Node not empty: /a\nexit 1'],
    ['getAllChildrenNumber /', '7'],
    ['getEphemerals', '[/a/se-0000000001]'],
    ['getAcl /a', "'world,'anyone\n: cdrwa"],
    ['setAcl /a world:anyone:r', ''],
    ['set /a x', '! Insufficient permission : /a\nexit 1'],
    ['setAcl /a digest:bad:cdrwa', '! Acl is not valid : /a\nexit 1'],
    ['sync /a', 'Sync is OK'],
    ['whoami', 'Auth scheme: User\nip: 127.0.0.1'],
    ['ls relative', '! Path must start with / character\nexit 1'],
    ['ls', '! ls [-s] [-w] [-R] path\nexit 1'],
    ['create -t 10 /ttl x', '! KeeperErrorCode = Unimplemented for /ttl\nexit 1'],
    ['deleteall /missing', '! Node does not exist: /missing\nexit 1'],
  ]
  for (const [line, expected] of conversation) assert.equal(await run(line), expected, line)
  assert.match(await run('nonsense'), /! Command not found: Command not found nonsense\nexit 127$/)
})

test('stats', async () => {
  const run = await shell()
  await run('create /a hello')
  const shown = (await run('stat /a')).split('\n')
  assert.deepEqual(
    shown.map((line) => line.replace(/time = .*/, 'time')),
    [
      'cZxid = 0x2',
      'ctime',
      'mZxid = 0x2',
      'mtime',
      'pZxid = 0x2',
      'cversion = 0',
      'dataVersion = 0',
      'aclVersion = 0',
      'ephemeralOwner = 0x0',
      'dataLength = 5',
      'numChildren = 0',
    ],
  )
  assert.match(shown[1] ?? '', /^ctime = Sun Nov 22 \d\d:00:00 \S+ 2026$/)
})

test('events', () => {
  assert.deepEqual(formatWatchEvent({ type: 'dataChanged', path: '/a' }), [
    '',
    'WATCHER::',
    '',
    'WatchedEvent state:SyncConnected type:NodeDataChanged path:/a',
  ])
})

test("Apache ZooKeeper's settings", () => {
  const { settings, unknown } = readZooKeeperProperties(
    new Map([
      ['dataDir', '/tmp/zookeeper'],
      ['clientPort', '2181'],
      ['maxClientCnxns', '0'],
      ['admin.enableServer', 'false'],
      ['tickTime', '3000'],
      ['autopurge.purgeInterval', '1'],
      ['4lw.commands.whitelist', 'ruok, stat'],
      ['zookeeper.forceSync', 'no'],
      ['strange', '1'],
    ]),
  )
  assert.deepEqual(unknown, ['strange'])
  assert.equal(settings.directory, '/tmp/zookeeper')
  assert.deepEqual(settings.listeners, [{ host: undefined, port: 2181 }])
  assert.equal(settings.maxClientConnections, 0)
  assert.equal(settings.tickTimeMs, 3000)
  assert.equal(settings.retainSnapshots, 3)
  assert.deepEqual(settings.fourLetterWords, ['ruok', 'stat'])
  assert.equal(settings.sync, false)
  const refused = (entries: [string, string][]): void => {
    assert.throws(() => readZooKeeperProperties(new Map(entries)), SettingError)
  }
  refused([['clientPort', '2181']])
  refused([
    ['dataDir', '/x'],
    ['clientPort', 'abc'],
  ])
  refused([
    ['dataDir', '/x'],
    ['clientPort', '2181'],
    ['server.1', 'a:2888:3888'],
  ])
})
