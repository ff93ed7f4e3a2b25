import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventDropped, EventQueue } from './event-queue.ts'

test('events are handled one after the other, each to its end', async () => {
  const queue = new EventQueue()
  const log: string[] = []
  const event = (name: string) => async () => {
    log.push(`${name} begins`)
    await new Promise((resolve) => void setImmediate(resolve))
    log.push(`${name} ends`)
    return name
  }
  const results = await Promise.all([queue.run('a', event('a')), queue.run('b', event('b'))])
  assert.deepEqual(results, ['a', 'b'])
  assert.deepEqual(log, ['a begins', 'a ends', 'b begins', 'b ends'])
})

test('an event that fails tells its caller, and the next one runs', async () => {
  const queue = new EventQueue()
  const failing = queue.run('a', () => Promise.reject(new Error('no')))
  const next = queue.run('b', async () => 5)
  await assert.rejects(failing, /no/)
  assert.equal(await next, 5)
  await queue.idle()
})

test('clearing drops what waits, and not what runs', async () => {
  const queue = new EventQueue()
  const running = queue.run('a', async () => {
    await new Promise((resolve) => void setImmediate(resolve))
    return 1
  })
  const waiting = queue.run('b', async () => 2)
  queue.clear()
  await assert.rejects(waiting, EventDropped)
  assert.equal(await running, 1)
})

test('more than the limit is refused', async () => {
  const queue = new EventQueue(1)
  const running = queue.run('a', async () => 1)
  const waiting = queue.run('b', async () => 2)
  await assert.rejects(
    queue.run('c', async () => 3),
    EventDropped,
  )
  assert.deepEqual(await Promise.all([running, waiting]), [1, 2])
})
