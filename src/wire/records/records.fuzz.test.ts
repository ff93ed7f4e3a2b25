import assert from 'node:assert/strict'
import test from 'node:test'
import { fuzzRecords } from './records.fuzz.ts'

/** A small generator, the same numbers in every run. */
function seeded(seed: number) {
  let state = seed >>> 0
  return {
    uint32() {
      state = (state + 0x6d2b79f5) >>> 0
      let mixed = Math.imul(state ^ (state >>> 15), state | 1)
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
      return (mixed ^ (mixed >>> 14)) >>> 0
    },
  }
}

test('damaged records are refused in order and within bounds of memory', () => {
  const before = process.memoryUsage().rss
  fuzzRecords(seeded(1), 1500)
  const grownMiB = (process.memoryUsage().rss - before) / 1024 / 1024
  assert.ok(grownMiB < 300, `${grownMiB} MiB`)
})
