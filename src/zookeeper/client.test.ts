// The client against servers that go away: what it asks again, what it refuses to guess.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../telemetry/logger.ts'
import { SimulatedWorld } from '../testing/simulated/simulated-world.ts'
import type { SimulatedPlatform } from '../testing/simulated/simulated-world.ts'
import { ZooKeeperClient } from './client.ts'
import type { ClientOptions } from './client.ts'
import { parseConnectString } from './connect-string.ts'
import { ZooKeeperError } from './errors.ts'
import { ZooKeeperServer } from './server.ts'

interface Setup {
  readonly world: SimulatedWorld
  readonly app: SimulatedPlatform
  start(name?: string): Promise<ZooKeeperServer>
  connect(changed?: Partial<ClientOptions>): Promise<ZooKeeperClient>
}

function setup(): Setup {
  const world = new SimulatedWorld({ seed: 3 })
  world.network.links.delay({ minMs: 5, maxMs: 5 })
  const app = world.machine('app').platform
  const start = (name = 'zk'): Promise<ZooKeeperServer> =>
    ZooKeeperServer.start({
      platform: world.machine(name).platform,
      logger: silentLogger,
      directory: '/zk',
      tickTimeMs: 500,
      preAllocateBytes: 4096,
      listeners: [{ host: name, port: 2181 }],
    })
  const connect = (changed: Partial<ClientOptions> = {}): Promise<ZooKeeperClient> =>
    app.clock.resolve(
      ZooKeeperClient.connect({
        platform: app,
        logger: silentLogger,
        connect: 'zk:2181',
        sessionTimeoutMs: 6000,
        connectionTimeoutMs: 3000,
        ...changed,
      }),
    )
  return { world, app, start, connect }
}

/** Lets the request reach the server, and cuts the connection before the reply comes back. */
async function loseReply({ world, app }: Setup): Promise<void> {
  await app.clock.advance(6)
  world.network.reset('app', 'zk')
  await app.clock.advance(300)
}

test('row 89: a create whose reply was lost is recognised as its own', async () => {
  const world = setup()
  await world.start()
  const client = await world.connect()
  for (const options of [{ ephemeral: true }, {}]) {
    const path = options.ephemeral === true ? '/ephemeral' : '/persistent'
    const creating = client.create(path, Buffer.from('x'), options)
    await loseReply(world)
    const { stat } = await world.app.clock.resolve(creating)
    assert.equal(stat.version, 0)
    await assert.rejects(world.app.clock.resolve(client.create(path, Buffer.from('x'), options)), {
      name: 'NODEEXISTS',
    })
  }
})

test('a conditional set whose reply was lost is recognised by version and content', async () => {
  const world = setup()
  await world.start()
  const client = await world.connect()
  await world.app.clock.resolve(client.create('/v', null))
  const setting = client.set('/v', Buffer.from('mine'), 0)
  await loseReply(world)
  assert.equal((await world.app.clock.resolve(setting)).version, 1)
})

test('what cannot be asked twice rejects as lost', async () => {
  const world = setup()
  await world.start()
  const client = await world.connect()
  const lost = [
    client.create('/s-', null, { sequential: true }),
    client.set('/', null),
    client.multi([{ kind: 'create', path: '/m', data: null }]),
  ].map((promise) => promise.then(String, (error: Error) => error.name))
  await loseReply(world)
  assert.deepEqual(await Promise.all(lost), Array(3).fill('CONNECTIONLOSS'))
  const names = await world.app.clock.resolve(client.children('/'))
  assert.deepEqual(names.toSorted(), ['m', 's-0000000000', 'zookeeper'])
})

test('the session goes on over another connection, with its watches', async () => {
  const world = setup()
  await world.start()
  const { clock } = world.app
  const client = await world.connect()
  const other = await world.connect({ platform: world.world.machine('elsewhere').platform })
  const states: string[] = []
  const events: string[] = []
  client.onState((state) => states.push(state))
  client.onWatch(({ type, path }) => events.push(`${type} ${path}`))
  for (const path of ['/data', '/children']) await clock.resolve(other.create(path, null))
  await clock.resolve(client.get('/data', { watch: true }))
  await clock.resolve(client.children('/children', { watch: true }))
  await clock.resolve(client.exists('/new', { watch: true }))
  await clock.resolve(client.exists('/later', { watch: true }))
  const { sessionId } = client
  world.world.network.links.cut('app', 'zk')
  const writing = [
    other.set('/data', Buffer.from('x')),
    other.create('/children/1', null),
    other.create('/new', null),
  ]
  await clock.resolve(Promise.all(writing))
  assert.equal(events.length, 0)
  await clock.advance(5200)
  world.world.network.links.heal()
  await clock.advance(1000)
  assert.equal(client.sessionId, sessionId)
  assert.deepEqual(states, ['disconnected', 'connected'])
  assert.deepEqual(events.toSorted(), [
    'childrenChanged /children',
    'created /new',
    'dataChanged /data',
  ])
  await clock.resolve(other.create('/later', null))
  await clock.advance(100)
  assert.equal(events.at(-1), 'created /later')
  assert.equal(events.length, 4)
})

