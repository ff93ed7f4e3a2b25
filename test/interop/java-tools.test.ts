// Apache Kafka's own tools, of 3.9 and of 4.1, against this project's broker.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { startBroker, type TestBroker } from '../../src/testing/start-broker.ts'
import { missingKafka, runTool } from '../support/kafka.ts'

const directory = mkdtempSync(join(tmpdir(), 'ottla-java-'))
let broker: TestBroker

before(async () => {
  broker = await startBroker()
})

after(async () => {
  await broker.stop()
  rmSync(directory, { recursive: true, force: true })
})

function suite(version: '3.9' | '4.1'): void {
  const topicOf = (name: string): string => `java-${version.replace('.', '-')}-${name}`

  /** What a tool prints; it has to end well. */
  async function run(main: string, args: readonly string[], input = ''): Promise<string> {
    const server = ['--bootstrap-server', broker.bootstrap]
    const result = await runTool(version, main, [...server, ...args], input)
    assert.equal(result.code, 0, `${main} ${args.join(' ')}\n${result.stdout}\n${result.stderr}`)
    return result.stdout
  }

  const topics = (...args: string[]) => run('org.apache.kafka.tools.TopicCommand', args)
  const configs = (...args: string[]) => run('kafka.admin.ConfigCommand', args)
  const groups = (...args: string[]) =>
    run('org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', args)

  const produce = (topic: string, lines: readonly string[], ...args: string[]) =>
    run(
      version === '3.9' ? 'kafka.tools.ConsoleProducer' : 'org.apache.kafka.tools.ConsoleProducer',
      ['--topic', topic, ...args],
      lines.map((line) => `${line}\n`).join(''),
    )

  async function consume(
    topic: string | null,
    count: number,
    ...args: string[]
  ): Promise<string[]> {
    const main = 'org.apache.kafka.tools.consumer.ConsoleConsumer'
    const stop = ['--max-messages', String(count), '--timeout-ms', '20000']
    const from = topic === null ? [] : ['--topic', topic]
    const text = await run(main, [...from, ...stop, ...args])
    return text.split('\n').filter((line) => line !== '')
  }

  async function offsets(topic: string, time: string): Promise<string> {
    const args = ['--topic', topic, '--time', time]
    return (await run('org.apache.kafka.tools.GetOffsetShell', args)).trim()
  }

  test('topics: create, describe, alter, list, delete', async () => {
    const name = topicOf('topics')
    const creation = ['--create', '--topic', name, '--partitions', '2', '--replication-factor', '1']
    await topics(...creation, '--config', 'retention.ms=1234')
    const described = await topics('--describe', '--topic', name)
    assert.match(
      described,
      /PartitionCount: 2\s+ReplicationFactor: 1\s+Configs: .*retention\.ms=1234/,
    )
    assert.match(described, /Partition: 1\s+Leader: 1\s+Replicas: 1\s+Isr: 1/)
    await topics('--alter', '--topic', name, '--partitions', '4')
    assert.match(await topics('--describe', '--topic', name), /PartitionCount: 4/)
    assert((await topics('--list')).split('\n').includes(name))
    await topics('--delete', '--topic', name)
    assert(!(await topics('--list')).split('\n').includes(name))
  })

  test('configs: alter and describe topics and brokers', async () => {
    const name = topicOf('configs')
    await topics('--create', '--topic', name)
    const entity = ['--entity-type', 'topics', '--entity-name', name]
    await configs('--alter', ...entity, '--add-config', 'retention.ms=99,segment.ms=500000')
    const described = await configs('--describe', ...entity)
    assert.match(described, /retention\.ms=99 sensitive=false/)
    await configs('--alter', ...entity, '--delete-config', 'retention.ms')
    assert.doesNotMatch(await configs('--describe', ...entity), /retention\.ms/)
    const own = ['--entity-type', 'brokers', '--entity-name', '1']
    await configs('--alter', ...own, '--add-config', 'log.cleaner.threads=2')
    assert.match(await configs('--describe', ...own), /log\.cleaner\.threads=2/)
    await configs('--alter', ...own, '--delete-config', 'log.cleaner.threads')
  })

  test('records with every compression, by an idempotent producer and without', async () => {
    const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
    const linesOf = (codec: string) =>
      Array.from({ length: 200 }, (_, index) => `${codec} ${index}`)
    for (const codec of codecs) {
      const idempotence = `enable.idempotence=${codec !== 'gzip'}`
      const settings = ['--compression-codec', codec, '--producer-property', idempotence]
      await produce(topicOf(`codec-${codec}`), linesOf(codec), ...settings)
    }
    const all = ['--include', topicOf('codec-.*'), '--from-beginning']
    const read = await consume(null, 200 * codecs.length, ...all)
    for (const codec of codecs) {
      assert.deepEqual(
        read.filter((line) => line.startsWith(codec)),
        linesOf(codec),
      )
    }
  })

  test('keys and headers, an offset of a partition, and a topic made by producing to it', async () => {
    const name = topicOf('keys')
    const parse = ['parse.key=true', 'parse.headers=true'].flatMap((one) => ['--property', one])
    await produce(name, ['h:1\tk1\tv1', 'h:2\tk2\tv2', 'h:3\tk3\tv3'], ...parse)
    const print = ['print.key=true', 'print.headers=true', 'print.offset=true']
    const printed = await consume(
      name,
      2,
      '--partition',
      '0',
      '--offset',
      '1',
      ...print.flatMap((one) => ['--property', one]),
    )
    assert.deepEqual(printed, ['Offset:1\th:2\tk2\tv2', 'Offset:2\th:3\tk3\tv3'])
  })

  test('offsets: latest, earliest, by time, and after deleting records', async () => {
    const name = topicOf('offsets')
    await topics('--create', '--topic', name)
    await produce(name, ['a', 'b', 'c'])
    assert.equal(await offsets(name, '-1'), `${name}:0:3`)
    assert.equal(await offsets(name, '-2'), `${name}:0:0`)
    assert.equal(await offsets(name, '1000'), `${name}:0:0`)
    assert.match(await offsets(name, '-3'), new RegExp(`^${name}:0:[0-2]$`))
    const file = join(directory, `${name}.json`)
    const partitions = [{ topic: name, partition: 0, offset: 2 }]
    writeFileSync(file, JSON.stringify({ partitions, version: 1 }))
    const main = 'org.apache.kafka.tools.DeleteRecordsCommand'
    assert.match(await run(main, ['--offset-json-file', file]), /low_watermark: 2/)
    assert.equal(await offsets(name, '-2'), `${name}:0:2`)
  })

  test('groups: describe, reset, read again, delete', async () => {
    const name = topicOf('groups')
    const group = ['--group', topicOf('group')]
    await topics('--create', '--topic', name)
    await produce(name, ['a', 'b', 'c'])
    assert.deepEqual(await consume(name, 3, ...group, '--from-beginning'), ['a', 'b', 'c'])
    const lag = new RegExp(`${name}\\s+0\\s+3\\s+3\\s+0`)
    assert.match(await groups('--describe', ...group), lag)
    assert.match(await groups('--list', '--state'), new RegExp(`${topicOf('group')}.*Empty`))
    const reset = ['--reset-offsets', '--to-offset', '1', '--topic', name, '--execute']
    await groups(...group, ...reset)
    assert.deepEqual(await consume(name, 2, ...group), ['b', 'c'])
    await groups('--delete', ...group)
    assert.doesNotMatch(await groups('--list'), new RegExp(topicOf('group')))
  })

  test('load: the producer of the performance tool', async () => {
    const name = topicOf('perf')
    await topics('--create', '--topic', name, '--partitions', '3')
    const records = ['--num-records', '20000', '--record-size', '100', '--throughput', '-1']
    const properties = [`bootstrap.servers=${broker.bootstrap}`, 'acks=all', 'linger.ms=5']
    const args = ['--topic', name, ...records, '--producer-props', ...properties]
    const { code, stdout } = await runTool(
      version,
      'org.apache.kafka.tools.ProducerPerformance',
      args,
    )
    assert.equal(code, 0)
    assert.match(stdout, /20000 records sent/)
    const ends = (await offsets(name, '-1'))
      .split('\n')
      .map((line) => Number(line.split(':').at(-1)))
    assert.equal(
      ends.reduce((sum, one) => sum + one, 0),
      20_000,
    )
  })

  test('what the broker says of itself', async () => {
    const apiVersions =
      version === '3.9'
        ? 'kafka.admin.BrokerApiVersionsCommand'
        : 'org.apache.kafka.tools.BrokerApiVersionsCommand'
    const versions = await run(apiVersions, [])
    assert.match(versions, /Produce\(0\): 0 to 11/)
    const logDirs = await run('org.apache.kafka.tools.LogDirsCommand', ['--describe'])
    assert.match(logDirs, /"error":null/)
    const cluster = 'org.apache.kafka.tools.ClusterTool'
    const { stdout } = await runTool(version, cluster, [
      'cluster-id',
      '--bootstrap-server',
      broker.bootstrap,
    ])
    assert.match(stdout, /Cluster ID: [\w-]{22}/)
  })
}

for (const version of ['3.9', '4.1'] as const) {
  const options = { skip: missingKafka(version), concurrency: 2 }
  describe(`the tools of ${version}`, options, () => suite(version))
}
