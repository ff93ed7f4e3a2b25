// The network of a world: bytes in order, and each fault really happens.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Socket } from '../../platform/network.ts'
import { SimulatedWorld } from './simulated-world.ts'

interface Ear {
  readonly socket: Socket
  text: string
  chunks: number
  drains: number
  closed: string | undefined
}

function listenTo(socket: Socket): Ear {
  const ear: Ear = { socket, text: '', chunks: 0, drains: 0, closed: undefined }
  socket.listen({
    onData(chunk) {
      ear.text += chunk.toString('latin1')
      ear.chunks++
    },
    onDrain() {
      ear.drains++
    },
    onClose(error) {
      ear.closed = error === undefined ? 'in order' : error.message.split(':')[0]
    },
  })
  return ear
}

async function pair(seed: number) {
  const world = new SimulatedWorld({ seed })
  const ears: Ear[] = []
  const b = world.machine('b').platform
  await b.network.listen({ port: 9092 }, (socket) => ears.push(listenTo(socket)))
  const a = world.machine('a').platform
  const options = { host: 'b', port: 9092, timeoutMs: 1000 }
  const connect = () => a.clock.resolve(a.network.connect(options), 5000)
  const client = listenTo(await connect())
  await world.time.settle()
  const server = ears[0]
  assert.ok(server !== undefined)
  return { world, links: world.network.links, client, server, connect, ears }
}

test('bytes arrive in order, in pieces and late, the same in every run', async () => {
  const run = async (seed: number): Promise<[string, number, number]> => {
    const { world, links, client, server } = await pair(seed)
    links.fragments = true
    links.delay({ minMs: 1, maxMs: 50 })
    for (let index = 0; index < 20; index++) client.socket.write([Buffer.from(`message ${index};`)])
    await world.time.advanceUntil(() => server.text.endsWith('19;'), 1000)
    return [server.text, server.chunks, world.time.nowMs]
  }
  const [text, chunks, endMs] = await run(7)
  assert.equal(text, Array.from({ length: 20 }, (_, index) => `message ${index};`).join(''))
  assert.ok(chunks > 30)
  assert.deepEqual(await run(7), [text, chunks, endMs])
  assert.notDeepEqual((await run(8)).slice(1), [chunks, endMs])
})

test('a cut holds bytes back in both directions, a one-way cut in one, healing lets them through', async () => {
  const { world, links, client, server, connect } = await pair(1)
  links.cutOneWay('a', 'b')
  client.socket.write([Buffer.from('to b')])
  server.socket.write([Buffer.from('to a')])
  await world.time.advance(100)
  assert.deepEqual([client.text, server.text], ['to a', ''])
  links.cut('a', 'b')
  server.socket.write([Buffer.from('!')])
  await world.time.advance(100)
  assert.equal(client.text, 'to a')
  await assert.rejects(connect(), { code: 'ETIMEDOUT' })
  links.heal()
  await world.time.settle()
  assert.deepEqual([client.text, server.text], ['to a!', 'to b'])
})

test('both ends learn of an orderly close, after the last bytes', async () => {
  const { world, client, server } = await pair(1)
  client.socket.write([Buffer.from('bye')])
  client.socket.end()
  await world.time.settle()
  assert.deepEqual([server.text, server.closed, client.closed], ['bye', 'in order', 'in order'])
  assert.equal(world.network.connectionCount(), 0)
})

test('a reset breaks both ends', async () => {
  const { world, client, server } = await pair(1)
  world.network.reset('a', 'b')
  await world.time.settle()
  assert.deepEqual([client.closed, server.closed], ['ECONNRESET', 'ECONNRESET'])
})

test('a killed process resets its connections and refuses new ones', async () => {
  const { world, client, server, connect } = await pair(1)
  world.machine('b').kill()
  await world.time.settle()
  assert.deepEqual([client.closed, server.closed], ['ECONNRESET', undefined])
  await assert.rejects(connect(), { code: 'ECONNREFUSED' })
})

test('a machine without power leaves its peers half open until it answers again', async () => {
  const { world, client, connect } = await pair(1)
  world.machine('b').powerOff()
  client.socket.write([Buffer.from('anybody?')])
  await world.time.advance(60_000)
  assert.equal(client.closed, undefined)
  await assert.rejects(connect(), { code: 'ETIMEDOUT' })
  assert.ok(world.machine('b').platform)
  await world.time.settle()
  assert.equal(client.closed, 'ECONNRESET')
})

test('a refusing machine, an unknown one and a closed port', async () => {
  const { world, connect } = await pair(1)
  world.network.refuse('b')
  await assert.rejects(connect(), { code: 'ECONNREFUSED' })
  world.network.accept('b')
  await connect()
  const { network } = world.machine('a').platform
  const nobody = network.connect({ host: 'c', port: 1, timeoutMs: 10 })
  await assert.rejects(nobody, { code: 'ENOTFOUND' })
  const closed = network.connect({ host: 'localhost', port: 1, timeoutMs: 10 })
  await assert.rejects(closed, { code: 'ECONNREFUSED' })
})

test('a reader that pauses holds the writer back', async () => {
  const { world, client, server } = await pair(1)
  server.socket.pause()
  const chunk = Buffer.alloc(100_000)
  assert.equal(client.socket.write([chunk]), true)
  assert.equal(client.socket.write([chunk, chunk]), false)
  await world.time.settle()
  assert.deepEqual([server.text.length, client.socket.bufferedBytes], [0, 300_000])
  server.socket.resume()
  await world.time.settle()
  assert.deepEqual([server.text.length, client.socket.bufferedBytes], [300_000, 0])
  assert.equal(client.drains, 1)
})

test('a port can be listened on once', async () => {
  const { network } = new SimulatedWorld({ seed: 1 }).machine('a').platform
  const listener = await network.listen({ port: 0 }, () => {})
  await assert.rejects(
    network.listen({ port: listener.port }, () => {}),
    { code: 'EADDRINUSE' },
  )
  await listener.close()
  await network.listen({ port: listener.port }, () => {})
})
