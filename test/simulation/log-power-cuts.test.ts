// Ten thousand power cuts in random histories of a partition, each with another fate of what was
// not synced. LOG_SEED=n runs one history, LOG_SEEDS=n that many.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { History } from '../../src/log/history-support.test.ts'

const DEFAULT_SEEDS = 285

test('acknowledged records survive 10,000 power cuts, in order, once', async (context) => {
  const only = process.env['LOG_SEED']
  const first = only === undefined ? 1000 : Number(only)
  const count = only === undefined ? Number(process.env['LOG_SEEDS'] ?? DEFAULT_SEEDS) : 1
  let cuts = 0
  for (let seed = first; seed < first + count; seed += 1) {
    try {
      cuts += await new History({ seed, operations: 60, stepsBetweenCuts: 25 }).run()
    } catch (error) {
      throw new Error(`again with LOG_SEED=${seed}`, { cause: error })
    }
  }
  context.diagnostic(`${cuts} power cuts in ${count} histories`)
  if (count >= DEFAULT_SEEDS) assert.ok(cuts >= 10_000, `only ${cuts} cuts`)
})
