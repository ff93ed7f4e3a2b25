// Brokers that must not join: each says in one sentence why, and leaves ZooKeeper as it was. Apache
// Kafka 3.9 refuses the same.
import assert from 'node:assert/strict'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { silentLogger, type Logger } from '../../src/telemetry/logger.ts'
import { startBroker, type TestBroker } from '../../src/testing/start-broker.ts'
import { ZooKeeperClient } from '../../src/zookeeper/client.ts'
import { ZooKeeperServer } from '../../src/zookeeper/server.ts'

let directory = ''
let server: ZooKeeperServer
let client: ZooKeeperClient
let first: TestBroker

before(async () => {
  const platform = nodePlatform()
  directory = await mkdtemp(join(tmpdir(), 'ottla-registration-'))
  const listeners = [{ host: '127.0.0.1', port: 0 }]
  const settings = { platform, logger: silentLogger }
  server = await ZooKeeperServer.start({
    ...settings,
    directory: join(directory, 'zookeeper'),
    listeners,
  })
  client = await ZooKeeperClient.connect({
    ...settings,
    connect: `127.0.0.1:${server.ports[0]}`,
    sessionTimeoutMs: 10_000,
    connectionTimeoutMs: 5_000,
  })
  first = await startBroker({
    directory: join(directory, 'first'),
    settings: { 'broker.id': '1', 'zookeeper.connect': `127.0.0.1:${server.ports[0]}` },
  })
})

after(async () => {
  await first.stop()
  await client.close()
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

/** What /brokers/ids and its children hold. */
async function registrations() {
  const ids = (await client.children('/brokers/ids')).toSorted()
  return Promise.all(
    ids.map(async (id) => {
      const { data, stat } = await client.get(`/brokers/ids/${id}`)
      return [id, data?.toString(), stat.czxid, stat.version]
    }),
  )
}

/** Starts a broker that is to be refused; answers the reason. */
async function refusedStart(
  settings: Readonly<Record<string, string>>,
  place = `refused-${settings['broker.id']}`,
): Promise<string> {
  const known = await registrations()
  const complaints: string[] = []
  const logger: Logger = {
    ...silentLogger,
    warn: (message) => complaints.push(message),
    error: (message) => complaints.push(message),
    named: () => logger,
  }
  const start = startBroker({
    directory: join(directory, place),
    logger,
    settings: { 'zookeeper.connect': `127.0.0.1:${server.ports[0]}`, ...settings },
  })
  const reason = await start.then(
    async (broker) => {
      await broker.stop()
      return undefined
    },
    (error: unknown) => error,
  )
  assert.ok(reason instanceof Error, 'the broker has started')
  // The command prints the reason, which is then the only line.
  assert.deepEqual(complaints, [])
  assert.doesNotMatch(reason.message, /\n/)
  assert.deepEqual(await registrations(), known)
  return reason.message
}

test('an endpoint that another broker advertises', async () => {
  const taken = `127.0.0.1:${first.port}`
  const reason = await refusedStart({
    'broker.id': '2',
    listeners: 'PLAINTEXT://127.0.0.1:0,OTHER://127.0.0.1:0',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,OTHER:PLAINTEXT',
    'advertised.listeners': `PLAINTEXT://127.0.0.1:1,OTHER://${taken}`,
  })
  assert.equal(
    reason,
    `Configured end points ${taken} in advertised listeners are already registered by broker 1`,
  )
})

test('the id of a broker that runs', async () => {
  assert.match(await refusedStart({ 'broker.id': '1' }, 'second'), /broker id 1 is in use/)
})

test('the log directories of another cluster', async () => {
  await using other = await startBroker({
    directory: join(directory, 'other'),
    settings: { 'broker.id': '3', 'zookeeper.connect': `127.0.0.1:${server.ports[0]}/other` },
  })
  const { clusterId } = other.broker
  await cp(join(directory, 'other'), join(directory, 'refused-3'), {
    recursive: true,
    filter: (path) => !path.endsWith('.ottla-session') && !path.endsWith('.lock'),
  })
  const reason = await refusedStart({ 'broker.id': '3' })
  assert.ok(reason.includes(clusterId) && reason.includes(first.broker.clusterId), reason)
})
