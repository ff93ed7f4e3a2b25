// Listeners and their connections in a simulated world: what a peer sees on the wire.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Socket } from '../platform/network.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { Metrics } from '../telemetry/metrics.ts'
import { Seeded } from '../testing/simulated/seeded.ts'
import { SimulatedWorld } from '../testing/simulated/simulated-world.ts'
import type { AuthenticationExchange } from './authenticator.ts'
import { UNLIMITED } from './connection-limits.ts'
import { type Endpoint, Listeners, type ListenersOptions } from './listener.ts'
import { publishNetworkMetrics } from './network-metrics.ts'
import type { RequestContext } from './request-context.ts'
import type { RefusalReason } from './traffic.ts'

/** A peer that sends requests of header version 1 and keeps the answers. */
class Peer {
  readonly socket: Socket
  received = Buffer.alloc(0)
  chunks = 0
  closed = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.listen({
      onData: (chunk) => {
        this.received = Buffer.concat([this.received, chunk])
        this.chunks += 1
      },
      onDrain() {},
      onClose: () => {
        this.closed = true
      },
    })
  }

  send(...correlationIds: number[]): void {
    this.socket.write([Buffer.concat(correlationIds.map((id) => requestFrame(id)))])
  }

  /** Correlation ids of the answers, in order of arrival. */
  get answers(): number[] {
    const ids: number[] = []
    for (let at = 0; at + 8 <= this.received.length; at += 4 + this.received.readInt32BE(at)) {
      ids.push(this.received.readInt32BE(at + 4))
    }
    return ids
  }
}

function requestFrame(correlationId: number, body = Buffer.from('body'), apiKey = 0): Buffer {
  const header = Buffer.alloc(17)
  header.writeInt32BE(13 + body.length, 0)
  header.writeInt16BE(apiKey, 4)
  header.writeInt16BE(9, 6)
  header.writeInt32BE(correlationId, 8)
  header.writeInt16BE(3, 12)
  header.write('app', 14)
  return Buffer.concat([header, body])
}

function answerTo(request: RequestContext, bytes = 0, throttleTimeMs = 0): void {
  const head = Buffer.alloc(8)
  head.writeInt32BE(request.correlationId, 4)
  request.reply(bytes === 0 ? [head] : [head, Buffer.alloc(bytes)], throttleTimeMs)
}

const KNOWN_KEY = 0

function endpoint(listenerName: string, port: number): Endpoint {
  return { listenerName, securityProtocol: 'PLAINTEXT', host: '', port }
}

async function start(
  handler: (request: RequestContext) => void,
  options: Partial<ListenersOptions> = {},
) {
  const world = new SimulatedWorld({ seed: 1 })
  const { platform } = world.machine('b')
  const listeners = await Listeners.bind({
    platform,
    logger: silentLogger,
    endpoints: [endpoint('PLAINTEXT', 9092)],
    ...options,
  })
  listeners.serve(handler, (apiKey) => (apiKey === KNOWN_KEY ? 1 : -1))
  const connect = async (port = 9092): Promise<Peer> => {
    const client = world.machine('a').platform
    const connecting = client.network.connect({ host: 'b', port, timeoutMs: 1000 })
    const peer = new Peer(await client.clock.resolve(connecting))
    await world.time.settle()
    return peer
  }
  const refusals = (reason: RefusalReason): number =>
    [...listeners.traffic()].reduce((sum, [, t]) => sum + (t.refusals.get(reason) ?? 0), 0)
  return { world, listeners, connect, refusals }
}

