// ZooKeeper over TLS: our client and our server, every kind of key store, and what must be refused.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { readKeyStore } from '../../src/platform/key-store/key-store.ts'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { ZooKeeperClient } from '../../src/zookeeper/client.ts'
import { CREATOR_ALL_ACL } from '../../src/zookeeper/protocol.ts'
import { ZooKeeperServer } from '../../src/zookeeper/server.ts'

const FIXTURES = join(import.meta.dirname, '..', 'fixtures', 'tls')
const platform = nodePlatform()

function store(name: string) {
  const { privateKey, certificates } = readKeyStore(
    name,
    readFileSync(join(FIXTURES, name)),
    'secret1',
  )
  return { privateKey, certificates: certificates.join('') }
}

const own = store('key-store.p12')
const trusted = [store('trust-store.jks').certificates]

let directory = ''
let server: ZooKeeperServer
let port = 0

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ottla-zookeeper-tls-'))
  const tls = { ...own, trusted, clientCertificate: 'wanted' } as const
  server = await ZooKeeperServer.start({
    platform,
    logger: silentLogger,
    directory,
    listeners: [{ host: '0.0.0.0', port: 0, tls }],
  })
  port = server.ports[0] ?? 0
})

after(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

type Tls = NonNullable<Parameters<typeof platform.network.connect>[0]['tls']>

function connect(tls: Tls | undefined, host = '127.0.0.1'): Promise<ZooKeeperClient> {
  return ZooKeeperClient.connect({
    platform,
    logger: silentLogger,
    connect: `${host}:${port}`,
    sessionTimeoutMs: 6_000,
    connectionTimeoutMs: 1_000,
    openHost: (address, timeoutMs) => platform.network.connect({ ...address, timeoutMs, tls }),
  })
}

test('a client that trusts the server works, by address and by name', async () => {
  for (const host of ['127.0.0.1', 'localhost']) {
    const client = await connect({ trusted, checkHostName: true }, host)
    await client.createRecursive(`/tls/${host}`, Buffer.alloc(100_000, 7))
    const { data } = await client.get(`/tls/${host}`)
    assert.deepEqual(data, Buffer.alloc(100_000, 7))
    await client.close()
  }
})

test('a client is known by its certificate, and may be the only one to read', async () => {
  const known = await connect({ ...own, trusted, checkHostName: true })
  const identities = await known.whoAmI()
  assert.deepEqual(
    identities.filter(({ scheme }) => scheme === 'x509'),
    [{ scheme: 'x509', user: 'CN=localhost' }],
  )
  await known.create('/mine', Buffer.from('x'), { acl: CREATOR_ALL_ACL })
  const stranger = await connect({ trusted, checkHostName: true })
  await assert.rejects(stranger.get('/mine'), { name: 'NOAUTH' })
  const { data } = await known.get('/mine')
  assert.equal(data?.toString(), 'x')
  await Promise.all([known.close(), stranger.close()])
})

test('a server that is not believed, and a port that speaks TLS only, answer nobody', async () => {
  await assert.rejects(connect({ checkHostName: true }), {
    name: 'CONNECTIONLOSS',
    message: /within 1000 ms \(.*self-signed certificate.*\)$/s,
  })
  await assert.rejects(connect(undefined), { name: 'CONNECTIONLOSS' })
})

test('row 110: a name in the certificate is no help to an address that is not in it', async () => {
  // Whoever answers for the address backwards may call it localhost.
  const elsewhere = '127.0.0.2'
  const refused = connect({ trusted, checkHostName: true }, elsewhere)
  await assert.rejects(refused, { name: 'CONNECTIONLOSS' })
  const unchecked = await connect({ trusted, checkHostName: false }, elsewhere)
  await unchecked.close()
})
