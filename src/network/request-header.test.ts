import assert from 'node:assert/strict'
import test from 'node:test'
import { RequestHeader } from './request-header.ts'

function headerOf(version: number, clientId: string | null, tail = ''): Buffer {
  const fixed = Buffer.alloc(8)
  fixed.writeInt16BE(3, 0)
  fixed.writeInt16BE(12, 2)
  fixed.writeInt32BE(77, 4)
  if (version === 0) return fixed
  const id = Buffer.from(clientId ?? '')
  const length = Buffer.alloc(2)
  length.writeInt16BE(clientId === null ? -1 : id.length, 0)
  return Buffer.concat([fixed, length, id, Buffer.from(tail, 'hex')])
}

test('reads headers of every version', () => {
  const header = new RequestHeader()
  for (const [version, tail] of [
    [0, ''],
    [1, ''],
    [2, '00'],
    // Two tagged fields, the second with a tag of two bytes.
    [2, '02' + '0002aabb' + '810101cc'],
  ] as const) {
    const frame = headerOf(version, 'app', tail)
    assert.equal(
      header.read(Buffer.concat([frame, Buffer.from('body')]), () => version),
      undefined,
    )
    assert.equal(header.apiKey, 3)
    assert.equal(header.apiVersion, 12)
    assert.equal(header.correlationId, 77)
    assert.equal(header.clientId, version === 0 ? null : 'app')
    assert.equal(header.bodyPosition, frame.length)
  }
})

test('client ids may be null, empty, and change', () => {
  const header = new RequestHeader()
  for (const clientId of [null, '', 'a', 'b', 'b', 'zoë', null, 'b']) {
    assert.equal(
      header.read(headerOf(1, clientId), () => 1),
      undefined,
    )
    assert.equal(header.clientId, clientId)
  }
})

test('headers that end early, lie or are not known are refused', () => {
  const header = new RequestHeader()
  const whole = headerOf(2, 'app', '010001ff')
  for (let length = 0; length < whole.length; length += 1) {
    assert.notEqual(
      header.read(whole.subarray(0, length), () => 2),
      undefined,
    )
  }
  assert.equal(
    header.read(whole, () => 2),
    undefined,
  )
  assert.equal(
    header.read(whole, () => -1),
    'unknown API or version',
  )
  const negative = headerOf(1, 'app')
  negative.writeInt16BE(-2, 8)
  assert.equal(
    header.read(negative, () => 1),
    'malformed header',
  )
  // Tags must ascend; a count of five bytes does not end.
  assert.equal(
    header.read(headerOf(2, 'a', '02' + '0100' + '0100'), () => 2),
    'malformed header',
  )
  assert.equal(
    header.read(headerOf(2, 'a', 'ffffffffff'), () => 2),
    'malformed header',
  )
})