test('row 22: after an expiry the client says so, refuses, and begins anew when told to', async () => {
  const world = setup()
  await world.start()
  const { clock } = world.app
  const client = await world.connect()
  const states: string[] = []
  client.onState((state) => states.push(state))
  await clock.resolve(client.create('/e', null, { ephemeral: true }))
  const before = client.sessionId
  world.world.network.links.cut('app', 'zk')
  await clock.advance(20_000)
  world.world.network.links.heal()
  await clock.advance(10_000)
  assert.deepEqual(states, ['disconnected', 'expired'])
  await assert.rejects(client.get('/'), { name: 'SESSIONEXPIRED' })
  await clock.resolve(client.renew())
  assert.notEqual(client.sessionId, before)
  assert.equal(await clock.resolve(client.exists('/e')), undefined)
  await clock.resolve(client.create('/e', null, { ephemeral: true }))
})

test('another host is tried when one does not answer, and none is an error in time', async () => {
  const world = setup()
  await world.start('zk2')
  const client = await world.connect({ connect: 'zk1:2181,zk2:2181,zk3:2181' })
  assert.equal(client.state, 'connected')
  await assert.rejects(world.connect({ connect: 'zk1:2181,zk3:2181' }), (error: unknown) => {
    assert.ok(error instanceof ZooKeeperError)
    assert.match(error.message, /no ZooKeeper answers at zk1:2181,zk3:2181 within 3000 ms/)
    return true
  })
})

test('a chroot is a world of its own', async () => {
  const world = setup()
  await world.start()
  const { clock } = world.app
  const plain = await world.connect()
  await clock.resolve(plain.createRecursive('/pipe/line'))
  const client = await world.connect({ connect: 'zk:2181/pipe/line' })
  const events: string[] = []
  client.onWatch(({ type, path }) => events.push(`${type} ${path}`))
  await clock.resolve(client.children('/', { watch: true }))
  const created = await clock.resolve(client.create('/a', null, { sequential: true }))
  assert.equal(created.path, '/a0000000000')
  const results = await clock.resolve(client.multi([{ kind: 'create', path: '/b', data: null }]))
  assert.equal(results[0]?.kind === 'create' && results[0].path, '/b')
  assert.deepEqual(events, ['childrenChanged /'])
  assert.deepEqual((await clock.resolve(plain.children('/pipe/line'))).toSorted(), [
    'a0000000000',
    'b',
  ])
  await clock.resolve(client.deleteRecursive('/b'))
  await clock.resolve(client.createRecursive('/c/d/e', Buffer.from('x')))
  await clock.resolve(client.createRecursive('/c/d/e', Buffer.from('y')))
  assert.equal(String((await clock.resolve(client.get('/c/d/e'))).data), 'x')
})

test('no more is in flight than allowed, and answers keep their order', async () => {
  const world = setup()
  await world.start()
  const client = await world.connect({ maxInFlight: 2 })
  await world.app.clock.resolve(client.create('/n', null))
  const versions: number[] = []
  const begin = world.app.clock.monotonicMs()
  const setting = Array.from({ length: 10 }, () =>
    client.set('/n', null).then(({ version }) => versions.push(version)),
  )
  await world.app.clock.resolve(Promise.all(setting))
  assert.deepEqual(versions, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  assert.ok(world.app.clock.monotonicMs() - begin >= 50)
})

test('connect strings', () => {
  assert.deepEqual(parseConnectString('a:1,b,[::1]:3/x/y'), {
    hosts: [
      { host: 'a', port: 1 },
      { host: 'b', port: 2181 },
      { host: '::1', port: 3 },
    ],
    chroot: '/x/y',
  })
  assert.equal(parseConnectString('a:1/').chroot, '')
  for (const bad of ['', '/x', 'a:0', 'a:70000', 'a:b', 'a:1/x//y', 'a:1/x/']) {
    assert.throws(() => parseConnectString(bad), Error, bad)
  }
})
