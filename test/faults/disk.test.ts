// A broker as a process whose second log directory is a small file system of its own: it fills up, or
// is read-only. Where such a one cannot be made (it takes the right to mount), the simulated
// disk has to do: src/broker/storage-failures.test.ts.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Produce } from '../../src/wire/messages/00-produce.ts'
import { CreateTopics } from '../../src/wire/messages/19-create-topics.ts'
import { DescribeLogDirs } from '../../src/wire/messages/35-describe-log-dirs.ts'
import { buildBatch } from '../../src/wire/records/build-batch.ts'
import { BrokerProcess } from '../support/broker-process.ts'
import { readBack } from '../support/read-back.ts'
import { until } from '../support/until.ts'
import { Wire } from '../support/wire.ts'

const TOPIC = 't'
const STORAGE_ERROR = 56
const SIZE = '4m'
const root = mkdtempSync(join(tmpdir(), 'ottla-disk-'))
const mounted: string[] = []

function mount(path: string): void {
  mkdirSync(path, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'none', path], { stdio: 'ignore' })
  mounted.push(path)
}

function mayMount(): boolean {
  try {
    mount(join(root, 'probe'))
    return true
  } catch {
    return false
  }
}

const skip = mayMount() ? false : 'mounting a file system is not allowed here'

after(() => {
  for (const path of mounted) execFileSync('umount', ['-l', path])
  rmSync(root, { recursive: true, force: true })
})

async function produce(broker: BrokerProcess, partition: number, value: string): Promise<number> {
  using wire = await Wire.open({ host: '127.0.0.1', port: broker.port })
  const record = { key: null, value: Buffer.from(value), timestamp: Date.now() }
  const partitionData = [{ index: partition, records: buildBatch({ records: [record] }) }]
  const topicData = [{ name: TOPIC, partitionData }]
  const request = { transactionalId: null, acks: -1, timeoutMs: 5_000, topicData }
  const { responses } = await wire.ask(Produce, 9, request)
  return responses[0]?.partitionResponses[0]?.errorCode ?? -1
}

async function directories(broker: BrokerProcess) {
  using wire = await Wire.open({ host: '127.0.0.1', port: broker.port })
  const { results } = await wire.ask(DescribeLogDirs, 4, { topics: null })
  return results
}

/** The partition of the topic that lies in the directory. */
async function partitionIn(broker: BrokerProcess, path: string): Promise<number> {
  const found = (await directories(broker)).find(({ logDir }) => logDir === path)
  return found?.topics.find(({ name }) => name === TOPIC)?.partitions[0]?.partitionIndex ?? -1
}

async function start(story: string) {
  const small = join(root, story, 'small')
  mount(small)
  const plain = join(root, story, 'plain')
  const broker = await BrokerProcess.start(join(root, story), { 'log.dirs': `${plain},${small}` })
  using wire = await Wire.open({ host: '127.0.0.1', port: broker.port })
  const topic = { name: TOPIC, numPartitions: 2, replicationFactor: 1 }
  const topics = [{ ...topic, assignments: [], configs: [] }]
  const answer = await wire.ask(CreateTopics, 7, { topics, timeoutMs: 10_000 })
  assert.equal(answer.topics[0]?.errorCode, 0)
  const lost = await partitionIn(broker, small)
  await until(async () => (await produce(broker, lost, 'first')) === 0, 'a first record')
  await until(async () => (await produce(broker, 1 - lost, 'first')) === 0, 'a first record')
  return { broker, small, lost, kept: 1 - lost }
}

type Story = Awaited<ReturnType<typeof start>>

/** The directory is out, said in one line; the other goes on, and a start without the fault has all. */
async function afterwards({ broker, small, lost, kept }: Story, written: string[]): Promise<void> {
  assert.equal(await produce(broker, lost, 'late'), STORAGE_ERROR)
  const found = (await directories(broker)).find(({ logDir }) => logDir === small)
  assert.deepEqual(
    [found?.errorCode, found?.totalBytes, found?.usableBytes, found?.topics.length],
    [STORAGE_ERROR, -1, -1, 0],
  )
  const lines = broker.output.split('\n').filter((line) => / ERROR /.test(line))
  assert.equal(lines.length, 1, lines.join('\n'))
  assert.match(lines[0] ?? '', new RegExp(small))
  const address = { host: '127.0.0.1', port: broker.port }
  const values = (await readBack(address, TOPIC, kept)).map(({ value }) => value)
  assert.deepEqual(values, ['first', 'second'])
  await broker.stop()
  execFileSync('mount', ['-o', 'remount,rw,size=64m', small])
  const again = await broker.again()
  const back = (await readBack(address, TOPIC, lost)).map(({ value }) => value)
  assert.deepEqual(back.slice(0, written.length), written)
  assert.ok(back.length <= written.length + 1)
  assert.equal(await produce(again, lost, 'third'), 0)
  await again.stop()
}

test('a log directory that fills up', { skip }, async () => {
  const story = await start('full')
  const written = ['first']
  for (let index = 0; index < 200; index++) {
    const value = `${index} `.padEnd(50_000, 'x')
    if ((await produce(story.broker, story.lost, value)) !== 0) break
    written.push(value)
  }
  assert.ok(written.length > 10 && written.length < 100, `${written.length} records`)
  assert.equal(await produce(story.broker, story.kept, 'second'), 0)
  await afterwards(story, written)
})

test('a log directory that is read-only when the broker starts', { skip }, async () => {
  const { broker, small, lost, kept } = await start('read-only')
  await broker.stop()
  execFileSync('mount', ['-o', 'remount,ro', small])
  const again = await broker.again()
  await until(async () => (await produce(again, kept, 'second')) === 0, 'the other directory')
  await afterwards({ broker: again, small, lost, kept }, ['first'])
})
