// Random histories of a partition, with power cuts, against a model in memory.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { History } from './history-support.test.ts'

test('random histories agree with a model, whatever is cut', async () => {
  let cuts = 0
  for (let seed = 1; seed <= 40; seed += 1) {
    try {
      cuts += await new History({ seed, operations: 60, stepsBetweenCuts: 100 }).run()
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
  }
  assert.ok(cuts > 200, `only ${cuts} cuts`)
})
