// The server seen by clients, on simulated disk and time: order, sessions, limits, bad input.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Socket } from '../platform/network.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { simulatedPlatform } from '../testing/simulated/simulated-world.ts'
import type { SimulatedPlatform } from '../testing/simulated/simulated-world.ts'
import { digestIdentity } from './access.ts'
import { ZooKeeperClient } from './client.ts'
import type { ClientOptions } from './client.ts'
import { JuteReader, JuteWriter } from './jute.ts'
import { CREATOR_ALL_ACL, OpCode } from './protocol.ts'
import { ZooKeeperServer } from './server.ts'
import type { ServerOptions } from './server.ts'

interface Setup {
  readonly platform: SimulatedPlatform
  readonly server: ZooKeeperServer
  connect(changed?: Partial<ClientOptions>): Promise<ZooKeeperClient>
}

async function setup(changed: Partial<ServerOptions> = {}): Promise<Setup> {
  const platform = simulatedPlatform({ seed: 1 })
  const server = await ZooKeeperServer.start({
    platform,
    logger: silentLogger,
    directory: '/zk',
    tickTimeMs: 1000,
    preAllocateBytes: 4096,
    ...changed,
  })
  const connect = (more: Partial<ClientOptions> = {}): Promise<ZooKeeperClient> =>
    platform.clock.resolve(
      ZooKeeperClient.connect({
        platform,
        logger: silentLogger,
        connect: { open: () => server.connectInProcess() },
        sessionTimeoutMs: 6000,
        connectionTimeoutMs: 1000,
        ...more,
      }),
    )
  return { platform, server, connect }
}

/** A socket whose replies are collected frame by frame. */
class RawClient {
  readonly frames: Buffer[] = []
  readonly socket: Socket
  text = ''
  isClosed = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.listen({
      onData: (chunk) => {
        this.text += chunk.toString('latin1')
        for (let position = 0; position + 4 <= chunk.length;) {
          const length = chunk.readInt32BE(position)
          this.frames.push(chunk.subarray(position + 4, position + 4 + length))
          position += 4 + length
        }
      },
      onDrain: () => undefined,
      onClose: () => {
        this.isClosed = true
      },
    })
  }

  connectRequest(sessionId = 0n, password = Buffer.alloc(16), lastZxid = 0): void {
    const writer = new JuteWriter().int32(0).long(lastZxid).int32(6000).int64(sessionId)
    this.send(writer.bytes(password).bool(false).finish())
  }

  request(xid: number, opCode: number, body: Buffer = Buffer.alloc(0)): void {
    this.send(Buffer.concat([new JuteWriter().int32(xid).int32(opCode).finish(), body]))
  }

  send(frame: Buffer): void {
    this.socket.write([new JuteWriter().int32(frame.length).finish(), frame])
  }

  /** The xids and codes of the replies after the connect response. */
  get replies(): [number, number][] {
    return this.frames.slice(1).map((frame) => [frame.readInt32BE(0), frame.readInt32BE(12)])
  }
}

async function raw({ server, platform }: Setup): Promise<RawClient> {
  const client = new RawClient(await server.connectInProcess())
  client.connectRequest()
  await platform.clock.settle()
  return client
}

function pathBody(path: string, watch?: boolean): Buffer {
  const writer = new JuteWriter().string(path)
  if (watch !== undefined) writer.bool(watch)
  return writer.finish()
}

test('an event comes before the reply that shows its change', async () => {
  const world = await setup()
  const reader = await raw(world)
  const writer = await world.connect()
  await world.platform.clock.resolve(writer.create('/w', null))
  reader.request(1, OpCode.getData, pathBody('/w', true))
  await world.platform.clock.settle()
  const change = writer.set('/w', Buffer.from('new'))
  reader.request(2, OpCode.getData, pathBody('/w', false))
  await world.platform.clock.resolve(change)
  reader.request(3, OpCode.getData, pathBody('/w', false))
  await world.platform.clock.settle()
  const shown = reader.frames.slice(1).map((frame) => {
    const xid = frame.readInt32BE(0)
    return xid === -1 ? 'event' : new JuteReader(frame, 16).bytes()?.toString()
  })
  assert.equal(shown.filter((what) => what === 'event').length, 1)
  assert.ok(shown.indexOf('event') < shown.indexOf('new'))
})