test('answers leave in the order of the requests, however they become ready', async () => {
  const requests: RequestContext[] = []
  const { world, connect } = await start((request) => requests.push(request))
  const peer = await connect()
  peer.send(1, 2, 3, 4)
  await world.time.settle()
  assert.deepEqual(
    requests.map((r) => [r.correlationId, r.clientId, r.body.toString('utf8', r.bodyPosition)]),
    [1, 2, 3, 4].map((id) => [id, 'app', 'body']),
  )
  answerTo(requests[2]!)
  answerTo(requests[1]!)
  await world.time.settle()
  assert.deepEqual(peer.answers, [])
  answerTo(requests[0]!)
  await world.time.settle()
  assert.deepEqual(peer.answers, [1, 2, 3])
  requests[3]!.finishWithoutReply()
  peer.send(5)
  await world.time.settle()
  answerTo(requests[4]!)
  await world.time.settle()
  assert.deepEqual(peer.answers, [1, 2, 3, 5])
})

test('answers of one turn leave with one write', async () => {
  const requests: RequestContext[] = []
  const { world, connect } = await start((request) => requests.push(request))
  const peer = await connect()
  peer.send(1, 2, 3)
  await world.time.settle()
  for (const request of requests) answerTo(request)
  await world.time.settle()
  assert.deepEqual([peer.answers, peer.chunks], [[1, 2, 3], 1])
  const { connect: connectToEcho, world: other } = await start((request) => answerTo(request))
  const second = await connectToEcho()
  second.send(1, 2, 3)
  await other.time.settle()
  assert.deepEqual([second.answers, second.chunks], [[1, 2, 3], 1])
})

test('too many unanswered requests hold the connection back, not others', async () => {
  const requests: RequestContext[] = []
  const { world, connect } = await start((request) => requests.push(request), { maxInFlight: 3 })
  const peer = await connect()
  const other = await connect()
  peer.send(1, 2, 3, 4, 5)
  peer.send(6)
  other.send(7)
  await world.time.settle()
  assert.deepEqual(
    requests.map((r) => r.correlationId),
    [1, 2, 3, 7],
  )
  answerTo(requests[0]!)
  answerTo(requests[1]!)
  await world.time.settle()
  assert.deepEqual(
    requests.slice(4).map((r) => r.correlationId),
    [4, 5],
  )
  for (const request of requests.slice(2)) answerTo(request)
  await world.time.settle()
  answerTo(requests.at(-1)!)
  await world.time.settle()
  assert.deepEqual(peer.answers, [1, 2, 3, 4, 5, 6])
})

test('thousands of requests in one chunk are answered at once, in order', async () => {
  const { world, connect } = await start((request) => answerTo(request), { maxInFlight: 4 })
  const peer = await connect()
  const ids = Array.from({ length: 5000 }, (_, index) => index)
  peer.send(...ids)
  await world.time.settle()
  assert.deepEqual(peer.answers, ids)
})

test('a peer that does not read its answers is not read from, until it does', async () => {
  let served = 0
  const { world, connect } = await start((request) => {
    served += 1
    answerTo(request, 20_000)
  })
  const peer = await connect()
  peer.socket.pause()
  const ids = Array.from({ length: 200 }, (_, index) => index)
  for (const id of ids) peer.send(id)
  await world.time.settle()
  assert.ok(served < 80, String(served))
  peer.socket.resume()
  await world.time.settle()
  assert.deepEqual(peer.answers, ids)
})

test('a throttled connection has its answer at once, and is not read until then', async () => {
  const seen: number[] = []
  const { world, connect } = await start((request) => {
    seen.push(request.correlationId)
    answerTo(request, 0, request.correlationId === 1 ? 500 : 0)
  })
  const peer = await connect()
  peer.send(1)
  await world.time.settle()
  assert.deepEqual(peer.answers, [1])
  peer.send(2)
  await world.time.advance(499)
  assert.deepEqual(seen, [1])
  await world.time.advance(2)
  assert.deepEqual(peer.answers, [1, 2])
})

