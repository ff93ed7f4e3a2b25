import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulatedPlatform } from '../testing/simulated/simulated-world.ts'
import { Deadlines } from './deadlines.ts'

function setUp() {
  const { clock } = simulatedPlatform({ seed: 1 })
  const fired: [string, number][] = []
  const deadlines = new Deadlines(clock)
  const named = (name: string) => ({
    deadlineSlot: 0,
    deadlineMs: 0,
    isAbandoned: false,
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
  deadlines.add(removed, 100)
  deadlines.remove(removed)
  assert.equal(deadlines.size, 1)
  await clock.advance(200)
  assert.deepEqual(
    fired.map(([name]) => name),
    ['kept'],
  )
})

test('an operation may add another when it ends', async () => {
  const { clock, deadlines, fired, named } = setUp()
  const first = { ...named('first'), onDeadline: () => deadlines.add(named('second'), 50) }
  deadlines.add(first, 10)
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

test('a wait of days for a connection that is gone ends soon', async () => {
  const { clock, deadlines, fired, named } = setUp()
  const abandoned = named('abandoned')
  deadlines.add(abandoned, 1_000_000)
  deadlines.add(named('waited for'), 30_000)
  await clock.advance(1000)
  abandoned.isAbandoned = true
  await clock.advance(15_000)
  assert.deepEqual(
    fired.map(([name]) => name),
    ['abandoned'],
  )
  await clock.advance(15_000)
  assert.equal(fired.length, 2)
  assert.ok((fired[1]?.[1] ?? 0) >= 30_000)
})

test('an operation that another one ends at the same time is told once at most', async () => {
  const { clock, deadlines, fired, named } = setUp()
  const second = named('second')
  const first = { ...named('first'), onDeadline: () => deadlines.remove(second) }
  deadlines.add(first, 100)
  deadlines.add(second, 100)
  await clock.advance(200)
  assert.deepEqual(fired, [])
  assert.equal(deadlines.size, 0)
})
