// The admin server's commands and the four-letter words beside those of Apache ZooKeeper 3.8: the
// same commands, the same fields, the same lines, but for what only a JVM has to tell.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { commandNames } from '../../src/zookeeper/admin-commands.ts'
import { ZooKeeperClient } from '../../src/zookeeper/client.ts'
import { freePort } from '../support/free-port.ts'
import { end, missingKafka, startJava, writeProperties } from '../support/kafka.ts'
import { until } from '../support/until.ts'
import { ZooKeeperProcess } from '../support/zookeeper-process.ts'

const HOST = '127.0.0.1'
const skip: string | false = missingKafka('3.9')
const directory = mkdtempSync(join(tmpdir(), 'ottla-zookeeper-commands-'))
/** They tell of the process. */
const OWN = new Set(['environment', 'system_properties', 'monitor', 'initial_configuration'])
/** What is not counted here. */
const UNCOUNTED = new Set([
  'client_response_stats',
  'client_response',
  'auth_failed_count',
  'non_mtlsremote_conn_count',
  'non_mtlslocal_conn_count',
  // Of each connection: what it did last, and how long it took.
  'interest_ops',
  'last_cxid',
  'last_latency',
  'last_operation',
  'last_response_time',
  'last_zxid',
  'avg_latency',
  'max_latency',
  'min_latency',
  'outstanding_requests',
])
const WORDS =
  'conf cons crst dirs dump hash isro mntr ruok srst srvr stat wchc wchp wchs orst lsnp nope'.split(
    ' ',
  )

after(() => rmSync(directory, { recursive: true, force: true }))

interface Server {
  readonly port: number
  readonly adminPort: number
}

async function withClient<T>({ port }: Server, run: () => Promise<T>): Promise<T> {
  const client = await ZooKeeperClient.connect({
    platform: nodePlatform(),
    logger: silentLogger,
    connect: `${HOST}:${port}`,
    sessionTimeoutMs: 10_000,
    connectionTimeoutMs: 20_000,
  })
  await client.create('/e', null, { ephemeral: true })
  await client.get('/e', { watch: true })
  try {
    return await run()
  } finally {
    await client.close()
  }
}

async function command({ adminPort }: Server, name: string): Promise<Record<string, unknown>> {
  const response = await fetch(`http://${HOST}:${adminPort}/commands/${name}`)
  return (await response.json()) as Record<string, unknown>
}

/** Names of fields, those of objects within as well. */
function fieldsOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return fieldsOf(value[0], `${path}[]`)
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value)
    .filter(([name]) => !UNCOUNTED.has(name))
    .flatMap(([name, inner]) =>
      fieldsOf(inner, /^(\d+|0x\w+)$/.test(name) ? path : `${path}.${name}`),
    )
    .toSorted((left, right) => (left < right ? -1 : 1))
}

async function word({ port }: Server, text: string): Promise<string> {
  const socket = connectTcp(port, HOST)
  socket.on('error', () => {})
  socket.write(text)
  let answer = ''
  for await (const chunk of socket) answer += String(chunk)
  return answer
}

/** Lines in some order, without numbers and dates, and without what is not counted here. */
function steady(text: string): string[] {
  return text
    .replaceAll(/^\d+ expire at .*\n/gm, '')
    .replaceAll(/,lop=\w+|,l?\w*(lat|cxid|zxid|resp)=\w+/g, '')
    .replaceAll(/Zookeeper version: .*/g, 'Zookeeper version')
    .replaceAll(/(Dir|=\/).*\/version-2/g, '$1')
    .replaceAll(/0x[1-9a-f]\w*/g, 'X')
    .replaceAll(/\d+(\.\d+)?/g, 'N')
    .split('\n')
    .toSorted((left, right) => (left < right ? -1 : 1))
}

async function compare(theirs: Server, ours: Server): Promise<void> {
  const list = await (await fetch(`http://${HOST}:${theirs.adminPort}/commands`)).text()
  const names = [...list.matchAll(/commands\/(\w+)"/g)].map(([, name]) => name)
  assert.deepEqual(commandNames(), names)
  for (const name of commandNames().filter((one) => !OWN.has(one))) {
    const fields = await Promise.all([theirs, ours].map((server) => command(server, name)))
    const [expected, found] = fields.map((one) => fieldsOf(one))
    assert.deepEqual(found, expected, name)
  }
  const statistics = await Promise.all([theirs, ours].map((server) => command(server, 'monitor')))
  const [known = {}, told = {}] = statistics
  assert.deepEqual(
    Object.keys(told).filter((name) => !(name in known)),
    [],
  )
  for (const text of WORDS.filter((one) => one !== 'mntr')) {
    const [expected, found] = await Promise.all([theirs, ours].map((server) => word(server, text)))
    assert.deepEqual(steady(found ?? ''), steady(expected ?? ''), text)
  }
}

test('both servers have the same commands, fields and words', { skip }, async () => {
  const adminPort = await freePort()
  const settings = {
    'admin.enableServer': 'true',
    'admin.serverAddress': HOST,
    '4lw.commands.whitelist': '*',
  }
  const ours = await ZooKeeperProcess.start(join(directory, 'ours'), {
    ...settings,
    'admin.serverPort': String(adminPort),
  })
  const theirs = { port: await freePort(), adminPort: await freePort() }
  mkdirSync(join(directory, 'theirs'))
  const file = join(directory, 'theirs', 'zoo.cfg')
  writeProperties(file, {
    ...settings,
    dataDir: join(directory, 'theirs', 'data'),
    clientPort: String(theirs.port),
    clientPortAddress: HOST,
    'admin.serverPort': String(theirs.adminPort),
  })
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'
  const java = startJava(join(directory, 'theirs'), 'zookeeper', [main, file])
  try {
    const isUp = () =>
      command(theirs, 'ruok').then(
        () => true,
        () => false,
      )
    await until(isUp, 'the admin server of Apache ZooKeeper', 30_000)
    const own = { port: ours.port, adminPort }
    await withClient(theirs, () => withClient(own, () => compare(theirs, own)))
  } finally {
    await end(java, 'SIGKILL')
    await ours.kill()
  }
})