test('bytes that are no request end only their own connection', async () => {
  const requests: RequestContext[] = []
  const { world, connect, refusals } = await start((request) => requests.push(request))
  const good = await connect()
  good.send(1)
  const garbage: [Buffer, RefusalReason][] = [
    [Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'oversized frame'],
    [Buffer.from([0xff, 0xff, 0xff, 0xff]), 'malformed frame'],
    [Buffer.from([0, 0, 0, 2, 1, 1]), 'malformed request'],
    [requestFrame(1, Buffer.from('x'), 99), 'malformed request'],
  ]
  for (const [bytes, reason] of garbage) {
    const before = refusals(reason)
    const peer = await connect()
    peer.socket.write([bytes])
    await world.time.settle()
    assert.ok(peer.closed, reason)
    assert.equal(refusals(reason), before + 1)
  }
  answerTo(requests[0]!)
  await world.time.settle()
  assert.deepEqual([good.answers, good.closed], [[1], false])
})

test('requests before garbage are still answered', async () => {
  const requests: RequestContext[] = []
  const { world, connect } = await start((request) => requests.push(request))
  const peer = await connect()
  peer.send(1)
  peer.socket.write([Buffer.from([0xff, 0xff, 0xff, 0xff])])
  await world.time.settle()
  assert.equal(peer.closed, false)
  answerTo(requests[0]!)
  await world.time.settle()
  assert.deepEqual([peer.answers, peer.closed], [[1], true])
})

test('a handler closes the connection after the answers before, and nothing follows', async () => {
  const requests: RequestContext[] = []
  const { world, connect, listeners } = await start((request) => requests.push(request))
  const peer = await connect()
  peer.send(1, 2, 3)
  await world.time.settle()
  requests[1]!.closeConnection('no')
  answerTo(requests[2]!)
  answerTo(requests[0]!)
  await world.time.settle()
  assert.deepEqual([peer.answers, peer.closed], [[1], true])
  await world.time.settle()
  assert.equal(listeners.connectionCount, 0)
  assert.equal(listeners.queuedBytes, 0)
})

test('memory for requests is bounded over all connections, and given back', async () => {
  const requests: RequestContext[] = []
  const { world, connect, listeners } = await start((request) => requests.push(request), {
    maxRequestBytes: 10_000,
    maxQueuedBytes: 20_000,
  })
  const peers = await Promise.all(Array.from({ length: 10 }, () => connect()))
  for (const peer of peers) peer.socket.write([requestFrame(1, Buffer.alloc(9_000))])
  await world.time.settle()
  assert.equal(requests.length, 3)
  assert.ok(listeners.queuedBytes < 30_000)
  for (let index = 0; index < peers.length; index += 1) {
    answerTo(requests[index]!)
    await world.time.settle()
  }
  assert.ok(peers.every(({ answers }) => answers.length === 1))
  assert.equal(listeners.queuedBytes, 0)
})

test('memory of a connection that goes away comes back when its requests are done', async () => {
  const requests: RequestContext[] = []
  const { world, connect, listeners } = await start((request) => requests.push(request))
  const peer = await connect()
  peer.send(1, 2)
  peer.socket.write([requestFrame(3, Buffer.alloc(5000)).subarray(0, 100)])
  await world.time.settle()
  assert.ok(listeners.queuedBytes > 5000)
  answerTo(requests[1]!)
  peer.socket.destroy()
  await world.time.settle()
  assert.equal(requests[0]!.connection.isClosed, true)
  answerTo(requests[0]!)
  assert.equal(listeners.queuedBytes, 0)
})

test('idle connections are closed, working ones are not', async () => {
  const requests: RequestContext[] = []
  const { world, connect, refusals } = await start((request) => requests.push(request), {
    maxIdleMs: 10_000,
  })
  const idle = await connect()
  const waiting = await connect()
  waiting.send(1)
  await world.time.advance(9_000)
  assert.equal(idle.closed, false)
  await world.time.advance(6_000)
  assert.deepEqual([idle.closed, waiting.closed, refusals('idle')], [true, false, 1])
  answerTo(requests[0]!)
  await world.time.advance(15_000)
  assert.deepEqual([waiting.answers, waiting.closed], [[1], true])
})

