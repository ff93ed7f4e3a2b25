// The embedded ZooKeeper server over TCP, driven by node-zookeeper-client, which knows nothing of us.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { ZooKeeperServer } from '../../src/zookeeper/server.ts'

interface Failure {
  getCode(): number
}
type Done<T extends unknown[]> = (error: Failure | null, ...results: T) => void
interface TheirStat {
  version: number
  cversion: number
  numChildren: number
  ephemeralOwner: Buffer
}
interface TheirEvent {
  getName(): string
  getPath(): string
}
interface TheirTransaction {
  create(path: string, data?: Buffer): TheirTransaction
  setData(path: string, data: Buffer, version?: number): TheirTransaction
  check(path: string, version?: number): TheirTransaction
  remove(path: string, version?: number): TheirTransaction
  commit(done: Done<[{ type: number; path?: string; err?: number }[]]>): void
}
interface TheirClient {
  connect(): void
  close(): void
  once(event: string, listener: () => void): void
  getSessionId(): Buffer
  addAuthInfo(scheme: string, auth: Buffer): void
  create(path: string, data: Buffer | null, mode: number, done: Done<[string]>): void
  create(path: string, data: Buffer | null, acl: unknown, mode: number, done: Done<[string]>): void
  mkdirp(path: string, done: Done<[string]>): void
  remove(path: string, version: number, done: Done<[]>): void
  exists(path: string, watcher: ((event: TheirEvent) => void) | null, done: Done<[TheirStat]>): void
  getChildren(
    path: string,
    watcher: ((event: TheirEvent) => void) | null,
    done: Done<[string[], TheirStat]>,
  ): void
  getData(
    path: string,
    watcher: ((event: TheirEvent) => void) | null,
    done: Done<[Buffer, TheirStat]>,
  ): void
  setData(path: string, data: Buffer, version: number, done: Done<[TheirStat]>): void
  transaction(): TheirTransaction
}
interface Library {
  createClient(connect: string, options?: object): TheirClient
  CreateMode: Record<'PERSISTENT' | 'EPHEMERAL' | 'PERSISTENT_SEQUENTIAL', number>
  Exception: Record<'NO_NODE' | 'NODE_EXISTS' | 'BAD_VERSION' | 'NOT_EMPTY' | 'NO_AUTH', number>
  ACL: { CREATOR_ALL_ACL: unknown }
}

const library = createRequire(import.meta.url)('node-zookeeper-client') as Library
const { CreateMode, Exception } = library

let directory = ''
let server: ZooKeeperServer

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ottla-zookeeper-'))
  server = await ZooKeeperServer.start({
    platform: nodePlatform(),
    logger: silentLogger,
    directory,
    tickTimeMs: 200,
    listeners: [{ host: '127.0.0.1', port: 0 }],
  })
})

after(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

async function connected(run: (client: TheirClient) => Promise<void>): Promise<void> {
  const client = library.createClient(`127.0.0.1:${server.ports[0]}`, { sessionTimeout: 4000 })
  await new Promise<void>((resolve) => {
    client.once('connected', resolve)
    client.connect()
  })
  try {
    await run(client)
  } finally {
    client.close()
  }
}

/** Their callbacks as promises: the results, or the code of the failure. */
function result<T extends unknown[]>(call: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, ...results) => {
      if (error === null) resolve(results)
      else reject(Object.assign(new Error('refused'), { code: error.getCode() }))
    })
  })
}

function event(ask: (watcher: (event: TheirEvent) => void) => void): Promise<string> {
  return new Promise((resolve) => {
    ask((seen) => resolve(`${seen.getName()} ${seen.getPath()}`))
  })
}

test('creates, reads, changes and removes nodes', () =>
  connected(async (client) => {
    const [path] = await result<[string]>((done) =>
      client.create('/crud', Buffer.from('one'), CreateMode.PERSISTENT, done),
    )
    assert.equal(path, '/crud')
    const [stat] = await result<[TheirStat]>((done) =>
      client.setData('/crud', Buffer.from('two'), 0, done),
    )
    assert.equal(stat.version, 1)
    const [data] = await result<[Buffer, TheirStat]>((done) => client.getData('/crud', null, done))
    assert.equal(data.toString(), 'two')
    await assert.rejects(
      result((done) => client.setData('/crud', Buffer.from('x'), 0, done)),
      { code: Exception.BAD_VERSION },
    )
    await result((done) => client.mkdirp('/crud/a/b', done))
    await assert.rejects(
      result((done) => client.remove('/crud', -1, done)),
      { code: Exception.NOT_EMPTY },
    )
    const [names, parent] = await result<[string[], TheirStat]>((done) =>
      client.getChildren('/crud', null, done),
    )
    assert.deepEqual(names, ['a'])
    assert.equal(parent.cversion, 1)
    await assert.rejects(
      result((done) => client.getData('/nothing', null, done)),
      { code: Exception.NO_NODE },
    )
  }))

