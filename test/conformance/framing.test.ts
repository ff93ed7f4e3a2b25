// How frames are read: what closes a connection, what waits, and that answers come in order.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Metadata } from '../../src/wire/messages/03-metadata.ts'
import { SaslHandshake } from '../../src/wire/messages/17-sasl-handshake.ts'
import { SaslAuthenticate } from '../../src/wire/messages/36-sasl-authenticate.ts'
import { Envelope } from '../../src/wire/messages/58-envelope.ts'
import { assertHas, connectRaw, MAX_IDLE_MS } from './targets.ts'

/** A request header in version 1, for APIs that there are no codecs for. */
function header(key: number, version: number, correlationId: number): Buffer {
  const bytes = Buffer.alloc(14)
  bytes.writeInt16BE(key, 0)
  bytes.writeInt16BE(version, 2)
  bytes.writeInt32BE(correlationId, 4)
  bytes.writeInt16BE(4, 8)
  bytes.write('wire', 10)
  return bytes
}

const METADATA = 3
const noTopics = { topics: [], includeTopicAuthorizedOperations: false }

const CLOSING_FRAMES: readonly (readonly [string, Buffer])[] = [
  ['an unknown version', header(METADATA, 99, 1)],
  ['an unknown key', header(200, 0, 1)],
  ['Vote, which only KRaft has', header(52, 0, 1)],
  ['DescribeTopicPartitions, which only KRaft has', header(75, 0, 1)],
  ['a truncated body', Buffer.concat([header(METADATA, 9, 1), Buffer.from([0, 2, 5])])],
  ['a frame of two bytes', Buffer.from([0, 18])],
  ['an ApiVersions whose unknown version has no tagged fields', header(18, 99, 1)],
]

for (const [what, frame] of CLOSING_FRAMES) {
  test(`${what} closes the connection`, async () => {
    using wire = await connectRaw()
    wire.sendFrame(frame)
    assert.equal(await wire.outcome(5_000), 'closed')
  })
}

const CLOSING_BYTES: readonly (readonly [string, Buffer])[] = [
  ['a frame of no bytes', Buffer.from('00000000', 'hex')],
  ['a negative size', Buffer.from('fffffffb', 'hex')],
  ['a size above socket.request.max.bytes', Buffer.from('06400001', 'hex')],
  ['a request of HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['a hello of TLS', Buffer.from('1603010200010001fc0303', 'hex')],
]

for (const [what, bytes] of CLOSING_BYTES) {
  test(`${what} closes the connection`, async () => {
    using wire = await connectRaw()
    wire.sendBytes(bytes)
    assert.equal(await wire.outcome(5_000), 'closed')
  })
}

const WAITING_BYTES: readonly (readonly [string, Buffer])[] = [
  ['a size of exactly socket.request.max.bytes', Buffer.from('06400000', 'hex')],
  ['garbage that reads as a size', Buffer.from('0405060708090a0b0c0d0e0f10111213', 'hex')],
]

for (const [what, bytes] of WAITING_BYTES) {
  test(`${what} waits for the rest`, async () => {
    using wire = await connectRaw()
    wire.sendBytes(bytes)
    assert.equal(await wire.outcome(500), 'silent')
  })
}

test('a request that comes byte by byte is answered', async () => {
  using wire = await connectRaw()
  const frame = Buffer.concat([header(METADATA, 1, 5), Buffer.from([0, 0, 0, 0])])
  const size = Buffer.alloc(4)
  size.writeInt32BE(frame.length)
  for (const byte of Buffer.concat([size, frame])) {
    wire.sendBytes(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  const answer = await wire.frame(5_000)
  assert.equal(answer?.readInt32BE(0), 5)
})

test('bytes after the body are ignored', async () => {
  using wire = await connectRaw()
  const body = Buffer.from([0, 0, 0, 0, 1, 2, 3, 4])
  wire.sendFrame(Buffer.concat([header(METADATA, 1, 7), body]))
  const answer = await wire.frame(5_000)
  assert.equal(answer?.readInt32BE(0), 7)
})

test('pipelined requests are answered in order, with any correlation id', async () => {
  using wire = await connectRaw()
  const ids = [11, -12, 2_147_483_647, 13]
  for (const id of ids) {
    wire.sendFrame(Buffer.concat([header(METADATA, 1, id), Buffer.alloc(4)]))
  }
  for (const id of ids) assert.equal((await wire.frame(5_000))?.readInt32BE(0), id)
})

test('a null client id is fine', async () => {
  using wire = await connectRaw()
  const head = header(METADATA, 1, 3).subarray(0, 10)
  head.writeInt16BE(-1, 8)
  wire.sendFrame(Buffer.concat([head, Buffer.alloc(4)]))
  assert.equal((await wire.frame(5_000))?.readInt32BE(0), 3)
})

test('an Envelope from a client closes the connection', async () => {
  using wire = await connectRaw()
  wire.send(Envelope, 0, {
    requestData: Buffer.alloc(8),
    requestPrincipal: null,
    clientHostAddress: Buffer.from([127, 0, 0, 1]),
  })
  assert.equal(await wire.outcome(5_000), 'closed')
})

test('SASL on a plaintext listener is an illegal state, and the connection stays', async () => {
  using wire = await connectRaw()
  for (const version of [0, 1]) {
    const answer = await wire.ask(SaslHandshake, version, { mechanism: 'PLAIN' })
    assertHas(answer, { errorCode: 34, mechanisms: [] })
  }
  for (const version of [0, 1, 2]) {
    const answer = await wire.ask(SaslAuthenticate, version, { authBytes: Buffer.from('x') })
    assertHas(answer, { errorCode: 34 })
  }
  assertHas(await wire.ask(Metadata, 9, noTopics), { topics: [] })
})

test('an idle connection is closed without a word', async () => {
  using wire = await connectRaw()
  await wire.ask(Metadata, 9, noTopics)
  assert.equal(await wire.outcome(MAX_IDLE_MS * 2), 'closed')
})
