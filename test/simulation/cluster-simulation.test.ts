// Whole clusters under faults; `npm run simulate:many` runs many more, and longer.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulateCluster } from './cluster-simulation.ts'

const MINUTES = 0.25

for (const seed of [3]) {
  test(`a cluster under the faults of seed ${seed} keeps its promises`, async () => {
    const { acknowledged, faults } = await simulateCluster({ seed, minutes: MINUTES })
    assert(acknowledged > 100)
    assert(faults > 0)
  })
}

test('the same seed makes the same run', async () => {
  const run = { seed: 4, brokers: 3, minutes: 0.05 }
  const first = await simulateCluster(run)
  assert.deepEqual(await simulateCluster(run), first)
})
