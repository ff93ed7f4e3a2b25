// kazoo's recipes (locks, elections, counters, queues, …) behave on our ZooKeeper server. Skips where
// `python3 -c 'import kazoo'` does not work.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { ZooKeeperServer } from '../../src/zookeeper/server.ts'
import { runCommand } from '../support/kafka.ts'

const RECIPES = 'lock election counter queue barrier semaphore watchers transaction party'

async function hasKazoo(): Promise<boolean> {
  const { code } = await runCommand('python3', ['-c', 'import kazoo']).catch(() => ({ code: 1 }))
  return code === 0
}

test("kazoo's recipes behave", { skip: (await hasKazoo()) ? false : 'kazoo' }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ottla-kazoo-'))
  const server = await ZooKeeperServer.start({
    platform: nodePlatform(),
    logger: silentLogger,
    directory,
    listeners: [{ host: '127.0.0.1', port: 0 }],
  })
  try {
    const script = join(import.meta.dirname, 'kazoo-recipes.py')
    const address = `127.0.0.1:${server.ports[0]}`
    const { code, stdout, stderr } = await runCommand('python3', [script, address])
    assert.deepEqual([code, stdout.trim().split('\n').join(' ')], [0, RECIPES], stderr)
  } finally {
    await server.close()
    rmSync(directory, { recursive: true, force: true })
  }
})
