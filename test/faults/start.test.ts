// Starts that cannot be: one sentence that says why, exit code 1, and nothing is touched.
import assert from 'node:assert/strict'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { BrokerProcess, type Finished } from '../support/broker-process.ts'
import { freePort } from '../support/free-port.ts'
import type { Settings } from '../support/kafka.ts'

const root = mkdtempSync(join(tmpdir(), 'ottla-start-'))

after(() => rmSync(root, { recursive: true, force: true }))

/** Every file below a directory, with its bytes and when it was changed. */
function contents(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .toSorted()
    .map((name) => {
      const file = join(directory, name)
      const stat = statSync(file)
      return stat.isDirectory()
        ? name
        : `${name} ${stat.mtimeMs} ${readFileSync(file).toString('hex')}`
    })
}

async function refusal(directory: string, settings: Settings, port?: number): Promise<Finished> {
  const broker = BrokerProcess.spawn(join(root, directory), port ?? (await freePort()), settings)
  const timer = setTimeout(() => broker.child.kill('SIGKILL'), 30_000)
  const finished = await broker.finished()
  clearTimeout(timer)
  assert.equal(finished.code, 1, finished.output)
  return finished
}

/** The one sentence; no stack, and no second thought. */
function sentence({ output }: Finished): string {
  const lines = output.split('\n').filter((line) => line !== '' && !/^\[|^\d{4}-/.test(line))
  assert.equal(lines.length, 1, output)
  assert.doesNotMatch(output, /^\s+at /m)
  return lines[0] ?? ''
}

/** The sentence that follows what was logged of the directory. */
function lastLine({ output }: Finished): string {
  const line = output.trimEnd().split('\n').at(-1) ?? ''
  assert.match(line, /^Cannot start: /)
  return line
}

function occupy(): Promise<{ port: number; server: Server }> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve({ port: typeof address === 'object' && address !== null ? address.port : 0, server })
    })
  })
}

test('a port that the user named is in use', async () => {
  const { port, server } = await occupy()
  const text = sentence(await refusal('port', {}, port))
  server.close()
  assert.match(text, new RegExp(`${port}`))
  assert.match(text, /another process uses that port/)
})

test('a directory of another cluster', async () => {
  const first = await BrokerProcess.start(join(root, 'cluster'))
  await first.stop()
  const file = join(first.logs, 'meta.properties')
  const changed = readFileSync(file, 'utf8').replace(
    /cluster\.id=.*/,
    'cluster.id=nsmdAZCDTMmVgtQPuaJDqg',
  )
  writeFileSync(file, changed)
  const before = contents(first.logs)
  const text = sentence(await refusal('cluster', {}))
  assert.match(text, /nsmdAZCDTMmVgtQPuaJDqg/)
  assert.match(text, /cluster/)
  assert.deepEqual(contents(first.logs), before)
})

test('a directory of another broker', async () => {
  const first = await BrokerProcess.start(join(root, 'id'))
  await first.stop()
  const before = contents(first.logs)
  const text = sentence(await refusal('id', { 'broker.id': '7' }))
  assert.match(text, /broker\.id/)
  assert.deepEqual(contents(first.logs), before)
})

test('a directory that a running broker has', async () => {
  const zookeeperPort = await freePort()
  const first = await BrokerProcess.start(join(root, 'locked'), {
    'ottla.zookeeper.listeners': `127.0.0.1:${zookeeperPort}`,
  })
  const text = lastLine(
    await refusal('locked-out', {
      'log.dirs': first.logs,
      'zookeeper.connect': `127.0.0.1:${zookeeperPort}`,
    }),
  )
  await first.stop()
  assert(text.includes(first.logs), text)
})

test('a data directory of ZooKeeper that a running broker has', async () => {
  const first = await BrokerProcess.start(join(root, 'zookeeper-locked'))
  const data = join(first.directory, 'zookeeper')
  const finished = await refusal('zookeeper-locked-out', { 'ottla.zookeeper.data.dir': data })
  await first.stop()
  assert(sentence(finished).includes(data))
})

test('a directory that is a file', async () => {
  const path = join(root, 'a-file')
  writeFileSync(path, 'mine')
  const text = lastLine(await refusal('file', { 'log.dirs': path }))
  assert(text.includes(path), text)
  assert.equal(readFileSync(path, 'utf8'), 'mine')
})

test('a file of settings that is damaged inside the directory', async () => {
  const first = await BrokerProcess.start(join(root, 'damaged'))
  await first.stop()
  writeFileSync(join(first.logs, 'meta.properties'), 'version=9\n')
  const before = contents(first.logs)
  const text = sentence(await refusal('damaged', {}))
  assert.match(text, /meta\.properties/)
  assert.deepEqual(contents(first.logs), before)
})

test('nothing answers at zookeeper.connect: an error in time, with both ways out', async () => {
  const connect = `127.0.0.1:${await freePort()}`
  const finished = await refusal('unreachable', {
    'zookeeper.connect': connect,
    'zookeeper.connection.timeout.ms': '1500',
  })
  const text = sentence(finished)
  assert(text.includes(connect), text)
  assert.match(text, /zookeeper\.connect/)
  assert.match(text, /embedded/)
  assert(finished.tookMs < 6_000, `${finished.tookMs} ms`)
})

const WRONG: readonly (readonly [string, string, RegExp])[] = [
  ['num.partitions', 'many', /Not a number of type INT/],
  ['num.partitions', '0', /at least 1/],
  ['log.cleanup.policy', 'burn', /compact, delete/],
  ['listeners', 'PLAINTEXT://', /listeners/],
]

for (const [key, value, allowed] of WRONG) {
  test(`a wrong setting, ${key}=${value}: file, key, value, and what is allowed`, async () => {
    const finished = await refusal('wrong', { [key]: value })
    const text = sentence(finished)
    assert(text.includes('server.properties'), text)
    assert(text.includes(key), text)
    assert(text.includes(value), text)
    assert.match(text, allowed)
  })
}

test('an unknown setting is a warning', async () => {
  const broker = await BrokerProcess.start(join(root, 'unknown'), { 'no.such.setting': '1' })
  await broker.stop()
  assert.match(broker.output, /WARN.*no\.such\.setting/)
})

test('a directory may be copied to another machine and started there', async () => {
  const first = await BrokerProcess.start(join(root, 'here'))
  await first.stop()
  mkdirSync(join(root, 'there'))
  for (const name of ['logs', 'zookeeper']) {
    cpSync(join(root, 'here', name), join(root, 'there', name), { recursive: true })
  }
  const second = await BrokerProcess.start(join(root, 'there'))
  await second.stop()
})
