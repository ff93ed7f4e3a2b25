// Random lives of a consumer group. One that fails is repeated by its seed:
//   GROUP_SEED=17 node --test test/simulation/group-model.test.ts
import { test } from 'node:test'
import { GroupWorld } from './group-model.ts'

const RUNS = Number(process.env['GROUP_RUNS'] ?? 300)
const STEPS = 250

async function live(seed: number): Promise<void> {
  const world = new GroupWorld(seed)
  try {
    for (let step = 0; step < STEPS; step++) await world.step()
    await world.heal()
    await world.checkReplay()
  } catch (error) {
    throw new Error(`GROUP_SEED=${seed} repeats this`, { cause: error })
  }
}

test('a group survives what happens to it', async () => {
  const seed = process.env['GROUP_SEED']
  if (seed !== undefined) {
    await live(Number(seed))
    return
  }
  for (let run = 0; run < RUNS; run++) await live(run)
})