test('a request that trickles in ends its connection', async () => {
  const { world, connect, refusals } = await start(() => assert.fail('no request'))
  const peer = await connect()
  const frame = requestFrame(1, Buffer.alloc(1000))
  for (let second = 0; second < 70; second += 1) {
    peer.socket.write([frame.subarray(second, second + 1)])
    await world.time.advance(1000)
  }
  assert.deepEqual([peer.closed, refusals('slow')], [true, 1])
})

test('sockets wait unread until the broker serves', async () => {
  const world = new SimulatedWorld({ seed: 1 })
  const listeners = await Listeners.bind({
    platform: world.machine('b').platform,
    logger: silentLogger,
    endpoints: [endpoint('PLAINTEXT', 9092)],
  })
  assert.equal(listeners.port('PLAINTEXT'), 9092)
  const client = world.machine('a').platform
  const connecting = client.network.connect({ host: 'b', port: 9092, timeoutMs: 1000 })
  const peer = new Peer(await client.clock.resolve(connecting))
  peer.send(1)
  await world.time.settle()
  listeners.serve(
    (request) => answerTo(request),
    () => 1,
  )
  await world.time.settle()
  assert.deepEqual(peer.answers, [1])
  await listeners.close()
  await world.time.settle()
  assert.equal(peer.closed, true)
  await assert.rejects(
    client.clock.resolve(client.network.connect({ host: 'b', port: 9092, timeoutMs: 1000 })),
  )
})

test('connections above the limit wait for a slot, those of one address are closed', async () => {
  const limits = { ...UNLIMITED, maxConnections: 1 }
  const { world, connect, listeners } = await start((request) => answerTo(request), { limits })
  const first = await connect()
  const second = await connect()
  second.send(1)
  await world.time.settle()
  assert.deepEqual(second.answers, [])
  first.socket.destroy()
  await world.time.settle()
  assert.deepEqual(second.answers, [1])
  listeners.updateLimits({ ...UNLIMITED, maxConnectionsPerIp: 1 })
  const third = await connect()
  assert.equal(third.closed, true)
})

test('a broker is let in above the limit, and the least recent client goes', async () => {
  const { connect } = await start((request) => answerTo(request), {
    endpoints: [endpoint('PLAINTEXT', 9092), endpoint('BROKERS', 9093)],
    limits: { ...UNLIMITED, maxConnections: 1, interBrokerListenerName: 'BROKERS' },
  })
  const client = await connect(9092)
  const broker = await connect(9093)
  broker.send(1)
  assert.deepEqual([client.closed, broker.closed], [true, false])
})

test('the first frames go to the authenticator, the next ones to the handler', async () => {
  const served: string[] = []
  const frames: string[] = []
  const exchanges: AuthenticationExchange[] = []
  const { world, connect, refusals } = await start(
    (request) => {
      served.push(request.connection.principal)
      answerTo(request)
    },
    {
      authenticate: () => ({
        maxFrameBytes: 100,
        onFrame(frame, exchange) {
          frames.push(frame.toString('latin1'))
          exchanges.push(exchange)
        },
      }),
    },
  )
  const text = (value: string) => {
    const size = Buffer.alloc(4)
    size.writeInt32BE(value.length, 0)
    return Buffer.concat([size, Buffer.from(value)])
  }
  const peer = await connect()
  peer.socket.write([text('who'), text('me')])
  await world.time.settle()
  // One at a time.
  assert.deepEqual(frames, ['who'])
  exchanges[0]!.reply([Buffer.alloc(8)])
  await world.time.settle()
  assert.deepEqual(frames, ['who', 'me'])
  exchanges[0]!.succeed('User:me', [Buffer.alloc(8)])
  peer.send(9)
  await world.time.settle()
  assert.deepEqual([served, peer.answers], [['User:me'], [0, 0, 9]])

  const liar = await connect()
  liar.socket.write([text('liar')])
  await world.time.settle()
  exchanges.at(-1)!.fail('wrong password', [Buffer.alloc(8)], 100)
  await world.time.advance(99)
  assert.deepEqual([liar.answers, liar.closed], [[], false])
  await world.time.advance(10)
  assert.deepEqual([liar.answers, liar.closed, refusals('authentication')], [[0], true, 1])
})

