// Sessions, access lists and connections over crashes and cuts. Named after the rows of the
// reliability list where there is one; those about the members of an ensemble among each other
// (rows 90, 91 and 108) have nothing here to be tried on, for this server stands alone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../telemetry/logger.ts'
import { SimulatedWorld } from '../testing/simulated/simulated-world.ts'
import { ZooKeeperClient } from './client.ts'
import type { ClientOptions } from './client.ts'
import type { Acl } from './protocol.ts'
import { ZooKeeperServer } from './server.ts'
import type { ServerOptions } from './server.ts'

function setup(changed: Partial<ServerOptions> = {}, seed = 7) {
  const world = new SimulatedWorld({ seed })
  world.network.links.delay({ minMs: 5, maxMs: 5 })
  const machine = world.machine('zk')
  const app = world.machine('app').platform
  const start = (): Promise<ZooKeeperServer> =>
    ZooKeeperServer.start({
      platform: machine.platform,
      logger: silentLogger,
      directory: '/zk',
      tickTimeMs: 500,
      preAllocateBytes: 4096,
      listeners: [{ host: 'zk', port: 2181 }],
      ...changed,
    })
  const connect = (more: Partial<ClientOptions> = {}): Promise<ZooKeeperClient> =>
    app.clock.resolve(
      ZooKeeperClient.connect({
        platform: app,
        logger: silentLogger,
        connect: 'zk:2181',
        sessionTimeoutMs: 4000,
        connectionTimeoutMs: 10_000,
        ...more,
      }),
    )
  return { world, machine, app, clock: app.clock, start, connect }
}

for (const seed of [1, 2, 3, 4]) {
  test(`row 95: sessions end once, in time, and take their nodes along over crashes (seed ${seed})`, async () => {
    const { world, machine, clock, start, connect } = setup({ snapCount: 10 }, seed)
    let server = await start()
    const elsewhere = world.machine('elsewhere').platform
    const observer = await connect({ platform: elsewhere, sessionTimeoutMs: 10_000 })
    const gone = new Map<string, number>()
    observer.onWatch(({ type, path }) => {
      if (type === 'deleted') gone.set(path, (gone.get(path) ?? 0) + 1)
    })
    const owners: ZooKeeperClient[] = []
    for (let index = 0; index < 6; index++) {
      const owner = await connect()
      await clock.resolve(owner.create(`/e${index}`, null, { ephemeral: true }))
      await clock.resolve(observer.exists(`/e${index}`, { watch: true }))
      owners.push(owner)
    }
    for (const [index, owner] of owners.entries()) {
      owner.abandon()
      // Around the end of a session the power goes, so that its last entry may be lost.
      await clock.advance(index * 700)
      assert.ok(!gone.has(`/e${index}`), 'a session lives as long as it was promised')
      machine.platform.disk.faults.crashAt(machine.platform.disk.faults.steps + index)
      await clock.advance(2500)
      machine.powerOff()
      server = await start()
      await clock.advance(300)
    }
    await clock.advance(20_000)
    assert.deepEqual(gone, new Map(owners.map((_, index) => [`/e${index}`, 1])))
    assert.deepEqual(await clock.resolve(observer.children('/')), ['zookeeper'])
    await server.close()
  })
}

test('row 94: access lists are those of the last change after any snapshot and replay', async () => {
  const { machine, clock, start, connect } = setup({ snapCount: 15 })
  await start()
  const client = await connect()
  const listOf = (number: number): Acl[] => [
    { perms: 31, scheme: 'world', id: 'anyone' },
    { perms: number % 32, scheme: 'digest', id: `user${number}:x` },
  ]
  const lists = new Map<string, Acl[]>()
  for (let round = 0; round < 60; round++) {
    const path = `/n${(round * 7) % 11}`
    const acl = listOf(round % 13)
    const isThere = lists.has(path)
    if (isThere && round % 5 === 0) {
      await clock.resolve(client.delete(path))
      lists.delete(path)
      continue
    }
    // Several lists come and go while a snapshot is being written.
    if (isThere) await clock.resolve(client.setAcl(path, acl))
    else await clock.resolve(client.create(path, null, { acl }))
    lists.set(path, acl)
  }
  machine.powerOff()
  await start()
  const again = await connect()
  for (const [path, acl] of lists) {
    assert.deepEqual((await clock.resolve(again.getAcl(path))).acl, acl, path)
  }
  const names = await clock.resolve(again.children('/'))
  assert.equal(names.length, lists.size + 1)
})

test('a session that goes on elsewhere leaves its old connection without rights', async () => {
  const { world, clock, start, connect } = setup()
  await start()
  const first = await connect()
  await clock.resolve(first.create('/mine', null, { ephemeral: true }))
  const states: string[] = []
  first.onState((state) => {
    states.push(state)
    first.abandon()
  })
  const platform = world.machine('elsewhere').platform
  const second = await connect({ session: first.session, platform })
  await clock.advance(100)
  assert.ok(second.resumed)
  assert.equal(states[0], 'disconnected')
  await assert.rejects(first.set('/mine', null), { name: 'CONNECTIONLOSS' })
  await clock.advance(20_000)
  const stat = await clock.resolve(second.exists('/mine'))
  assert.equal(stat?.ephemeralOwner, second.sessionId)
})

test('a client that connects and says nothing, or half a frame, is let go', async () => {
  const { app, clock, start, connect } = setup()
  const server = await start()
  const closed: string[] = []
  for (const said of ['', '\0\0\0\x2d\0\0']) {
    const socket = await clock.resolve(
      app.network.connect({ host: 'zk', port: 2181, timeoutMs: 1000 }),
    )
    const onClose = (): void => {
      closed.push(said)
    }
    socket.listen({ onData: () => undefined, onDrain: () => undefined, onClose })
    if (said !== '') socket.write([Buffer.from(said)])
  }
  await clock.advance(9000)
  assert.deepEqual(closed, [])
  await clock.advance(2000)
  assert.equal(closed.length, 2)
  await clock.resolve((await connect()).create('/served', null))
  assert.equal(server.lastZxid, 2)
})

test('a peer that has vanished without a word loses its session, and the server its connection', async () => {
  const { world, clock, start, connect } = setup()
  const server = await start()
  const observer = await connect({ platform: world.machine('elsewhere').platform })
  const client = await connect()
  await clock.resolve(client.create('/e', null, { ephemeral: true }))
  world.network.links.cut('app', 'zk')
  await clock.advance(20_000)
  assert.equal(await clock.resolve(observer.exists('/e')), undefined)
  const { connections } = JSON.parse(server.answerCommand('connections')) as {
    connections: unknown[]
  }
  assert.equal(connections.length, 1)
})

test('a multi whose reply was lost is done again only for who says that it does no harm', async () => {
  const { world, clock, start, connect } = setup()
  await start()
  const client = await connect()
  await clock.resolve(client.create('/v', null))
  const ops = [{ kind: 'set', path: '/v', data: Buffer.from('x') }] as const
  const outcomes: string[] = []
  for (const retryWhenLost of [false, true]) {
    const changing = client.multi(ops, { retryWhenLost }).then(
      ([result]) => outcomes.push(result?.kind ?? ''),
      (error: Error) => outcomes.push(error.name),
    )
    // There, and not yet back.
    await clock.advance(6)
    world.network.reset('app', 'zk')
    await clock.advance(300)
    await clock.resolve(changing)
  }
  assert.deepEqual(outcomes, ['CONNECTIONLOSS', 'set'])
  // Both were done before the connection was cut, and the second was done again.
  const { version } = (await clock.resolve(client.get('/v'))).stat
  assert.equal(version, 3)
})
