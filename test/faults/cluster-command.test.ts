// `ottla cluster --brokers 3` as a user plays with it: who leads what, before and after a kill, a stop
// and a start; and nothing is left running when it ends.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Admin } from '../../src/client/admin.ts'
import { KafkaClient } from '../../src/client/kafka-client.ts'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { pause, until } from '../support/until.ts'

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts')
const root = mkdtempSync(join(tmpdir(), 'ottla-cluster-command-'))

after(() => rmSync(root, { recursive: true, force: true }))

class ClusterCommand {
  readonly #child
  output = ''

  constructor(directory: string) {
    const args = [MAIN, 'cluster', '--brokers', '3', '--directory', directory]
    this.#child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#child.stdout.on('data', (chunk: Buffer) => (this.output += chunk.toString()))
  }

  /** What it prints from now on, once that matches. */
  async says(pattern: RegExp, line = ''): Promise<string> {
    const from = line === '' ? 0 : this.output.length
    if (line !== '') this.#child.stdin.write(`${line}\n`)
    await until(() => pattern.test(this.output.slice(from)), String(pattern), 60_000)
    return this.output.slice(from)
  }

  /** Asks for the status again and again, until it matches. */
  async shows(pattern: RegExp): Promise<string> {
    for (;;) {
      const status = await this.says(
        /controller: .*\n[^]*orders-0: .*\n|No broker answers/,
        'status',
      )
      if (pattern.test(status)) return status
      await pause(100)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) await this.end('SIGTERM')
  }

  async end(signal?: NodeJS.Signals): Promise<number | null> {
    const exited = once(this.#child, 'exit')
    if (signal === undefined) this.#child.stdin.write('quit\n')
    else this.#child.kill(signal)
    await exited
    return this.#child.exitCode
  }
}

async function createTopic(bootstrap: string): Promise<void> {
  const client = await KafkaClient.connect({
    platform: nodePlatform(),
    bootstrap,
    clientId: 'test',
  })
  const configs = { 'min.insync.replicas': '2' }
  const topic = { name: 'orders', partitions: 1, replicationFactor: 3, configs }
  assert.equal((await new Admin(client).createTopics([topic]))[0]?.errorCode, 0)
  client.close()
}

async function isFree(bootstrap: string): Promise<boolean> {
  try {
    const retry = { totalMs: 0 }
    const platform = nodePlatform()
    const client = await KafkaClient.connect({ platform, bootstrap, clientId: 'test', retry })
    client.close()
    return false
  } catch {
    return true
  }
}

test(
  'a cluster on this machine is killed, stopped and started by words',
  { timeout: 120_000 },
  async () => {
    await using command = new ClusterCommand(join(root, 'played'))
    const first = await command.says(/controller: [123]\n/)
    const bootstrap = /Starting 3 brokers at (\S+):/.exec(first)?.[1] ?? ''
    for (const id of [1, 2, 3])
      assert.match(first, new RegExp(`broker ${id} at 127.0.0.1:\\d+: up`))
    await createTopic(bootstrap)
    const status = await command.shows(/orders-0: leader \d, .*in sync \d,\d,\d\n/)
    const leader = /orders-0: leader (\d)/.exec(status)?.[1] ?? ''

    assert.match(
      await command.says(/\n/, `kill ${leader}`),
      new RegExp(`Broker ${leader} is killed`),
    )
    const others = `[^${leader}]`
    await command.shows(
      new RegExp(`broker ${leader} .*: down\n[^]*leader ${others}, .*sync ${others},${others}\n`),
    )
    assert.match(await command.says(/\n/, `kill ${leader}`), /is not running/)
    assert.match(await command.says(/\n/, `start ${leader}`), new RegExp(`Broker ${leader} starts`))
    await command.shows(/orders-0: leader \d, .*in sync \d,\d,\d\n/)
    assert.match(
      await command.says(/\n/, `stop ${leader}`),
      new RegExp(`Broker ${leader} has stopped`),
    )
    await command.shows(new RegExp(`broker ${leader} .*: down\n[^]*sync ${others},${others}\n`))
    assert.match(await command.says(/\n/, 'kill 4'), /There is no broker 4/)
    assert.match(await command.says(/\n/, 'explode'), /There is no command explode/)
    assert.equal(await command.end(), 0)
    assert(await isFree(bootstrap))
  },
)

test('a signal ends its brokers, too', { timeout: 120_000 }, async () => {
  await using command = new ClusterCommand(join(root, 'stopped'))
  const first = await command.says(/controller: [123]\n/)
  const bootstrap = /Starting 3 brokers at (\S+):/.exec(first)?.[1] ?? ''
  assert.equal(await command.end('SIGTERM'), 0)
  assert(await isFree(bootstrap))
})
