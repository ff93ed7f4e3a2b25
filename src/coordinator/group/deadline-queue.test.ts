import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Seeded } from '../../testing/simulated/seeded.ts'
import { DeadlineQueue } from './deadline-queue.ts'

test('entries come out in the order of their times, whatever the order in which they went in', () => {
  const random = new Seeded(1)
  const queue = new DeadlineQueue()
  const expected: number[] = []
  for (let step = 0; step < 2_000; step++) {
    if (random.chance(0.6)) {
      const atMs = random.between(0, 300)
      queue.push(atMs, `g${step}`)
      expected.push(atMs)
    } else if (expected.length > 0) {
      expected.sort((a, b) => a - b)
      assert.equal(queue.peek()?.atMs, expected.shift())
      queue.pop()
    }
    assert.equal(queue.size, expected.length)
  }
})

test('an empty queue has nothing due and nothing to take', () => {
  const queue = new DeadlineQueue()
  queue.pop()
  assert.equal(queue.peek(), undefined)
})