test('numbers sequential nodes in their order', () =>
  connected(async (client) => {
    await result((done) => client.mkdirp('/queue', done))
    const paths: string[] = []
    for (let index = 0; index < 3; index++) {
      const [path] = await result<[string]>((done) =>
        client.create('/queue/item-', null, CreateMode.PERSISTENT_SEQUENTIAL, done),
      )
      paths.push(path)
    }
    assert.deepEqual(paths, [
      '/queue/item-0000000000',
      '/queue/item-0000000001',
      '/queue/item-0000000002',
    ])
  }))

test('fires one-shot watches once, with the right event', () =>
  connected(async (client) => {
    await result((done) => client.mkdirp('/watched', done))
    const created = event((watcher) => client.exists('/watched/new', watcher, () => {}))
    const children = event((watcher) => client.getChildren('/watched', watcher, () => {}))
    await result((done) => client.create('/watched/new', null, CreateMode.PERSISTENT, done))
    assert.equal(await created, 'NODE_CREATED /watched/new')
    assert.equal(await children, 'NODE_CHILDREN_CHANGED /watched')
    const changed = event((watcher) => client.getData('/watched/new', watcher, () => {}))
    await result((done) => client.setData('/watched/new', Buffer.from('x'), -1, done))
    assert.equal(await changed, 'NODE_DATA_CHANGED /watched/new')
    const deleted = event((watcher) => client.getData('/watched/new', watcher, () => {}))
    await result((done) => client.remove('/watched/new', -1, done))
    assert.equal(await deleted, 'NODE_DELETED /watched/new')
  }))

test('a transaction is done whole or not at all', () =>
  connected(async (client) => {
    const [results] = await result<[{ type: number }[]]>((done) =>
      client
        .transaction()
        .create('/tx')
        .setData('/tx', Buffer.from('1'))
        .check('/tx', 1)
        .create('/tx/child')
        .remove('/tx/child')
        .commit(done),
    )
    assert.equal(results.length, 5)
    await assert.rejects(
      result((done) => client.transaction().remove('/tx').create('/tx/orphan').commit(done)),
      { code: Exception.NO_NODE },
    )
    const [stat] = await result<[TheirStat]>((done) => client.exists('/tx', null, done))
    assert.equal(stat.version, 1)
  }))

test('an ephemeral node goes with its session', () =>
  connected(async (client) => {
    const gone = connected(async (owner) => {
      await result((done) => owner.create('/ephemeral', null, CreateMode.EPHEMERAL, done))
      const [stat] = await result<[TheirStat]>((done) => client.exists('/ephemeral', null, done))
      assert.deepEqual(stat.ephemeralOwner, owner.getSessionId())
    })
    await gone
    const [stat] = await result<[TheirStat | null]>((done) =>
      client.exists('/ephemeral', null, done as Done<[TheirStat]>),
    )
    if (stat !== null) {
      const deleted = event((watcher) => client.exists('/ephemeral', watcher, () => {}))
      assert.equal(await deleted, 'NODE_DELETED /ephemeral')
    }
  }))

test('access lists keep strangers out', () =>
  connected(async (owner) => {
    owner.addAuthInfo('digest', Buffer.from('user:secret'))
    await result((done) =>
      owner.create(
        '/private',
        Buffer.from('x'),
        library.ACL.CREATOR_ALL_ACL,
        CreateMode.PERSISTENT,
        done,
      ),
    )
    await connected(async (stranger) => {
      await assert.rejects(
        result((done) => stranger.getData('/private', null, done)),
        { code: Exception.NO_AUTH },
      )
      stranger.addAuthInfo('digest', Buffer.from('user:secret'))
      await result((done) => stranger.getData('/private', null, done))
    })
  }))
