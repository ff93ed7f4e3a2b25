// A stalled loop shows in the metric.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../platform/clock.ts'
import { watchEventLoop } from './event-loop-delay.ts'
import { Metrics } from './metrics.ts'

test('a late timer is recorded as the delay of the loop', () => {
  let nowMs = 0
  let fire = (): void => {}
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    setTimer(_delayMs, callback) {
      fire = callback
      return { cancel() {} }
    },
    defer() {},
  }
  const metrics = new Metrics()
  watchEventLoop(clock, metrics)
  nowMs += 350
  fire()
  const [median = 0] = metrics.histogram('ottla_event_loop_delay_ms').quantiles(0)
  assert.ok(Math.abs(median - 250) < 16, String(median))
})
