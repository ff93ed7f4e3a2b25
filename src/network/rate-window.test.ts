import assert from 'node:assert/strict'
import test from 'node:test'
import { RateWindow } from './rate-window.ts'

test('follows a count over half a minute and forgets what was before', () => {
  const window = new RateWindow()
  let total = 0
  for (let nowMs = 0; nowMs < 60_000; nowMs += 5_000) {
    window.sample(nowMs, total)
    total += 50
  }
  assert.equal(window.rate(60_000, total), 10)
  for (let nowMs = 60_000; nowMs <= 120_000; nowMs += 5_000) window.sample(nowMs, total)
  assert.equal(window.rate(120_000, total), 0)
})

test('knows nothing before its first sample', () => {
  assert.equal(new RateWindow().rate(1000, 5), 0)
})
