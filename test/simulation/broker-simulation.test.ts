// Short runs of the simulation; `npm run simulate` makes long ones.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulateBroker } from './broker-simulation.ts'

const MINUTES = 0.1

for (const seed of [1, 2, 3]) {
  test(`records survive what happens to a broker, seed ${seed}`, async () => {
    const report = await simulateBroker({ seed, minutes: MINUTES }).catch((error: unknown) => {
      throw new Error(`again with: npm run simulate -- --seed=${seed} --minutes=${MINUTES}`, {
        cause: error,
      })
    })
    assert.ok(report.acknowledged > 100, `only ${report.acknowledged} acknowledged`)
    assert.ok(report.consumed > 100, `only ${report.consumed} consumed`)
  })
}

test('the same seed gives the same run', async () => {
  const run = { seed: 4, minutes: MINUTES }
  const first = await simulateBroker(run)
  const second = await simulateBroker(run)
  assert.deepEqual(second, first)
})
