// A program in another language runs its library's recipes on our ZooKeeper server, and prints the name
// of each that has behaved.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { ZooKeeperServer } from '../../src/zookeeper/server.ts'
import { runCommand } from '../support/kafka.ts'

/** The server's address is the last of the arguments. */
export async function runRecipes(
  command: string,
  args: readonly string[],
  recipes: string,
  timeoutMs?: number,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'ottla-recipes-'))
  const server = await ZooKeeperServer.start({
    platform: nodePlatform(),
    logger: silentLogger,
    directory,
    listeners: [{ host: '127.0.0.1', port: 0 }],
  })
  try {
    const address = `127.0.0.1:${server.ports[0]}`
    const { code, stdout, stderr } = await runCommand(command, [...args, address], '', timeoutMs)
    assert.deepEqual([code, stdout.trim().split('\n').join(' ')], [0, recipes], stderr)
  } finally {
    await server.close()
    rmSync(directory, { recursive: true, force: true })
  }
}
