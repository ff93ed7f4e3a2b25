// Curator's recipes (locks, leader latch, counters, barrier, cache, …) behave on our ZooKeeper
// server. Skips where Java, Maven or the jars are missing.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { kafkaJars } from '../../scripts/kafka-jars.ts'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { ZooKeeperServer } from '../../src/zookeeper/server.ts'
import { runCommand } from '../support/kafka.ts'

const RECIPES =
  'mutex readWriteLock semaphore leaderLatch counter sharedCount doubleBarrier cache persistentNode'
const { classPath = '', missing } = kafkaJars('curator')

test("Curator's recipes behave", { skip: missing ?? false }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ottla-curator-'))
  const server = await ZooKeeperServer.start({
    platform: nodePlatform(),
    logger: silentLogger,
    directory,
    listeners: [{ host: '127.0.0.1', port: 0 }],
  })
  try {
    const program = join(import.meta.dirname, 'CuratorRecipes.java')
    const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'
    const address = `127.0.0.1:${server.ports[0]}`
    const args = ['-Xmx256M', quiet, '-cp', classPath, program, address]
    const { code, stdout, stderr } = await runCommand('java', args, '', 120_000)
    assert.deepEqual([code, stdout.trim().split('\n').join(' ')], [0, RECIPES], stderr)
  } finally {
    await server.close()
    rmSync(directory, { recursive: true, force: true })
  }
})