test('row 89: a session that ends takes its ephemeral nodes along, once, and a resumed one keeps them', async () => {
  const world = await setup()
  const { clock } = world.platform
  const observer = await world.connect()
  const events: string[] = []
  observer.onWatch(({ type, path }) => events.push(`${type} ${path}`))
  const owner = await world.connect()
  await clock.resolve(owner.create('/e', null, { ephemeral: true }))
  await clock.resolve(observer.exists('/e', { watch: true }))
  const { session } = owner
  owner.abandon()
  await clock.advance(4000)
  const again = await world.connect({ session })
  assert.ok(again.resumed)
  assert.equal(again.sessionId, session.id)
  await clock.advance(20_000)
  assert.deepEqual(events, [])
  again.abandon()
  await clock.advance(10_000)
  assert.deepEqual(events, ['deleted /e'])
  const late = await world.connect({ session })
  assert.ok(!late.resumed)
  assert.notEqual(late.sessionId, session.id)
})

test('the session of a killed process can be closed by the next one at once', async () => {
  const world = await setup()
  const { clock } = world.platform
  const owner = await world.connect()
  await clock.resolve(owner.create('/brokers', null))
  await clock.resolve(owner.create('/brokers/0', null, { ephemeral: true }))
  const { session } = owner
  owner.abandon()
  const options: ClientOptions & { session: typeof session } = {
    platform: world.platform,
    logger: silentLogger,
    connect: { open: () => world.server.connectInProcess() },
    sessionTimeoutMs: 6000,
    connectionTimeoutMs: 1000,
    session,
  }
  assert.ok(await clock.resolve(ZooKeeperClient.closeSession(options)))
  const next = await world.connect()
  assert.equal(await clock.resolve(next.exists('/brokers/0')), undefined)
})

test('row 27: a wrong password looks like an expired session, and harms nobody', async () => {
  const world = await setup()
  const { clock } = world.platform
  const owner = await world.connect()
  const thief = new RawClient(await world.server.connectInProcess())
  thief.connectRequest(owner.sessionId, Buffer.alloc(16, 1))
  await clock.settle()
  const [answer] = thief.frames
  assert.ok(answer)
  assert.equal(answer.readInt32BE(4), 0)
  assert.ok(thief.isClosed)
  assert.equal(owner.state, 'connected')
  await clock.resolve(owner.create('/still', null))
})

test('row 97: rights belong to a connection, and nothing is done after the session was closed', async () => {
  const world = await setup()
  const { clock } = world.platform
  const owner = await world.connect({ auth: [{ scheme: 'digest', auth: Buffer.from('u:p') }] })
  await clock.resolve(owner.create('/mine', Buffer.from('x'), { acl: CREATOR_ALL_ACL }))
  assert.deepEqual((await clock.resolve(owner.getAcl('/mine'))).acl, [
    { perms: 31, scheme: 'digest', id: digestIdentity('u:p') },
  ])
  const stranger = await world.connect()
  await assert.rejects(clock.resolve(stranger.get('/mine')), { name: 'NOAUTH' })
  const closing = await raw(world)
  closing.request(1, OpCode.closeSession)
  const create = new JuteWriter().string('/late').bytes(null).int32(1).int32(31)
  create.string('world').string('anyone').int32(0)
  closing.request(2, OpCode.create, create.finish())
  await clock.settle()
  assert.deepEqual(closing.replies, [[1, 0]])
  assert.ok(closing.isClosed)
  assert.equal(await clock.resolve(owner.exists('/late')), undefined)
})

