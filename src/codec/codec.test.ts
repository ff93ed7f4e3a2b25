import assert from 'node:assert/strict'
import { test } from 'node:test'

import { api, message } from './api.ts'
import { CodecError } from './codec-error.ts'
import {
  NEVER,
  array,
  bytes,
  int32,
  int64,
  int8,
  nullable,
  nullableSince,
  range,
  records,
  since,
  string,
  struct,
  tagged,
  until,
  uuid,
  withDefault,
} from './language.ts'

const Note = message({
  name: 'Note',
  versions: [0, 3],
  flexible: 2,
  fields: {
    title: nullableSince(1, string),
    old: until(1, int8),
    pages: array({ number: int32, words: since(1, array(string)) }),
    mark: tagged(0, since(2, withDefault(int32, -1))),
    place: tagged(3, since(3, struct({ x: int8, y: withDefault(int8, 7) }))),
  },
})

const hex = (buffer: Buffer): string => buffer.toString('hex')
const page = { number: 5, words: ['a', 'bc'] }

test('early versions have plain lengths and only their fields', () => {
  const value = { title: 'hi', old: -2, pages: [page], mark: 9 }
  assert.equal(hex(Note.encode(0, value)), '00026869fe0000000100000005')
  assert.equal(hex(Note.encode(1, value)), '00026869fe000000010000000500000002000161' + '00026263')
  assert.deepEqual(Note.decode(0, Note.encode(0, value)), {
    title: 'hi',
    old: -2,
    pages: [{ number: 5, words: [] }],
    mark: -1,
    place: { x: 0, y: 7 },
  })
})

test('flexible versions have compact lengths and a tagged section in every struct', () => {
  const value = { title: null, pages: [page], mark: 9, place: { x: 1 } }
  assert.equal(hex(Note.encode(2, value)), '000200000005030261036263000100' + '0400000009')
  assert.equal(
    hex(Note.encode(3, value)),
    '000200000005030261036263000200' + '0400000009' + '0303010700',
  )
})

test('a tagged field that is the default is not written', () => {
  const value = { title: null, pages: [], mark: -1, place: { x: 0, y: 7 } }
  assert.equal(hex(Note.encode(3, value)), '000100')
  assert.equal(hex(Note.encode(3, { title: null, pages: [] })), '000100')
})

test('null stands for empty where a version does not allow it', () => {
  assert.equal(hex(Note.encode(0, { title: null, pages: [] })), '0000' + '00' + '00000000')
  assert.equal(hex(Note.encode(1, { title: null, pages: [] })), 'ffff' + '00' + '00000000')
})

test('tags that are not known are skipped', () => {
  const decoded = Note.decode(
    2,
    Buffer.from('0001' + '02' + '000400000009' + '050401020304', 'hex'),
  )
  assert.equal(decoded.mark, 9)
})

const refused: readonly (readonly [string, number, string])[] = [
  ['a string longer than what is left', 0, '0005' + '6869'],
  ['an array longer than what is left could hold', 0, '0000' + '00' + '7fffffff' + '00000001'],
  ['null where it is not allowed', 0, 'ffff' + '00' + '00000000'],
  ['null for the array', 1, 'ffff' + '00' + 'ffffffff'],
  ['nothing', 0, ''],
  ['tags in descending order', 2, '0001' + '02' + '0500' + '000400000009'],
  ['a tag twice', 2, '0001' + '02' + '000400000009' + '000400000009'],
  ['a tagged field shorter than its size', 2, '0001' + '01' + '00050000000900'],
  ['a tagged field longer than its size', 2, '0001' + '01' + '000300000009'],
  ['more tagged fields than bytes', 2, '0001' + 'ffffff7f'],
  ['a varint of six bytes', 2, '808080808001'],
  ['a varint beyond 32 bits', 2, 'ffffffff7f'],
]

for (const [what, version, bytesOf] of refused) {
  test(`decoding refuses ${what}`, () => {
    assert.throws(() => Note.decode(version, Buffer.from(bytesOf, 'hex')), CodecError)
  })
}

test('decoding stays inside the bounds that it is given', () => {
  const encoded = Note.encode(0, { title: 'hi', old: 1, pages: [] })
  const framed = Buffer.concat([Buffer.alloc(3, 9), encoded, Buffer.alloc(3, 9)])
  assert.equal(Note.decode(0, framed, 3, 3 + encoded.length).title, 'hi')
  assert.throws(() => Note.decode(0, framed, 3, 2 + encoded.length), CodecError)
  assert.throws(() => Note.decode(0, framed, 3, framed.length + 1), CodecError)
})

test('a version that does not exist is refused', () => {
  assert.throws(() => Note.encode(4, { title: '', pages: [] }), CodecError)
  assert.throws(() => Note.decode(-1, Buffer.alloc(10)), CodecError)
})

test('a field that must be given and is not is refused', () => {
  const incomplete = { title: 'x' } as unknown as { title: string; pages: [] }
  assert.throws(() => Note.encode(0, incomplete), CodecError)
})

