import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LeaderEpochCache } from './leader-epoch-cache.ts'

const UNKNOWN = { epoch: -1, endOffset: -1 }

function cacheOf(...entries: readonly (readonly [number, number])[]): LeaderEpochCache {
  return new LeaderEpochCache(entries.map(([epoch, startOffset]) => ({ epoch, startOffset })))
}

test('KAFKA-6361: the answer is the largest epoch up to the wanted one, and its end', () => {
  const cache = cacheOf([2, 0], [4, 10], [7, 15])
  assert.deepEqual(cache.endOffsetFor(2, 20), { epoch: 2, endOffset: 10 })
  assert.deepEqual(cache.endOffsetFor(3, 20), { epoch: 2, endOffset: 10 })
  assert.deepEqual(cache.endOffsetFor(6, 20), { epoch: 4, endOffset: 15 })
  assert.deepEqual(cache.endOffsetFor(7, 20), { epoch: 7, endOffset: 20 })
  // Older than all: nothing of it is here. Newer than all: this log cannot tell.
  assert.deepEqual(cache.endOffsetFor(1, 20), { epoch: 1, endOffset: 0 })
  assert.deepEqual(cache.endOffsetFor(8, 20), UNKNOWN)
  assert.deepEqual(cache.endOffsetFor(-1, 20), UNKNOWN)
  assert.deepEqual(cacheOf().endOffsetFor(0, 0), UNKNOWN)
})

test('an epoch that begins where later ones did takes their place', () => {
  const cache = cacheOf([2, 0], [4, 10], [5, 10])
  assert.deepEqual(cache.entries, [
    { epoch: 2, startOffset: 0 },
    { epoch: 5, startOffset: 10 },
  ])
  cache.assign(3, 8)
  assert.deepEqual(cache.entries.at(-1), { epoch: 3, startOffset: 8 })
  assert.equal(cache.entries.length, 2)
})

test('what is cut at the end or at the start is forgotten, the epoch at the start begins there', () => {
  const cache = cacheOf([2, 0], [4, 10], [7, 15])
  cache.truncateFromEnd(15)
  assert.equal(cache.latestEpoch, 4)
  cache.truncateFromStart(12)
  assert.deepEqual(cache.entries, [{ epoch: 4, startOffset: 12 }])
  assert.equal(cache.epochForOffset(11), -1)
  assert.equal(cache.epochForOffset(12), 4)
})
