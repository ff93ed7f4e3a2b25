import assert from 'node:assert/strict'
import { test } from 'node:test'

import { murmur2, partitionForKey } from './partitioner.ts'

// Values that Kafka's Java client gives for the same keys.
const known: readonly (readonly [string, number])[] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
]

for (const [key, hash] of known) {
  test(`the hash of ${key} is that of other clients`, () => {
    assert.equal(murmur2(Buffer.from(key)), hash)
  })
}

test('a key goes to a partition that exists, also when its hash is negative', () => {
  assert.equal(partitionForKey(Buffer.from('21'), 3), (-973932308 & 0x7fffffff) % 3)
})