test('the leading version of keys and values', () => {
  const encoded = Note.encodeVersioned(1, { title: 'x', pages: [] })
  assert.equal(hex(encoded), '0001' + '000178' + '00' + '00000000')
  assert.equal(Note.decodeVersioned(encoded).version, 1)
  assert.equal(Note.decodeVersioned(encoded).value.title, 'x')
  assert.throws(() => Note.decodeVersioned(Buffer.from([0, 9, 0])), CodecError)
  assert.throws(() => Note.decodeVersioned(Buffer.from([0])), CodecError)
})

const Parcel = api({
  key: 99,
  name: 'Parcel',
  versions: [0, 1],
  flexible: 1,
  request: { id: uuid, size: int64, tail: range(0, 0, bytes) },
  response: { before: int8, content: nullable(records), after: int8 },
})

test('record batches go by reference between the segments', () => {
  const content = [Buffer.from('first'), Buffer.from('second')]
  const segments = Parcel.response.encodeSegments(1, { before: 1, content, after: 2 }, 4)
  assert.equal(segments.length, 4)
  assert.equal(segments[1], content[0])
  assert.equal(segments[2], content[1])
  const whole = Parcel.response.encode(1, { before: 1, content, after: 2 }, 4)
  assert.deepEqual(Buffer.concat(segments), whole)
  const decoded = Parcel.response.decode(1, whole, 4)
  assert.deepEqual(decoded, { before: 1, content: Buffer.from('firstsecond'), after: 2 })
  assert.equal(decoded.content?.buffer, whole.buffer, 'a view, not a copy')
})

test('no content is no segment', () => {
  const segments = Parcel.response.encodeSegments(0, {
    before: 1,
    content: Buffer.alloc(0),
    after: 2,
  })
  assert.deepEqual(segments, [Buffer.from('010000000002', 'hex')])
})

test('what one message returned is not touched by the next', () => {
  const first = Parcel.response.encode(0, { before: 1, content: null, after: 2 })
  Parcel.response.encode(0, { before: 9, content: null, after: 9 })
  assert.equal(hex(first), '01ffffffff02')
})

test('an int64 beyond 2^53 keeps its ends', () => {
  const id = 'AAECAwQFBgcICQoLDA0ODw'
  const largest = Buffer.from('000102030405060708090a0b0c0d0e0f' + '7fffffffffffffff' + '00', 'hex')
  const value = Parcel.request.decode(1, largest)
  assert.equal(value.id, id)
  assert.equal(value.size, 2 ** 63)
  assert.deepEqual(Parcel.request.encode(1, value), largest)
  const smallest = { id, size: -(2 ** 63) - 2 ** 12, tail: Buffer.alloc(0) }
  assert.equal(hex(Parcel.request.encode(1, smallest)).slice(32, 48), '8000000000000000')
})

test('messages larger than the buffer that is kept', () => {
  const tail = Buffer.alloc(3_000_000, 7)
  const value = { id: 'AAECAwQFBgcICQoLDA0ODw', size: 1, tail }
  const encoded = Parcel.request.encode(0, value)
  assert.deepEqual(Parcel.request.decode(0, encoded), value)
  assert.equal(Parcel.response.encode(0, { before: 1, content: null, after: 1 }).length, 6)
})

test('strings have at most 32,767 bytes', () => {
  const most = 'x'.repeat(32_767)
  for (const version of [1, 2]) {
    const encoded = Note.encode(version, { title: most, pages: [] })
    assert.equal(Note.decode(version, encoded).title, most)
    assert.throws(() => Note.encode(version, { title: `${most}é`, pages: [] }), CodecError)
  }
})

test('a text that is no uuid is refused', () => {
  const wrong = { id: 'too short', size: 0, tail: Buffer.alloc(0) }
  assert.throws(() => Parcel.request.encode(0, wrong), CodecError)
})

test('versions of headers', () => {
  assert.deepEqual(
    [0, 1].map((version) => Parcel.requestHeaderVersion(version)),
    [1, 2],
  )
  assert.deepEqual(
    [0, 1].map((version) => Parcel.responseHeaderVersion(version)),
    [0, 1],
  )
  const never = api({
    key: 7,
    name: 'X',
    versions: [0, 1],
    flexible: NEVER,
    request: {},
    response: {},
  })
  assert.deepEqual(
    [0, 1].map((version) => never.requestHeaderVersion(version)),
    [0, 1],
  )
})

test('a struct that may be null is marked, in the tagged section in another way', () => {
  const point = struct({ x: int8 })
  const Place = message({
    name: 'Place',
    versions: [0, 0],
    flexible: 0,
    fields: {
      here: nullable(point),
      there: tagged(0, withDefault(nullable(point), { x: 0 })),
    },
  })
  const nowhere = { here: null, there: null }
  assert.equal(hex(Place.encode(0, nowhere)), 'ff' + '01' + '000100')
  assert.deepEqual(Place.decode(0, Place.encode(0, nowhere)), nowhere)
  const both = { here: { x: 5 }, there: { x: 6 } }
  assert.equal(hex(Place.encode(0, both)), '010500' + '01' + '0003010600')
  assert.deepEqual(Place.decode(0, Place.encode(0, both)), both)
  assert.equal(hex(Place.encode(0, { here: null })), 'ff' + '00')
})
