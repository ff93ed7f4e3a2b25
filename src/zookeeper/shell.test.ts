// The shell's output, line for line that of Apache ZooKeeper 3.8.4.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../telemetry/logger.ts'
import { simulatedPlatform } from '../testing/simulated/simulated-world.ts'
import { ZooKeeperClient } from './client.ts'
import { ZooKeeperServer } from './server.ts'
import { Shell } from './shell.ts'
import { readZooKeeperProperties, SettingError } from './zookeeper-properties.ts'

const RECONFIG =
  '[-s] [-v version] [[-file path] | [-members serverID=host:port1:port2;port3[,...]*]] | ' +
  '[-add serverId=host:port1:port2;port3[,...]]* [-remove serverId[,...]*]'

interface Setup {
  readonly run: (line: string) => Promise<string>
  /** What the shell has told of by itself since it was last asked. */
  readonly announced: () => string[]
  readonly connections: (string | undefined)[]
  readonly client: () => Promise<ZooKeeperClient>
}

async function shell(): Promise<Setup> {
  const platform = simulatedPlatform({ seed: 1 })
  const server = await ZooKeeperServer.start({
    platform,
    logger: silentLogger,
    directory: '/zk',
    preAllocateBytes: 4096,
  })
  const client = (): Promise<ZooKeeperClient> =>
    platform.clock.resolve(
      ZooKeeperClient.connect({
        platform,
        logger: silentLogger,
        connect: { open: () => server.connectInProcess() },
        sessionTimeoutMs: 6000,
        connectionTimeoutMs: 1000,
      }),
    )
  const connections: (string | undefined)[] = []
  let lines: string[] = []
  const made = new Shell({
    connect: (address) => {
      connections.push(address)
      return client()
    },
    announce: (more) => lines.push(...more),
  })
  await made.connect()
  const run = async (line: string): Promise<string> => {
    const output = await platform.clock.resolve(made.run(line))
    const code = output.exitCode === 0 ? [] : [`exit ${output.exitCode}`]
    const shown = output.lines.map(({ isError, text }) => (isError ? `! ${text}` : text))
    return [...shown, ...code].join('\n')
  }
  const announced = (): string[] => {
    const found = lines.filter((line) => line.startsWith('WatchedEvent'))
    lines = []
    return found.map((line) => line.slice('WatchedEvent '.length))
  }
  return { run, announced, connections, client }
}

test('commands and their output', async () => {
  const { run } = await shell()
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
    [
      'ls -sx /',
      '! org.apache.commons.cli.UnrecognizedOptionException: Unrecognized option: -sx\nexit 1',
    ],
    ['ls /a -R', '/a\n/a/none\n/a/s-0000000000\n/a/se-0000000001'],
    [
      'set -v',
      '! org.apache.commons.cli.MissingArgumentException: Missing argument for option: v\nexit 1',
    ],
    ['create -t soon /ttl x', '! -t argument must be a long value\nexit 1'],
    [
      'create -ec /x',
      '! -c cannot be combined with -s or -e. Containers cannot be ephemeral or sequential.\nexit 1',
    ],
    [
      'create /x d world:anyone',
      '! world:anyone does not have the form scheme:id:perm\n! KeeperErrorCode = InvalidACL\n! Acl is not valid : null\nexit 1',
    ],
    ['ls /a//b', '! Invalid path string "/a//b" caused by empty node name specified @3\nexit 1'],
    [
      'ls /a/../b',
      '! Invalid path string "/a/../b" caused by relative paths not allowed @4\nexit 1',
    ],
    ['config', ''],
    ['config -c', ' '],
    ['reconfig -remove 1', '! KeeperErrorCode = Reconfig is disabled\nexit 1'],
    ['reconfig', `! reconfig ${RECONFIG}\nexit 1`],
  ]
  for (const [line, expected] of conversation) assert.equal(await run(line), expected, line)
  assert.match(await run('nonsense'), /! Command not found: Command not found nonsense\nexit 127$/)
})

