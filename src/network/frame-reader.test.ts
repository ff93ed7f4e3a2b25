import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { FrameReader } from './frame-reader.ts'

function frame(body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(4 + body.length)
  bytes.writeInt32BE(body.length, 0)
  bytes.set(body, 4)
  return bytes
}

class Account {
  held = 0
  refuseAbove = Infinity

  grow(bytes: number): boolean {
    if (this.held + bytes > this.refuseAbove) return false
    this.held += bytes
    return true
  }
}

function framesOf(reader: FrameReader): string[] {
  const frames: string[] = []
  for (let next = reader.next(); next !== undefined; next = reader.next()) {
    frames.push(next.toString('latin1'))
  }
  return frames
}

test('frames come out as they went in, however the stream is cut', () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 })
  fc.assert(
    fc.property(
      bodies,
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
      (sent, cuts) => {
        const stream = Buffer.concat(sent.map(frame))
        const account = new Account()
        const reader = new FrameReader(1000, account)
        const received: string[] = []
        let assembled = 0
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const end = Math.min(stream.length, at + cuts[turn % cuts.length]!)
          reader.push(stream.subarray(at, end))
          at = end
          for (let next = reader.next(); next !== undefined; next = reader.next()) {
            received.push(next.toString('latin1'))
            if (reader.wasAssembled) assembled += next.length
          }
        }
        assert.deepEqual(
          received,
          sent.map((body) => Buffer.from(body).toString('latin1')),
        )
        assert.equal(account.held, assembled)
        assert.equal(reader.isInsideFrame, false)
      },
    ),
  )
})

test('chunks that come while nothing is read wait their turn', () => {
  const reader = new FrameReader(1000, new Account())
  const stream = Buffer.concat(['one', 'two', 'three'].map((text) => frame(Buffer.from(text))))
  for (let at = 0; at < stream.length; at += 5) reader.push(stream.subarray(at, at + 5))
  assert.deepEqual(framesOf(reader), ['one', 'two', 'three'])
})

test('frames in one chunk are views of it', () => {
  const reader = new FrameReader(1000, new Account())
  const chunk = Buffer.concat([frame(Buffer.from('one')), frame(Buffer.from('two'))])
  reader.push(chunk)
  assert.equal(reader.next()?.buffer, chunk.buffer)
  assert.equal(reader.next()?.buffer, chunk.buffer)
})

test('a reader that reuses memory puts large frames into the same place, small ones apart', () => {
  const reader = new FrameReader(10_000_000, new Account(), true)
  const receive = (body: Buffer): Buffer | undefined => {
    const stream = frame(body)
    reader.push(stream.subarray(0, 10))
    assert.equal(reader.next(), undefined)
    reader.push(stream.subarray(10))
    return reader.next()
  }
  const first = receive(Buffer.alloc(900_000, 'a'))
  assert.equal(first?.equals(Buffer.alloc(900_000, 'a')), true)
  const small = receive(Buffer.from('not in the same place'))
  const second = receive(Buffer.alloc(1_000_000, 'b'))
  assert.equal(second?.equals(Buffer.alloc(1_000_000, 'b')), true)
  assert.equal(second?.buffer, first?.buffer)
  assert.equal(small?.toString(), 'not in the same place')
  const third = receive(Buffer.alloc(5_000_000, 'c'))
  assert.equal(third?.equals(Buffer.alloc(5_000_000, 'c')), true)
  assert.notEqual(third?.buffer, first?.buffer)
})

test('an announced size costs nothing until bytes arrive', () => {
  const account = new Account()
  const reader = new FrameReader(100 * 1024 * 1024, account)
  const body = Buffer.alloc(20 * 1024 * 1024, 'x')
  const stream = frame(body)
  reader.push(stream.subarray(0, 10))
  assert.equal(reader.next(), undefined)
  assert.equal(account.held, 1024 * 1024)
  for (let at = 10; at < stream.length; at += 65_536) {
    reader.push(stream.subarray(at, at + 65_536))
    const next = reader.next()
    assert.ok(account.held <= Math.max(1024 * 1024, reader.filledBytes * 4 + 65_536, body.length))
    if (next !== undefined) assert.ok(next.equals(body))
  }
  assert.equal(reader.isInsideFrame, false)
  assert.equal(account.held, body.length)
})

test('negative and too large sizes stop the reader', () => {
  for (const [size, problem] of [
    [-1, 'malformed frame'],
    [1001, 'oversized frame'],
  ] as const) {
    const reader = new FrameReader(1000, new Account())
    const bytes = Buffer.alloc(20)
    bytes.writeInt32BE(size, 0)
    reader.push(bytes)
    assert.equal(reader.next(), undefined)
    assert.equal(reader.problem, problem)
    reader.push(frame(Buffer.from('x')))
    assert.equal(reader.next(), undefined)
  }
})

test('without memory a frame is given up', () => {
  const account = new Account()
  account.refuseAbove = 500
  const reader = new FrameReader(1000, account)
  reader.push(frame(Buffer.alloc(600)).subarray(0, 100))
  assert.equal(reader.next(), undefined)
  assert.equal(reader.problem, 'no memory')
})
