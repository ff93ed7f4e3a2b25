import assert from 'node:assert/strict'
import { test } from 'node:test'
import { voteOrder } from './vote-order.ts'

// Found by asking Kafka 3.9.1: the winner of every pair of these, each with one vote.
const OBSERVED = [
  'cooperative-sticky',
  'custom',
  'RoundRobinAssigner',
  'roundrobin',
  'a',
  'b',
  'range',
  'sticky',
  'c',
  'd',
]

test('of two protocols with as many votes the one wins that Kafka takes', () => {
  for (const [index, winner] of OBSERVED.entries()) {
    for (const loser of OBSERVED.slice(index + 1)) {
      assert.deepEqual(voteOrder([loser, winner]), [winner, loser])
      assert.deepEqual(voteOrder([winner, loser]), [winner, loser])
    }
  }
})

test('names that share a place come after those that are alone', () => {
  assert.deepEqual(voteOrder(['sticky', 'range', 'c', 'a']), ['a', 'c', 'range', 'sticky'])
})
