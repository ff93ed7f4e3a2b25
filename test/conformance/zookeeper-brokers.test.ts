// Brokers on a ZooKeeper server that others use too: chroots, access lists, TLS, and a session that
// ends under the broker.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { readKeyStore } from '../../src/platform/key-store/key-store.ts'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { startBroker } from '../../src/testing/start-broker.ts'
import { ZooKeeperClient } from '../../src/zookeeper/client.ts'
import { ZooKeeperServer } from '../../src/zookeeper/server.ts'
import { runTool } from '../support/run-tool.ts'
import { until } from '../support/until.ts'

const FIXTURES = join(import.meta.dirname, '..', 'fixtures', 'tls')
const AUTH = 'broker:secret'
const platform = nodePlatform()
const CLIENT = {
  platform,
  logger: silentLogger,
  sessionTimeoutMs: 10_000,
  connectionTimeoutMs: 5_000,
}

let directory = ''
let server: ZooKeeperServer

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ottla-zookeeper-brokers-'))
  const path = join(FIXTURES, 'key-store.p12')
  const { privateKey, certificates } = readKeyStore(path, readFileSync(path), 'secret1')
  const tls = {
    privateKey,
    certificates: certificates.join(''),
    trusted: certificates,
    clientCertificate: 'needed',
  } as const
  const host = '127.0.0.1'
  server = await ZooKeeperServer.start({
    platform,
    logger: silentLogger,
    directory,
    listeners: [
      { host, port: 0 },
      { host, port: 0, tls },
    ],
  })
})

