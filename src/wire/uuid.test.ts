import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ZERO_UUID, randomUuid, uuidBytes, uuidFromBytes } from './uuid.ts'

test('a random uuid is of version 4 and comes back from its bytes', () => {
  const text = randomUuid((count) => Buffer.alloc(count, 0x5a))
  assert.equal(text.length, 22)
  const bytes = uuidBytes(text)
  assert.ok(bytes !== undefined)
  assert.equal(bytes.readUInt8(6) >> 4, 4)
  assert.equal(bytes.readUInt8(8) >> 6, 2)
  assert.equal(uuidFromBytes(bytes), text)
})

test('a random uuid never begins with a dash', () => {
  const tries = [Buffer.alloc(16, 0xfb), Buffer.alloc(16, 1)]
  const text = randomUuid(() => tries.shift() ?? Buffer.alloc(16))
  assert.ok(!text.startsWith('-'))
  assert.equal(tries.length, 0)
})

test('what is not a uuid has no bytes', () => {
  assert.equal(uuidBytes('short'), undefined)
  assert.equal(uuidBytes(`${ZERO_UUID.slice(1)}!`), undefined)
  assert.deepEqual(uuidBytes(ZERO_UUID), Buffer.alloc(16))
})