test('quotas', async () => {
  const { run } = await shell()
  const absolute = '! absolute path is /zookeeper/quota/c/zookeeper_limits'
  const conversation: [string, string][] = [
    ['create /c abc', '! Created /c'],
    ['listquota /c', `${absolute}\n! quota for /c does not exist.`],
    ['setquota -n 2 /c', ''],
    ['setquota -B 100 /c', ''],
    ['create /c/d x', '! Created /c/d'],
    [
      'listquota /c',
      `${absolute}\n` +
        'Output quota for /c count=2,bytes=-1=;byteHardLimit=100;countHardLimit=-1\n' +
        'Output stat for /c count=2,bytes=4',
    ],
    ['setquota -b 3 /c', '[Warning]: the bytes quota you create is less than the existing bytes:4'],
    ['setquota -n 1 /c/d', '! /c/d has a parent /c which has a quota\nexit 1'],
    ['setquota -n 1 /nope', '! /nope does not exist.\nexit 1'],
    ['setquota -n 0 /c', '! the num quota must be greater than zero\nexit 1'],
    ['setquota -b x /c', '! NumberFormatException happens when parsing the option value\nexit 1'],
    ['delquota -b /c', ''],
    [
      'get /zookeeper/quota/c/zookeeper_limits',
      'count=2,bytes=-1=;byteHardLimit=100;countHardLimit=-1',
    ],
    ['delquota /c', ''],
    ['delquota /c', 'Quota does not exist for /c'],
    ['ls /zookeeper/quota', '[]'],
    ['setquota -n 1 /c/d', ''],
    ['setquota -n 1 /c', '! /c has a child /c/d which has a quota\nexit 1'],
  ]
  for (const [line, expected] of conversation) assert.equal(await run(line), expected, line)
  const both = await run('setquota -n 1 -b 2 /c')
  assert.match(both, /AlreadySelectedException: The option 'b' was specified but an option from/)
  assert.match(
    await run('setquota /c'),
    /MissingOptionException: Missing required option: \[-n num/,
  )
})

test('history, redo, printwatches', async () => {
  const { run } = await shell()
  const conversation: [string, string][] = [
    ['create -s /n x', '! Created /n0000000000'],
    ['redo 0', '! Created /n0000000001'],
    ['history', '0 - create -s /n x\n1 - create -s /n x\n2 - history'],
    ['redo 9', '! Command index out of range\nexit 1'],
    ['redo', ''],
    ['redo 4', '! No redoing redos\nexit 1'],
    ['printwatches', 'printwatches is on'],
    ['printwatches off', ''],
    ['printwatches', 'printwatches is off'],
  ]
  for (const [line, expected] of conversation) assert.equal(await run(line), expected, line)
  for (let line = 0; line < 20; line++) await run('ls /')
  const shown = (await run('history')).split('\n')
  assert.deepEqual([shown.length, shown[0], shown.at(-1)], [11, '19 - ls /', '29 - history'])
})

test('watches are told of, removed, and silenced', async () => {
  const { run, announced, client } = await shell()
  assert.deepEqual(announced(), ['state:SyncConnected type:None path:null'])
  const other = await client()
  await run('create /w x')
  await run('get -w /w')
  await run('set /w y')
  assert.deepEqual(announced(), ['state:SyncConnected type:NodeDataChanged path:/w'])
  await run('addWatch /w')
  await run('create /w/child x')
  assert.deepEqual(announced(), ['state:SyncConnected type:NodeCreated path:/w/child'])
  assert.match(await run('removewatches /w'), /type:PersistentWatchRemoved path:\/w$/)
  assert.match(await run('removewatches /w'), /^! KeeperErrorCode = No such watcher for \/w$/m)
  await run('ls -w /w')
  assert.match(await run('removewatches /w -d'), /No such watcher/)
  assert.match(await run('removewatches /w -c'), /type:ChildWatchRemoved path:\/w$/)
  await run('printwatches off')
  await run('get -w /w')
  await run('set /w z')
  assert.deepEqual(announced(), [])
  other.abandon()
})

test('close, connect and an identity that is not believed', async () => {
  const { run, announced, connections } = await shell()
  announced()
  await run('close')
  assert.deepEqual(announced(), ['state:Closed type:None path:null'])
  assert.equal(await run('ls /'), 'Not connected')
  assert.equal(await run('printwatches'), 'printwatches is on\nNot connected')
  assert.equal(await run('connect elsewhere:2181'), '')
  assert.equal(await run('ls /'), '[zookeeper]')
  await run('connect')
  assert.deepEqual(connections, [undefined, 'elsewhere:2181', undefined])
  announced()
  await run('addauth nothing x')
  await run('sync /')
  assert.deepEqual(announced(), [
    'state:Closed type:None path:null',
    'state:AuthFailed type:None path:null',
  ])
  assert.equal(await run('ls /'), 'Not connected')
})

test('stats', async () => {
  const { run } = await shell()
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

test("Apache ZooKeeper's settings", () => {
  const { settings, unknown, withoutEffect } = readZooKeeperProperties(
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
      ['initLimit', '5'],
      ['large_request_threshold', '1000'],
    ]),
  )
  assert.deepEqual(unknown, ['strange'])
  assert.deepEqual(withoutEffect, ['large_request_threshold'])
  assert.equal(settings.directory, '/tmp/zookeeper')
  assert.deepEqual(settings.listeners, [{ host: undefined, port: 2181, backlog: undefined }])
  assert.equal(settings.maxClientConnections, 0)
  assert.equal(settings.tickTimeMs, 3000)
  assert.equal(settings.retainSnapshots, 3)
  assert.deepEqual(settings.fourLetterWords, ['ruok', 'stat'])
  assert.equal(settings.sync, false)
  const refused = (entries: [string, string][]): void => {
    assert.throws(() => readZooKeeperProperties(new Map(entries)), SettingError)
  }
  refused([['clientPort', '2181']])
  for (const [name, value] of [
    ['client.portUnification', 'true'],
    ['ssl.crl', 'true'],
    ['audit.enable', 'true'],
    ['peerType', 'observer'],
    ['authProvider.1', 'com.example.Own'],
    ['enforce.auth.enabled', 'true'],
  ] as const) {
    refused([
      ['dataDir', '/x'],
      ['clientPort', '2181'],
      [name, value],
    ])
  }
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
