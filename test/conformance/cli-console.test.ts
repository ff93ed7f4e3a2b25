// The commands beyond what Kafka's scripts print: JSON for programs, large inputs, readers that go.
import assert from 'node:assert/strict'
import { Readable, Writable } from 'node:stream'
import { test } from 'node:test'
import { run } from '../../src/cli/run.ts'
import { runTool } from '../support/run-tool.ts'
import { createTopic, theTarget } from './targets.ts'

async function tool(args: string, stdin?: string) {
  const { host, port } = await theTarget()
  return runTool([...args.split(' '), '--bootstrap-server', `${host}:${port}`], stdin)
}

async function json(args: string): Promise<unknown> {
  const { exitCode, stdout, stderr } = await tool(`${args} --format json`)
  assert.deepEqual([exitCode, stderr], [0, ''])
  return JSON.parse(stdout)
}

test('every list and every description comes as JSON', async () => {
  const topicId = await createTopic('json', { configs: { 'retention.ms': '5000' } })
  await tool('console-producer --topic json', 'a\nb\n')
  const read = '--topic json --group json-g --from-beginning --max-messages 1 --timeout-ms 9000'
  assert.equal((await tool(`console-consumer ${read}`)).stdout, 'a\n')

  const names = (await json('topics --list')) as string[]
  assert(names.includes('json'))
  assert.deepEqual(await json('topics --describe --topic json'), [
    {
      topic: 'json',
      topicId,
      partitionCount: 1,
      replicationFactor: 1,
      configs: { 'retention.ms': '5000' },
      partitions: [{ partition: 0, leader: 1, leaderEpoch: 0, replicas: [1], isr: [1] }],
    },
  ])
  assert.deepEqual(await json('get-offsets --topic json'), [
    { topic: 'json', partition: 0, offset: 2 },
  ])
  const [described] = (await json('configs --describe --topic json')) as {
    configs: { name: string; value: string; source: string }[]
  }[]
  assert.equal(described?.configs[0]?.source, 'DYNAMIC_TOPIC_CONFIG')
  const [group] = (await json('consumer-groups --describe --group json-g')) as {
    state: string
    offsets: unknown[]
  }[]
  assert.equal(group?.state, 'Empty')
  const place = { topic: 'json', partition: 0, currentOffset: 1, logEndOffset: 2, lag: 1 }
  assert.deepEqual(group?.offsets, [{ ...place, consumerId: null }])
  const groups = (await json('consumer-groups --list')) as { group: string; type: string }[]
  assert.equal(groups.find(({ group: id }) => id === 'json-g')?.type, 'Classic')
  const reset = '--reset-offsets --group json-g --topic json --to-latest --dry-run'
  assert.deepEqual(await json(`consumer-groups ${reset}`), [
    { group: 'json-g', topic: 'json', partition: 0, newOffset: 2 },
  ])
  const [broker] = (await json('broker-api-versions')) as { apis: { key: number }[] }[]
  assert.equal(broker?.apis[0]?.key, 0)
  const directories = (await json('log-dirs --describe --topic-list json')) as {
    brokers: unknown[]
  }
  assert.equal(directories.brokers.length, 1)
  assert.deepEqual(await json('reassign-partitions --list'), [])
  assert.equal(
    typeof ((await json('cluster cluster-id')) as { clusterId: string }).clusterId,
    'string',
  )
})

test('what a member of a group has not printed is read by the next', async () => {
  await createTopic('shared')
  await tool('console-producer --topic shared', '1\n2\n3\n4\n5\n')
  const read = 'console-consumer --topic shared --group shared-g --from-beginning --timeout-ms 9000'
  assert.equal((await tool(`${read} --max-messages 2`)).stdout, '1\n2\n')
  assert.equal((await tool(`${read} --max-messages 3`)).stdout, '3\n4\n5\n')
})

const LINES = 60_000

test('a large input goes through in order, while only a part of it is read ahead', async () => {
  await createTopic('large')
  const { host, port } = await theTarget()
  const bootstrap = `${host}:${port}`
  function* chunks() {
    for (let start = 0; start < LINES; start += 1000) {
      const numbers = Array.from({ length: 1000 }, (_, index) => `line ${start + index}\n`)
      yield Buffer.from(numbers.join(''))
    }
  }
  const sink = new Writable({ write: (_chunk, _encoding, done) => done() })
  const args = ['console-producer', '--topic', 'large', '--bootstrap-server', bootstrap]
  const streams = { stdin: Readable.from(chunks()), stdout: sink, stderr: sink }
  assert.equal(await run(args, streams), 0)
  const { stdout } = await tool(
    `console-consumer --topic large --from-beginning --max-messages ${LINES} --timeout-ms 9000`,
  )
  const lines = stdout.split('\n')
  assert.equal(lines.length, LINES + 1)
  assert(lines.slice(0, LINES).every((line, index) => line === `line ${index}`))
})

test('a consumer ends when nobody reads what it prints', async () => {
  const { host, port } = await theTarget()
  await createTopic('unread')
  await tool('console-producer --topic unread', 'a\n')
  const broken = new Writable({
    write: (_chunk, _encoding, done) => done(new Error('EPIPE')),
  })
  let said = ''
  const stderr = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      said += chunk.toString()
      done()
    },
  })
  const place = ['--topic', 'unread', '--from-beginning', '--bootstrap-server', `${host}:${port}`]
  const streams = { stdin: Readable.from([]), stdout: broken, stderr }
  assert.equal(await run(['console-consumer', ...place], streams), 0)
  assert.match(said, /Unable to write to standard out, closing consumer\.\nProcessed a total of 1/)
})
