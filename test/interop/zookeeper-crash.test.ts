// One data directory under our ZooKeeper server and Apache's in turn, each killed in the middle of
// its work: what was acknowledged by the one is there in the other, with access lists, containers,
// nodes with a time to live, sequence numbers and the snapshots of a large tree.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { JarSet } from '../../scripts/kafka-jars.ts'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { ZooKeeperClient, type MultiOp } from '../../src/zookeeper/client.ts'
import { CREATOR_ALL_ACL } from '../../src/zookeeper/protocol.ts'
import { freePort } from '../support/free-port.ts'
import { end, missingKafka, startJava, writeProperties } from '../support/kafka.ts'
import { pause } from '../support/until.ts'
import { ZooKeeperProcess } from '../support/zookeeper-process.ts'

const HOST = '127.0.0.1'
const NODES = 5_000
const LOAD_MS = 1_500
const home = mkdtempSync(join(tmpdir(), 'ottla-zookeeper-crash-'))
const SETTINGS = { snapCount: '1000', tickTime: '500' }

after(() => rmSync(home, { recursive: true, force: true }))

interface Running {
  readonly port: number
  kill(): Promise<void>
}

async function startOurs(directory: string): Promise<Running> {
  const settings = { ...SETTINGS, 'zookeeper.extendedTypesEnabled': 'true' }
  const server = await ZooKeeperProcess.start(directory, settings)
  return { port: server.port, kill: () => server.kill() }
}

async function startTheirs(directory: string, jars: JarSet): Promise<Running> {
  const port = await freePort()
  const files = join(directory, 'theirs')
  mkdirSync(files, { recursive: true })
  const file = join(files, 'zoo.cfg')
  writeProperties(file, {
    dataDir: join(directory, 'data'),
    clientPort: String(port),
    clientPortAddress: HOST,
    'admin.enableServer': 'false',
    ...SETTINGS,
  })
  const types = '-Dzookeeper.extendedTypesEnabled=true'
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'
  const child = startJava(files, 'zookeeper', [types, main, file], jars)
  return { port, kill: () => end(child, 'SIGKILL') }
}

function connect(port: number): Promise<ZooKeeperClient> {
  return ZooKeeperClient.connect({
    platform: nodePlatform(),
    logger: silentLogger,
    connect: `${HOST}:${port}`,
    sessionTimeoutMs: 4_000,
    connectionTimeoutMs: 20_000,
    maxInFlight: 50,
    auth: [{ scheme: 'digest', auth: Buffer.from('user:secret') }],
  })
}

/** A tree large enough for several snapshots, and a node of every kind. */
async function fill(client: ZooKeeperClient): Promise<void> {
  await client.create('/large', null)
  for (let from = 0; from < NODES; from += 100) {
    const ops = Array.from({ length: 100 }, (_, index): MultiOp => ({
      kind: 'create',
      path: `/large/${from + index}`,
      data: Buffer.from(String(from + index)),
    }))
    await client.multi(ops)
  }
  await client.create('/private', Buffer.from('x'), { acl: CREATOR_ALL_ACL })
  await client.create('/container', null, { container: true })
  await client.create('/container/child', null)
  await client.create('/outlived', null, { ttlMs: 600_000_000 })
}

/** Writes until the server is gone; resolves with the values that were acknowledged. */
async function work(
  client: ZooKeeperClient,
  name: string,
  isStopped: () => boolean,
): Promise<number> {
  let acknowledged = -1
  await client.createRecursive(`/work/${name}`)
  await client.create(`/work/${name}/mine`, null, { ephemeral: true })
  for (let value = 0; !isStopped(); value++) {
    try {
      await client.set(`/work/${name}`, Buffer.from(String(value)), value)
      await client.create(`/work/${name}/s-`, null, { sequential: true, acl: CREATOR_ALL_ACL })
      acknowledged = value
    } catch {
      break
    }
  }
  return acknowledged
}

/** Clients at work, and then the server is killed under them. */
async function workAndKill(server: Running, names: readonly string[]): Promise<number[]> {
  const clients = await Promise.all(names.map(() => connect(server.port)))
  let stopped = false
  const working = clients.map((client, index) => work(client, names[index] ?? '', () => stopped))
  await pause(LOAD_MS)
  await server.kill()
  stopped = true
  for (const client of clients) client.abandon()
  return Promise.all(working)
}

async function check(
  server: Running,
  names: readonly string[],
  acknowledged: readonly number[],
): Promise<void> {
  const client = await connect(server.port)
  try {
    assert.equal((await client.children('/large')).length, NODES)
    assert.equal(String((await client.get(`/large/${NODES - 1}`)).data), String(NODES - 1))
    assert.equal(String((await client.get('/private')).data), 'x')
    assert.notEqual(await client.exists('/outlived'), undefined)
    assert.deepEqual(await client.children('/container'), ['child'])
    for (const [index, name] of names.entries()) {
      const last = acknowledged[index] ?? 0
      assert.ok(last > 10, `${name}: ${last} were acknowledged`)
      const found = await client.get(`/work/${name}`)
      const value = Number(found.data)
      assert.ok([last, last + 1].includes(value), `${name}: ${value} after ${last}`)
      assert.equal(found.stat.version, value + 1)
      const made = (await client.children(`/work/${name}`)).filter((one) => one.startsWith('s-'))
      assert.ok([last + 1, last + 2].includes(made.length), `${name}: ${made.length} nodes`)
      // Numbers go on behind the last one, and never come again.
      const { path } = await client.create(`/work/${name}/s-`, null, { sequential: true })
      assert.ok(!made.includes(path.slice(path.lastIndexOf('/') + 1)))
    }
    await untilExpired(client, names)
  } finally {
    await client.close()
  }
}

/** The sessions of the killed clients live on in the directory, and end in time. */
async function untilExpired(client: ZooKeeperClient, names: readonly string[]): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const left = await Promise.all(names.map((name) => client.exists(`/work/${name}/mine`)))
    if (left.every((stat) => stat === undefined)) return
    await pause(100)
  }
  assert.fail('an ephemeral node has outlived its session')
}

for (const [version, jars] of [
  ['3.8', '3.9'],
  ['3.9', 'zookeeper-3.9'],
] as const) {
  const name = `killed under load, our server and Apache ZooKeeper ${version} go on with what the other left`
  test(name, { skip: missingKafka(jars) }, async () => {
    const directory = join(home, version)
    let server = await startOurs(directory)
    try {
      const filler = await connect(server.port)
      await fill(filler)
      filler.abandon()
      for (let round = 0; round < 2; round++) {
        const names = ['a', 'b', 'c'].map((letter) => `${letter}${round}`)
        const acknowledged = await workAndKill(server, names)
        server = round === 0 ? await startTheirs(directory, jars) : await startOurs(directory)
        await check(server, names, acknowledged)
      }
    } finally {
      await server.kill()
    }
  })
}
