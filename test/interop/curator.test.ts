// Curator's recipes (locks, leader latch, counters, barrier, cache, …) behave on our ZooKeeper
// server. Skips where Java, Maven or the jars are missing.
import { join } from 'node:path'
import { test } from 'node:test'
import { kafkaJars } from '../../scripts/kafka-jars.ts'
import { runRecipes } from './recipes.ts'

const RECIPES =
  'mutex readWriteLock semaphore leaderLatch counter sharedCount doubleBarrier cache persistentNode'
const { classPath = '', missing } = kafkaJars('curator')

test("Curator's recipes behave", { skip: missing ?? false }, async () => {
  const program = join(import.meta.dirname, 'CuratorRecipes.java')
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'
  await runRecipes('java', ['-Xmx256M', quiet, '-cp', classPath, program], RECIPES, 120_000)
})