test('row 109: watches tell nobody of nodes that he may not read', async () => {
  const world = await setup()
  const { clock } = world.platform
  const owner = await world.connect({ auth: [{ scheme: 'digest', auth: Buffer.from('a:b') }] })
  const stranger = await world.connect()
  const events: string[] = []
  stranger.onWatch(({ type, path }) => events.push(`${type} ${path}`))
  await clock.resolve(owner.create('/open', null))
  await clock.resolve(owner.create('/secret', null, { acl: CREATOR_ALL_ACL }))
  await clock.resolve(stranger.addWatch('/', 'recursive'))
  await clock.resolve(stranger.addWatch('/secret', 'persistent'))
  await clock.resolve(stranger.exists('/secret/child', { watch: true }))
  await clock.resolve(owner.create('/secret/child', null, { acl: CREATOR_ALL_ACL }))
  await clock.resolve(owner.set('/secret', Buffer.from('x')))
  await clock.resolve(owner.delete('/secret/child'))
  await clock.resolve(owner.set('/open', Buffer.from('x')))
  await clock.resolve(stranger.sync('/'))
  assert.deepEqual(events, ['dataChanged /open'])
})

test('row 23: a frame that is too large, or lies about its lengths, costs its connection at most', async () => {
  const world = await setup({ maxFrameBytes: 1000 })
  const { clock } = world.platform
  const large = await raw(world)
  large.socket.write([new JuteWriter().int32(1001).finish()])
  const lying = await raw(world)
  lying.request(1, OpCode.getData, new JuteWriter().int32(0x7000_0000).finish())
  lying.request(2, OpCode.exists, pathBody('/', false))
  const unknown = await raw(world)
  unknown.request(1, 77)
  await clock.settle()
  assert.ok(large.isClosed)
  assert.deepEqual(lying.replies, [
    [1, -5],
    [2, 0],
  ])
  assert.deepEqual(unknown.replies, [[1, -6]])
  assert.ok(unknown.isClosed)
})

test('rows 24 and 107: only four-letter words of the whitelist are carried out', async () => {
  const world = await setup({ fourLetterWords: ['ruok'] })
  const ask = async (word: string): Promise<string> => {
    const client = new RawClient(await world.server.connectInProcess())
    client.socket.write([Buffer.from(word)])
    await world.platform.clock.settle()
    assert.ok(client.isClosed)
    return client.text
  }
  assert.equal(await ask('ruok'), 'imok')
  assert.equal(await ask('wchp'), 'wchp is not executed because it is not in the whitelist.\n')
})

test('row 25: bad paths are bad arguments', async () => {
  const world = await setup()
  const client = await raw(world)
  const paths = ['relative', '/a//b', '/a/./b', '/a/../b', '/a\0', '/a/', '/\ud800', '/zookeeper']
  for (const [index, path] of paths.entries()) {
    const writer = new JuteWriter().string(path)
    if (path === '/zookeeper') {
      client.request(index, OpCode.delete, writer.int32(-1).finish())
      continue
    }
    writer.bytes(null).int32(1).int32(31).string('world').string('anyone').int32(0)
    client.request(index, OpCode.create, writer.finish())
  }
  await world.platform.clock.settle()
  // A parent that is not there is looked for before the rest of the path is read.
  const codes = new Map(client.replies.map(([xid, code]) => [paths[xid], code]))
  assert.deepEqual(
    [...codes].filter(([, code]) => code !== -8),
    [
      ['/a//b', -101],
      ['/a/./b', -101],
      ['/a/../b', -101],
      ['/a/', -101],
    ],
  )
})

test('row 30: a session with more ephemeral nodes than fit into one entry is closed and stays closed', async () => {
  const world = await setup({ maxFrameBytes: 2000 })
  const { clock, disk } = world.platform
  const owner = await world.connect()
  const created = Array.from({ length: 100 }, (_, index) =>
    owner.create(`/a-rather-long-name-of-a-node-${index}`, null, { ephemeral: true }),
  )
  await clock.resolve(Promise.all(created))
  await clock.resolve(owner.close())
  await world.server.close()
  disk.kill()
  const server = await ZooKeeperServer.start({
    platform: world.platform,
    logger: silentLogger,
    directory: '/zk',
  })
  const client = await clock.resolve(
    ZooKeeperClient.connect({
      platform: world.platform,
      logger: silentLogger,
      connect: { open: () => server.connectInProcess() },
      sessionTimeoutMs: 6000,
      connectionTimeoutMs: 1000,
    }),
  )
  assert.deepEqual(await clock.resolve(client.children('/')), ['zookeeper'])
})

