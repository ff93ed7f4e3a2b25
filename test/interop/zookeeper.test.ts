// Apache ZooKeeper 3.8 and ours: each goes on with the other's data directory, and our client works
// with both. Skips where Java or its jars are missing.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { kafkaJars } from '../../scripts/kafka-jars.ts'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { ZooKeeperClient } from '../../src/zookeeper/client.ts'
import { CREATOR_ALL_ACL } from '../../src/zookeeper/protocol.ts'
import { ZooKeeperServer } from '../../src/zookeeper/server.ts'

const OUR_PORT = 21060
const THEIR_PORT = 21061
const jars = kafkaJars('3.9')
const skip = jars.missing === undefined ? false : `missing: ${jars.missing}`
const platform = nodePlatform()

let directory = ''

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ottla-zookeeper-interop-'))
})

after(() => rm(directory, { recursive: true, force: true }))

async function withOurs<T>(
  dataDir: string,
  run: (client: ZooKeeperClient) => Promise<T>,
): Promise<T> {
  const server = await ZooKeeperServer.start({
    platform,
    logger: silentLogger,
    directory: dataDir,
    listeners: [{ host: '127.0.0.1', port: OUR_PORT }],
  })
  try {
    return await withClient(OUR_PORT, run)
  } finally {
    await server.close()
  }
}

async function withTheirs<T>(
  dataDir: string,
  run: (client: ZooKeeperClient) => Promise<T>,
): Promise<T> {
  const config = join(directory, 'zoo.cfg')
  await writeFile(
    config,
    `dataDir=${dataDir}\nclientPort=${THEIR_PORT}\nclientPortAddress=127.0.0.1\n` +
      'admin.enableServer=false\n',
  )
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'
  const server = java([main, config])
  try {
    return await withClient(THEIR_PORT, run)
  } finally {
    const ended = once(server, 'exit')
    server.kill('SIGKILL')
    await ended
  }
}

function java(args: readonly string[]): ChildProcess {
  return spawn('java', ['-Xmx128M', '-cp', jars.classPath ?? '', ...args], { stdio: 'ignore' })
}

async function withClient<T>(
  port: number,
  run: (client: ZooKeeperClient) => Promise<T>,
): Promise<T> {
  const client = await ZooKeeperClient.connect({
    platform,
    logger: silentLogger,
    connect: `127.0.0.1:${port}`,
    sessionTimeoutMs: 10_000,
    connectionTimeoutMs: 20_000,
    auth: [{ scheme: 'digest', auth: Buffer.from('user:secret') }],
  })
  try {
    return await run(client)
  } finally {
    await client.close()
  }
}

/** Everything that clients can see, without the order in which children are listed. */
async function dump(client: ZooKeeperClient, path = '/'): Promise<unknown[]> {
  const { data, stat } = await client.get(path)
  const { acl } = await client.getAcl(path)
  const seen: unknown[] = [[path, data?.toString() ?? null, { ...stat }, acl]]
  for (const name of (await client.children(path)).toSorted()) {
    seen.push(...(await dump(client, path === '/' ? `/${name}` : `${path}/${name}`)))
  }
  return seen
}

async function fill(client: ZooKeeperClient, name: string): Promise<unknown[]> {
  const root = `/${name}`
  await client.create(root, Buffer.from(name))
  for (let index = 0; index < 5; index++)
    await client.create(`${root}/s-`, null, { sequential: true })
  await client.delete(`${root}/s-0000000002`)
  await client.set(root, Buffer.from('changed'), 0)
  await client.create(`${root}/private`, Buffer.from('x'), { acl: CREATOR_ALL_ACL })
  await client.setAcl(`${root}/s-0000000001`, CREATOR_ALL_ACL)
  await client.create(`${root}/container`, null, { container: true })
  await client.create(`${root}/gone`, null, { ephemeral: true })
  await client.multi([
    { kind: 'create', path: `${root}/m`, data: Buffer.from('1') },
    { kind: 'set', path: `${root}/m`, data: Buffer.from('2'), version: 0 },
    { kind: 'check', path: root, version: 1 },
  ])
  await client.multi([{ kind: 'create', path: root, data: null }])
  await client.delete(`${root}/gone`)
  return dump(client)
}

test(
  'Apache ZooKeeper goes on with our data directory, and we with what it left',
  { skip },
  async () => {
    const dataDir = join(directory, 'ours-first')
    const ours = await withOurs(dataDir, (client) => fill(client, 'ours'))
    const theirs = await withTheirs(dataDir, async (client) => {
      assert.deepEqual(await dump(client), ours)
      return fill(client, 'theirs')
    })
    await withOurs(dataDir, async (client) => {
      assert.deepEqual(await dump(client), theirs)
      const { path } = await client.create('/theirs/s-', null, { sequential: true })
      assert.equal(path, '/theirs/s-0000000009')
    })
  },
)

test('both answer the same requests in the same way', { skip }, async () => {
  const timeless = (seen: unknown[]): string =>
    JSON.stringify(seen, (key, value: unknown) => {
      if (typeof value === 'bigint') return 'session'
      return /^[cmp](zxid|time)$/.test(key) ? undefined : value
    })
  const ours = await withOurs(join(directory, 'same-ours'), (client) => fill(client, 'same'))
  const theirs = await withTheirs(join(directory, 'same-theirs'), (client) => fill(client, 'same'))
  assert.equal(timeless(ours), timeless(theirs))
})

test("Java's shell works on our server", { skip }, async () => {
  const dataDir = join(directory, 'shell')
  await withOurs(dataDir, async (client) => {
    await client.createRecursive('/brokers/ids')
    const main = 'org.apache.zookeeper.ZooKeeperMainWithTlsSupportForKafka'
    const shell = spawn(
      'java',
      ['-cp', jars.classPath ?? '', main, '-server', `127.0.0.1:${OUR_PORT}`, 'ls', '/brokers'],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    )
    let output = ''
    shell.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    const [code] = await once(shell, 'exit')
    assert.equal(code, 0)
    assert.match(output, /^\[ids\]$/m)
  })
})
