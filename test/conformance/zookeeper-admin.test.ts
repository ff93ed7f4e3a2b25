// The admin server of ZooKeeper: its commands as Apache ZooKeeper 3.8 names and answers them.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startAdminServer } from '../../src/console/admin-server.ts'
import type { HttpListener } from '../../src/console/http-listener.ts'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { commandNames } from '../../src/zookeeper/admin-commands.ts'
import { ZooKeeperClient } from '../../src/zookeeper/client.ts'
import { ZooKeeperServer } from '../../src/zookeeper/server.ts'

const platform = nodePlatform()
let directory = ''
let server: ZooKeeperServer
let admin: HttpListener
let client: ZooKeeperClient

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ottla-zookeeper-admin-'))
  server = await ZooKeeperServer.start({
    platform,
    logger: silentLogger,
    directory,
    listeners: [{ host: '127.0.0.1', port: 0 }],
    fourLetterWords: ['*'],
  })
  admin = await startAdminServer(
    { host: '127.0.0.1', port: 0 },
    {
      path: '/commands',
      commands: commandNames(),
      answer: (command) => server.answerCommand(command),
    },
  )
  client = await ZooKeeperClient.connect({
    platform,
    logger: silentLogger,
    connect: `127.0.0.1:${server.ports[0]}`,
    sessionTimeoutMs: 10_000,
    connectionTimeoutMs: 5_000,
  })
  await client.create('/watched', Buffer.from('x'))
  await client.create('/mine', null, { ephemeral: true })
  await client.get('/watched', { watch: true })
})

after(async () => {
  await client.close()
  await admin[Symbol.asyncDispose]()
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

/** What a server that stands alone, and traces nothing, has no answer to. */
const REFUSED = new Map([
  ['leader', 'server is not initialized'],
  ['set_trace_mask', 'nothing is traced here, whatever the mask'],
])

/** Of Apache ZooKeeper 3.8.4, alone. */
const COMMANDS =
  'configuration connection_stat_reset connections dirs dump environment get_trace_mask hash ' +
  'initial_configuration is_read_only last_snapshot leader monitor observer_connection_stat_reset ' +
  'observers ruok server_stats set_trace_mask stat_reset stats system_properties voting_view ' +
  'watch_summary watches watches_by_path zabstate'

async function ask(path: string): Promise<{ status: number; type: string | null; text: string }> {
  const response = await fetch(`http://127.0.0.1:${admin.port}${path}`)
  const type = response.headers.get('content-type')
  return { status: response.status, type, text: await response.text() }
}

async function command(name: string): Promise<Record<string, unknown>> {
  const { status, type, text } = await ask(`/commands/${name}`)
  assert.deepEqual([status, type], [200, 'application/json'])
  const fields: Record<string, unknown> = JSON.parse(text)
  return fields
}

test('the list links to every command, and each answers with its name and no error', async () => {
  const { text, type } = await ask('/commands')
  assert.equal(type, 'text/html')
  assert.equal(commandNames().join(' '), COMMANDS)
  for (const name of commandNames()) {
    assert.ok(text.includes(`<a href="/commands/${name}">${name}</a>`), name)
    const fields = await command(name)
    const error = REFUSED.get(name) ?? null
    assert.deepEqual([fields['command'], fields['error']], [name, error])
  }
})

test('configuration, connections, dump, monitor and watches tell of the server', async () => {
  const configuration = await command('conf')
  assert.equal(configuration['client_port'], server.ports[0])
  assert.equal(configuration['data_dir'], `${directory}/version-2`)
  assert.equal(configuration['tick_time'], 2000)
  const { connections } = await command('cons')
  assert.ok(Array.isArray(connections))
  assert.equal(connections.length, 1)
  const monitor = await command('mntr')
  assert.deepEqual(
    [monitor['server_state'], monitor['watch_count'], monitor['ephemerals_count']],
    ['standalone', 1, 1],
  )
  const { text } = await ask('/commands/dump')
  assert.match(text, new RegExp(`"${client.sessionId}": \\[\\s+"/mine"`))
  const { text: byPath } = await ask('/commands/watches_by_path')
  assert.match(byPath, new RegExp(`"/watched": \\[\\s+${client.sessionId}\\s`))
  const { num_total_watches: watches } = await command('watch_summary')
  assert.equal(watches, 1)
  const { datadir_size: dataBytes, logdir_size: logBytes } = await command('dirs')
  assert.ok(Number(dataBytes) > 0 && Number(logBytes) > 0)
})

test('an unknown command is named, another path and another method are refused', async () => {
  assert.deepEqual(await command('nothing'), {
    command: 'nothing',
    error: 'Unknown command: nothing',
  })
  const { status } = await ask('/elsewhere')
  assert.equal(status, 404)
  const url = `http://127.0.0.1:${admin.port}/commands/ruok`
  const { status: posted } = await fetch(url, { method: 'POST' })
  assert.equal(posted, 405)
})

test('the four-letter word dirs tells the same', async () => {
  const { datadir_size: dataBytes, logdir_size: logBytes } = await command('dirs')
  const socket = connectTcp(server.ports[0] ?? 0, '127.0.0.1')
  socket.write('dirs')
  let answer = ''
  for await (const chunk of socket) answer += String(chunk)
  assert.equal(answer, `datadir_size: ${Number(dataBytes)}\nlogdir_size: ${Number(logBytes)}\n`)
})

test('packets are counted beyond the end of their connections, until srst', async () => {
  const passing = await ZooKeeperClient.connect({
    platform,
    logger: silentLogger,
    connect: `127.0.0.1:${server.ports[0]}`,
    sessionTimeoutMs: 10_000,
    connectionTimeoutMs: 5_000,
  })
  for (let count = 0; count < 20; count++) await passing.exists('/watched')
  await passing.close()
  const received = async () => Number((await command('monitor'))['packets_received'])
  const before = await received()
  assert.ok(before >= 22, String(before))
  await command('connection_stat_reset')
  assert.ok((await received()) >= before)
  await command('stat_reset')
  assert.ok((await received()) < before)
})
