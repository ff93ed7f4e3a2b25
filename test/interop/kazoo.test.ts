// kazoo's recipes (locks, elections, counters, queues, …) behave on our ZooKeeper server. Skips where
// `python3 -c 'import kazoo'` does not work.
import { join } from 'node:path'
import { test } from 'node:test'
import { runCommand } from '../support/kafka.ts'
import { runRecipes } from './recipes.ts'

const RECIPES = 'lock election counter queue barrier semaphore watchers transaction party'

async function hasKazoo(): Promise<boolean> {
  const { code } = await runCommand('python3', ['-c', 'import kazoo']).catch(() => ({ code: 1 }))
  return code === 0
}

test("kazoo's recipes behave", { skip: (await hasKazoo()) ? false : 'kazoo' }, async () => {
  await runRecipes('python3', [join(import.meta.dirname, 'kazoo-recipes.py')], RECIPES)
})