test('metrics count what passed through each listener', async () => {
  const { world, listeners, connect } = await start((request) => answerTo(request))
  const metrics = new Metrics()
  publishNetworkMetrics(metrics, listeners, world.machine('b').platform.clock)
  const peer = await connect()
  const garbage = await connect()
  peer.send(1, 2)
  garbage.socket.write([Buffer.from('GET / HTTP/1.1')])
  await world.time.advance(1000)
  const text = metrics.render()
  const value = (name: string, labels = 'networkProcessor="0"') =>
    Number(new RegExp(`^${name}{listener="PLAINTEXT",${labels}} (.*)$`, 'm').exec(text)?.[1])
  const prefix = 'kafka_server_socket_server_metrics'
  assert.equal(value(`${prefix}_connection_count`), 1)
  assert.equal(value(`${prefix}_connection_creation_total`), 2)
  assert.equal(value(`${prefix}_request_total`), 2)
  assert.equal(value(`${prefix}_response_total`), 2)
  assert.equal(value(`${prefix}_outgoing_byte_total`), 16)
  assert.equal(value(`${prefix}_request_rate`), 2)
  assert.equal(value('ottla_network_refusals_total', 'reason="oversized frame"'), 1)
  assert.match(text, /requestmetrics_requests_total{request="Produce",version="9"} 2\n/)
  assert.match(text, /requestmetrics_totaltimems_count{request="Produce"} 2\n/)
})

test('fragments and delays change nothing', async () => {
  const { world, connect } = await start((request) => answerTo(request, 3000))
  world.network.links.fragments = true
  world.network.links.delay({ minMs: 1, maxMs: 20 })
  const peer = await connect()
  const ids = Array.from({ length: 100 }, (_, index) => index)
  for (const id of ids) peer.socket.write([requestFrame(id, Buffer.alloc(id * 50))])
  await world.time.advanceUntil(() => peer.answers.length === ids.length, 60_000)
  assert.deepEqual(peer.answers, ids)
})

test('peers that do anything at all leave nothing behind', async () => {
  for (let seed = 1; seed <= 8; seed += 1) {
    const random = new Seeded(seed)
    const below = (limit: number) => random.uint32() % limit
    const pending: RequestContext[] = []
    const finish = (request: RequestContext): void => {
      const way = below(12)
      if (way === 0) request.closeConnection('enough')
      else if (way === 1) request.finishWithoutReply()
      else answerTo(request, below(3) === 0 ? below(200_000) : 0, below(20) === 0 ? below(50) : 0)
    }
    const { world, connect, listeners } = await start(
      (request) => (below(2) === 0 ? finish(request) : pending.push(request)),
      { maxInFlight: 1 + below(5), maxRequestBytes: 20_000, maxQueuedBytes: 50_000 },
    )
    world.network.links.fragments = true
    const peers: Peer[] = []
    for (let step = 0; step < 400; step += 1) {
      if (peers.length < 3 || below(10) === 0) peers.push(await connect())
      const { socket } = peers[below(peers.length)]!
      const frame = requestFrame(step, Buffer.alloc(below(4) === 0 ? below(19_000) : 10))
      const act = below(20)
      if (act === 0) socket.destroy()
      else if (act === 1) socket.write([frame.subarray(0, below(frame.length))])
      else if (act === 2) socket.pause()
      else if (act === 3) socket.resume()
      else if (act === 4) socket.end()
      else if (act === 5) await world.time.advance(below(100))
      else if (act < 9 && pending.length > 0) finish(pending.splice(below(pending.length), 1)[0]!)
      else socket.write([frame])
      if (below(5) === 0) await world.time.settle()
    }
    for (const { socket } of peers) socket.destroy()
    await world.time.advance(10_000)
    for (const request of pending) finish(request)
    await world.time.settle()
    assert.deepEqual([listeners.connectionCount, listeners.queuedBytes], [0, 0], `seed ${seed}`)
  }
})
