import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../platform/clock.ts'
import { SessionClock } from './session-clock.ts'
import { SessionDeadlines } from './sessions.ts'

test('deadlines are rounded up to a tick, a sign of life moves them, each session expires once', () => {
  const deadlines = new SessionDeadlines(1000)
  deadlines.track(1n, 4000, 100)
  deadlines.track(2n, 4000, 900)
  assert.equal(deadlines.nextDeadlineMs(), 5000)
  assert.ok(deadlines.touch(2n, 1500))
  assert.ok(!deadlines.touch(3n, 1500))
  assert.deepEqual(deadlines.takeExpired(4999), [])
  assert.deepEqual(deadlines.takeExpired(5000), [1n])
  assert.ok(!deadlines.touch(1n, 5000))
  assert.deepEqual(deadlines.takeExpired(6000), [2n])
  assert.deepEqual(deadlines.takeExpired(9000), [])
  assert.equal(deadlines.nextDeadlineMs(), Infinity)
})

test('a process that stood still reads what its clients sent before it ends their sessions', () => {
  let nowMs = 0
  const timers: (() => void)[] = []
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    setTimer: (_delayMs, callback) => {
      timers.push(callback)
      return { cancel: () => undefined }
    },
    defer: () => undefined,
  }
  const expired: bigint[] = []
  const sessions = new SessionClock({
    clock,
    deadlines: new SessionDeadlines(1000),
    tickTimeMs: 1000,
    onExpired: (id) => expired.push(id),
  })
  sessions.track(1n, 4000)
  sessions.track(2n, 4000)
  nowMs = 60_000
  timers.pop()?.()
  assert.deepEqual(expired, [])
  sessions.touch(1n)
  nowMs = 61_000
  timers.pop()?.()
  assert.deepEqual(expired, [2n])
})