after(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

function at(chroot = '', port = server.ports[0]): string {
  return `127.0.0.1:${port}${chroot}`
}

function connect(options: Partial<Parameters<typeof ZooKeeperClient.connect>[0]> = {}) {
  return ZooKeeperClient.connect({ ...CLIENT, connect: at(), ...options })
}

async function createTopic(bootstrap: string, topic: string): Promise<void> {
  const args = ['topics', '--bootstrap-server', bootstrap, '--create', '--topic', topic]
  const { exitCode, stderr } = await runTool(args)
  assert.equal(exitCode, 0, stderr)
}

test('clusters under two chroots, which are made, know nothing of each other', async () => {
  await using left = await startBroker({
    settings: { 'zookeeper.connect': at('/deep/er/pipeline') },
  })
  await using right = await startBroker({ settings: { 'zookeeper.connect': at('/orders') } })
  await createTopic(left.bootstrap, 'left')
  await createTopic(right.bootstrap, 'right')
  assert.notEqual(left.broker.clusterId, right.broker.clusterId)
  const client = await connect()
  const names = (await client.children('/')).toSorted()
  assert.deepEqual(names, ['deep', 'orders', 'zookeeper'])
  assert.deepEqual(await client.children('/deep/er/pipeline/brokers/topics'), ['left'])
  assert.deepEqual(await client.children('/orders/brokers/topics'), ['right'])
  await client.close()
})

test('zookeeper.set.acl: nodes are their creator’s, readable unless they are secret', async () => {
  const settings = {
    'zookeeper.connect': at('/secure'),
    'zookeeper.set.acl': 'true',
    'ottla.zookeeper.auth': AUTH,
  }
  await using broker = await startBroker({ settings })
  await createTopic(broker.bootstrap, 'orders')
  const owner = await connect({ auth: [{ scheme: 'digest', auth: Buffer.from(AUTH) }] })
  const all = 31
  const creator = `${all} digest broker`
  const expected = {
    '/secure': [creator, '1 world anyone'],
    '/secure/brokers/ids/1': [creator, '1 world anyone'],
    '/secure/brokers/topics/orders/partitions/0/state': [creator, '1 world anyone'],
    '/secure/controller': [creator, '1 world anyone'],
    '/secure/controller_epoch': [creator, '1 world anyone'],
    '/secure/config/topics/orders': [creator, '1 world anyone'],
    '/secure/config/users': [creator],
    '/secure/config/brokers': [creator],
    '/secure/consumers': [`${all} world anyone`],
  }
  const seen: Record<string, string[]> = {}
  for (const path of Object.keys(expected)) {
    const { acl } = await owner.getAcl(path)
    seen[path] = acl.map(({ perms, scheme, id }) => `${perms} ${scheme} ${id.split(':')[0]}`)
  }
  assert.deepEqual(seen, expected)
  const stranger = await connect()
  await stranger.get('/secure/brokers/topics/orders')
  await assert.rejects(stranger.set('/secure/controller_epoch', null), { name: 'NOAUTH' })
  await assert.rejects(stranger.children('/secure/config/users'), { name: 'NOAUTH' })
  await Promise.all([owner.close(), stranger.close()])
})

test('zookeeper.set.acl without an identity is refused, and the refusal says what to set', async () => {
  const settings = { 'zookeeper.connect': at('/nobody'), 'zookeeper.set.acl': 'true' }
  await assert.rejects(
    startBroker({ settings }),
    /zookeeper\.set\.acl=true.*ottla\.zookeeper\.auth/,
  )
})

test('a broker is known to its embedded server by a JAAS file with both sections', async () => {
  const file = join(directory, 'jaas.conf')
  const module = 'org.apache.zookeeper.server.auth.DigestLoginModule required'
  const user = `Client { ${module} username="kafka" password="secret"; };`
  await writeFile(file, `${user}\nServer { ${module} user_kafka="secret"; };`)
  const settings = {
    'zookeeper.set.acl': 'true',
    'ottla.jaas.file': file,
    'ottla.zookeeper.listeners': '127.0.0.1:0',
  }
  {
    await using broker = await startBroker({ settings })
    const client = await connect({ connect: `127.0.0.1:${broker.broker.zookeeperPorts[0]}` })
    const { acl } = await client.getAcl('/brokers/ids/1')
    assert.deepEqual(acl[0], { perms: 31, scheme: 'sasl', id: 'kafka' })
    await client.close()
  }
  await writeFile(file, `${user}\nServer { ${module} user_kafka="another"; };`)
  await assert.rejects(startBroker({ settings }), /does not know whom the JAAS file names/)
  await writeFile(file, user)
  await assert.rejects(startBroker({ settings }), /zookeeper\.set\.acl=true/)
  await writeFile(file, 'Client {')
  await assert.rejects(
    startBroker({ settings }),
    /jaas\.conf: after \{, a login module is expected/,
  )
})

test('a broker over TLS is known by its certificate', async () => {
  const settings = {
    'zookeeper.connect': at('/tls', server.ports[1]),
    'zookeeper.set.acl': 'true',
    'zookeeper.ssl.client.enable': 'true',
    'zookeeper.clientCnxnSocket': 'org.apache.zookeeper.ClientCnxnSocketNetty',
    'zookeeper.ssl.keystore.location': join(FIXTURES, 'key-store.p12'),
    'zookeeper.ssl.keystore.password': 'secret1',
    'zookeeper.ssl.truststore.location': join(FIXTURES, 'trust-store.jks'),
    'zookeeper.ssl.truststore.password': 'secret1',
  }
  await using broker = await startBroker({ settings })
  await createTopic(broker.bootstrap, 'over-tls')
  const client = await connect()
  const { acl } = await client.getAcl('/tls/brokers/topics/over-tls')
  assert.deepEqual(acl, [
    { perms: 31, scheme: 'x509', id: 'CN=localhost' },
    { perms: 1, scheme: 'world', id: 'anyone' },
  ])
  await client.close()
})

test('a broker whose session has ended registers again, is elected again, and works', async () => {
  const logs = join(directory, 'expiring')
  await using broker = await startBroker({
    directory: logs,
    settings: { 'zookeeper.connect': at('/expiring') },
  })
  const watcher = await connect({ connect: at('/expiring') })
  const ownerOf = async (path: string) => (await watcher.exists(path))?.ephemeralOwner ?? 0n
  await createTopic(broker.bootstrap, 'before')
  const sessionId = await ownerOf('/brokers/ids/1')
  assert.equal(await ownerOf('/controller'), sessionId)
  const epochBefore = Number((await watcher.get('/controller_epoch')).data)
  // Whoever knows the session may end it, as a server does that has not heard of it for too long.
  const [, id = '', password = ''] =
    /^(\w+) (\w+)/.exec(await readFile(join(logs, 'logs', '.ottla-session'), 'utf8')) ?? []
  const session = { id: BigInt(`0x${id}`), password: Buffer.from(password, 'hex') }
  await ZooKeeperClient.closeSession({ ...CLIENT, connect: at('/expiring'), session })
  const renewed = async () => {
    const owner = await ownerOf('/brokers/ids/1')
    return owner !== 0n && owner !== sessionId && (await ownerOf('/controller')) === owner
  }
  await until(renewed, 'a registration in a new session')
  assert.equal(Number((await watcher.get('/controller_epoch')).data), epochBefore + 1)
  await createTopic(broker.bootstrap, 'after')
  const producer = ['console-producer', '--bootstrap-server', broker.bootstrap, '--topic', 'before']
  const { exitCode, stderr } = await runTool(producer, 'one\n')
  assert.deepEqual([exitCode, stderr], [0, ''])
  await watcher.close()
})
