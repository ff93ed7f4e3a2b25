import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulatedPlatform } from '../testing/simulated/simulated-world.ts'
import { Deadlines } from './deadlines.ts'

function setUp() {
  const { clock } = simulatedPlatform({ seed: 1 })
  const fired: [string, number][] = []
  const deadlines = new Deadlines(clock)
  const named = (name: string) => ({
    onDeadline: () => {
      fired.push([name, clock.monotonicMs()])
    },
  })
  return { clock, deadlines, fired, named }
}

test('operations end at their time, never early, a few milliseconds late at most', async () => {
  const { clock, deadlines, fired, named } = setUp()
  const delays = [500, 3, 77, 500, 12, 400, 501, 1]
  for (const delay of delays) deadlines.add(named(String(delay)), delay)
  await clock.advance(1000)
  assert.equal(fired.length, delays.length)
  for (const [name, atMs] of fired) {
    assert.ok(atMs >= Number(name))
    assert.ok(atMs < Number(name) + 5)
  }
  const times = fired.map(([, atMs]) => atMs)
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  )
  assert.equal(deadlines.size, 0)
})

test('what is removed does not end, also when its slot is shared', async () => {
  const { clock, deadlines, fired, named } = setUp()
  const kept = named('kept')
  const removed = named('removed')
  deadlines.add(kept, 100)
  deadlines.remove(removed, deadlines.add(removed, 100))
  assert.equal(deadlines.size, 1)
  await clock.advance(200)
  assert.deepEqual(
    fired.map(([name]) => name),
    ['kept'],
  )
})

test('an operation may add another when it ends', async () => {
  const { clock, deadlines, fired, named } = setUp()
  deadlines.add({ onDeadline: () => void deadlines.add(named('second'), 50) }, 10)
  await clock.advance(100)
  assert.equal(fired.length, 1)
  assert.ok((fired[0]?.[1] ?? 0) >= 60)
})

test('closing forgets everything', async () => {
  const { clock, deadlines, fired, named } = setUp()
  deadlines.add(named('never'), 10)
  deadlines.close()
  await clock.advance(100)
  assert.deepEqual(fired, [])
})
