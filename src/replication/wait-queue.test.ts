import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WaitQueue } from './wait-queue.ts'

class Wait {
  isOver = false
  error: number | undefined
  readonly lastOffset: number

  constructor(lastOffset: number) {
    this.lastOffset = lastOffset
  }

  complete(error: number): void {
    this.isOver = true
    this.error = error
  }
}

test('waits are released in order up to the offset, exclusive', () => {
  const queue = new WaitQueue()
  const waits = [0, 3, 4, 9].map((offset) => new Wait(offset))
  for (const wait of waits) queue.push(wait)
  queue.release(4, 0)
  assert.deepEqual(
    waits.map(({ error }) => error),
    [0, 0, undefined, undefined],
  )
  queue.release(10, 20)
  assert.deepEqual(
    waits.map(({ error }) => error),
    [0, 0, 20, 20],
  )
  assert.equal(queue.size, 0)
})

test('all fail together, and those that were over are not told again', () => {
  const queue = new WaitQueue()
  const waits = [1, 2].map((offset) => new Wait(offset))
  for (const wait of waits) queue.push(wait)
  const [first, second] = waits
  assert.ok(first && second)
  first.isOver = true
  queue.fail(6)
  assert.equal(first.error, undefined)
  assert.equal(second.error, 6)
  queue.release(100, 0)
  assert.equal(second.error, 6)
})

test('entries that ended before their turn do not pile up', () => {
  const queue = new WaitQueue()
  queue.push(new Wait(0))
  for (let offset = 1; offset <= 10_000; offset += 1) {
    const wait = new Wait(offset)
    queue.push(wait)
    wait.isOver = true
    queue.onOver()
  }
  assert.ok(queue.size < 1000)
})

test('a wait that adds another while it completes is served too', () => {
  const queue = new WaitQueue()
  const later = new Wait(5)
  const first = new Wait(0)
  first.complete = () => {
    first.isOver = true
    queue.push(later)
  }
  queue.push(first)
  queue.release(1, 0)
  assert.equal(later.isOver, false)
  queue.release(6, 0)
  assert.equal(later.isOver, true)
})