test('row 28: one address gets so many connections and no more', async () => {
  const world = await setup({ listeners: [{ port: 2181 }], maxClientConnections: 2 })
  const { clock, network } = world.platform
  const clients: RawClient[] = []
  for (let index = 0; index < 3; index++) {
    const options = { host: 'localhost', port: 2181, timeoutMs: 1000 }
    clients.push(new RawClient(await clock.resolve(network.connect(options))))
  }
  await clock.advance(100)
  assert.deepEqual(
    clients.map((client) => client.isClosed),
    [false, false, true],
  )
})

test('row 28: all addresses together get so many connections, and not all at a time', async () => {
  const world = await setup({
    listeners: [{ host: 'localhost', port: 2181 }],
    maxConnections: 3,
    throttle: { tokens: 2, fillCount: 1, fillTimeMs: 1000 },
  })
  const { clock, network } = world.platform
  const open = async (): Promise<RawClient> => {
    const socket = await clock.resolve(
      network.connect({ host: 'localhost', port: 2181, timeoutMs: 1000 }),
    )
    const client = new RawClient(socket)
    client.connectRequest()
    await clock.advance(20)
    return client
  }
  const clients = [await open(), await open(), await open()]
  assert.deepEqual(
    clients.map(({ isClosed }) => isClosed),
    [false, false, true],
  )
  await clock.advance(1000)
  const late = await open()
  assert.equal(late.isClosed, false)
  await clock.advance(1000)
  assert.equal((await open()).isClosed, true)
})

test('row 92: when the log fails nothing unsafe is acknowledged, and the server ends', async () => {
  const world = await setup()
  const { clock, disk } = world.platform
  const client = await world.connect()
  let failure: Error | undefined
  world.server.onFailure((error) => {
    failure = error
  })
  await clock.resolve(client.create('/x', null))
  disk.failNext('sync', 'EIO')
  const outcome = clock.resolve(client.set('/x', null)).catch((error: Error) => error.name)
  assert.equal(await outcome, 'CONNECTIONLOSS')
  assert.ok(failure)
  await assert.rejects(world.server.connectInProcess(), /has ended/)
})

test('containers go when they have been emptied', async () => {
  const world = await setup({ containerCheckMs: 5000 })
  const { clock } = world.platform
  const client = await world.connect()
  await clock.resolve(client.create('/locks', null, { container: true }))
  await clock.advance(6000)
  assert.ok(await clock.resolve(client.exists('/locks')))
  await clock.resolve(client.create('/locks/1', null))
  await clock.resolve(client.delete('/locks/1'))
  await clock.advance(6000)
  assert.equal(await clock.resolve(client.exists('/locks')), undefined)
})

test('persistent watches stay, recursive ones hear of everything below', async () => {
  const world = await setup()
  const { clock } = world.platform
  const client = await world.connect()
  const events: string[] = []
  client.onWatch(({ type, path }) => events.push(`${type} ${path}`))
  await clock.resolve(client.create('/p', null))
  await clock.resolve(client.addWatch('/p', 'recursive'))
  await clock.resolve(client.create('/p/a', null))
  await clock.resolve(client.create('/p/a/b', null))
  await clock.resolve(client.set('/p/a', Buffer.from('x')))
  await clock.resolve(client.deleteRecursive('/p/a'))
  assert.deepEqual(events, [
    'created /p/a',
    'created /p/a/b',
    'dataChanged /p/a',
    'deleted /p/a/b',
    'deleted /p/a',
  ])
  await clock.resolve(client.removeWatches('/p'))
  await clock.resolve(client.set('/p', Buffer.from('x')))
  assert.equal(events.length, 5)
  await assert.rejects(clock.resolve(client.removeWatches('/p')), { name: 'NOWATCHER' })
})
