import assert from 'node:assert/strict'
import { test } from 'node:test'

import { assignRanges } from './range-assignor.ts'
import type { Subscriber } from './range-assignor.ts'

function member(memberId: string, topics: string[], groupInstanceId: string | null = null) {
  return { memberId, groupInstanceId, topics } satisfies Subscriber
}

function assigned(members: readonly Subscriber[], counts: Record<string, number>) {
  const assignment = assignRanges(members, new Map(Object.entries(counts)))
  const text = [...assignment].map(([id, partitions]) => [
    id,
    partitions.map(({ topic, partition }) => `${topic}${partition}`).join(' '),
  ])
  return Object.fromEntries(text) as Record<string, string>
}

test('neighbouring partitions, one more for the first members', () => {
  const members = [member('c', ['t']), member('a', ['t']), member('b', ['t'])]
  assert.deepEqual(assigned(members, { t: 5 }), { a: 't0 t1', b: 't2 t3', c: 't4' })
})

test('each topic among those who subscribe to it', () => {
  const members = [member('a', ['t', 'u']), member('b', ['u'])]
  assert.deepEqual(assigned(members, { t: 2, u: 2 }), { a: 't0 t1 u0', b: 'u1' })
})

test('more members than partitions', () => {
  const members = [member('a', ['t']), member('b', ['t'])]
  assert.deepEqual(assigned(members, { t: 1 }), { a: 't0', b: '' })
})

test('static members come first, by their instance and not by their id', () => {
  const members = [member('a', ['t']), member('z', ['t'], 'i1'), member('y', ['t'], 'i2')]
  assert.deepEqual(assigned(members, { t: 3 }), { z: 't0', y: 't1', a: 't2' })
})

test('a topic that does not exist is nobody’s', () => {
  assert.deepEqual(assigned([member('a', ['gone'])], {}), { a: '' })
})
