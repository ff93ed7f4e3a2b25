// Commands that need no broker: they print what Kafka's scripts print for the same files, and say
// what is wrong in one sentence.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { COMMANDS } from '../../src/cli/commands.ts'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { ZooKeeperServer } from '../../src/zookeeper/server.ts'
import { runTool } from '../support/run-tool.ts'

const directory = mkdtempSync(join(tmpdir(), 'ottla-cli-'))
after(() => rmSync(directory, { recursive: true }))
const root = fileURLToPath(new URL('../../', import.meta.url))
const logs = join(root, 'test/fixtures/log')

const DUMPS = [
  ['3.9-__consumer_offsets-0', '--offsets-decoder'],
  ['3.9-__transaction_state-0', '--transaction-log-decoder'],
  ['3.9-txn-0', '--print-data-log'],
  ['3.9-headers-0', '--print-data-log'],
] as const

for (const [name, option] of DUMPS) {
  test(`dump-log ${option} of ${name}`, async () => {
    const names = readdirSync(join(logs, name)).filter((file) => file.endsWith('.log'))
    const files = names.toSorted().map((file) => join(logs, name, file))
    const { exitCode, stdout } = await runTool(['dump-log', '--files', files.join(','), option])
    assert.equal(exitCode, 0)
    const expected = readFileSync(join(logs, name, 'dump-log.txt'), 'utf8')
    assert.equal(
      stdout.replaceAll(/^Dumping .*\//gm, ''),
      expected.replaceAll(/^Dumping .*\//gm, ''),
    )
  })
}

const MISTAKES: readonly [string, string][] = [
  ['dump-log --files /nowhere/00000000000000000000.log', 'Cannot read /nowhere/'],
  [
    'dump-log --files x.log --value-decoder-class nope.Nope',
    'nope.Nope is not available: --value-decoder-class is StringDecoder',
  ],
  ['dump-log', 'Prints what is in the files of a partition.'],
  [
    'topics --list --bootstrap-server localhost',
    'bootstrap server localhost is not of the form host:port',
  ],
  ['topics --list', '--bootstrap-server must be specified'],
  ['zookeeper /nowhere/zoo.cfg', 'Cannot read /nowhere/zoo.cfg'],
  ['zookeeper BAD', 'clientPort=abc: a whole number from 0 to 65535 is allowed'],
  ['zookeeper ENSEMBLE', 'server.1: this ZooKeeper server stands alone'],
  ['delete-records --bootstrap-server x:1 --offset-json-file BAD', 'Cannot read '],
  ['nothing', 'there is no command nothing'],
]

test('a mistake is one sentence and exit code 1', async () => {
  writeFileSync(join(directory, 'BAD'), 'dataDir=/tmp/zk\nclientPort=abc\n')
  writeFileSync(join(directory, 'ENSEMBLE'), 'dataDir=/tmp/zk\nclientPort=0\nserver.1=a:1:2\n')
  for (const [command, message] of MISTAKES) {
    const words = command.split(' ')
    const args = words.map((word) => (/^[A-Z]+$/.test(word) ? join(directory, word) : word))
    const { exitCode, stdout, stderr } = await runTool(args)
    assert.equal(exitCode, 1, command)
    assert.equal(stdout, '', command)
    const [first = ''] = stderr.split('\n')
    assert(first.includes(message), `${command}: ${first}`)
  }
})

test('zookeeper-shell: one command, or one per line of input', async () => {
  const server = await ZooKeeperServer.start({
    platform: nodePlatform(),
    logger: silentLogger,
    directory: join(directory, 'zookeeper'),
    listeners: [{ host: '127.0.0.1', port: 0 }],
  })
  try {
    const address = `127.0.0.1:${server.ports[0]}`
    const connected = '\nWATCHER::\n\nWatchedEvent state:SyncConnected type:None path:null\n'
    const listed = await runTool(['zookeeper-shell', address, 'ls', '/'])
    assert.deepEqual(listed, {
      exitCode: 0,
      stdout: `Connecting to ${address}\n${connected}[zookeeper]\n`,
      stderr: '',
    })
    const missing = await runTool(['zookeeper-shell', address, 'get', '/nope'])
    assert.deepEqual([missing.exitCode, missing.stderr], [1, 'Node does not exist: /nope\n'])
    const script = await runTool(
      ['zookeeper-shell', address],
      'create /a "two words"\nget /a\nquit\nget /b\n',
    )
    assert.equal(script.exitCode, 0)
    assert.equal(script.stderr, 'Created /a\n')
    const closed = connected.replace('SyncConnected', 'Closed')
    assert(script.stdout.endsWith(`${connected}two words\n${closed}`))
  } finally {
    await server.close()
  }
})

test('every script under its name runs, also by way of a link as npm makes it', async () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    bin: Record<string, string>
  }
  const scripts = readdirSync(join(root, 'bin')).filter((name) => name.endsWith('.sh'))
  const named = [...COMMANDS.values()].flatMap(({ script }) => script ?? [])
  assert.deepEqual(scripts.toSorted(), named.toSorted())
  assert.deepEqual(Object.keys(manifest.bin).toSorted(), [...named, 'ottla'].toSorted())
  const file = join(root, manifest.bin['kafka-topics.sh']!)
  const { stdout } = await promisify(execFile)(process.execPath, [file, '--version'])
  assert.match(stdout, /^3\.9\.1 \(ottla /)
})
