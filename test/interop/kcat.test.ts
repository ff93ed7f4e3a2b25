// kcat (librdkafka) against this project's broker.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { startBroker, type TestBroker } from '../../src/testing/start-broker.ts'
import { runCommand } from '../support/kafka.ts'

function isMissing(): boolean {
  try {
    execFileSync('kcat', ['-V'], { stdio: 'ignore' })
    return false
  } catch {
    return true
  }
}

describe('kcat', { skip: isMissing() ? 'kcat' : false }, () => {
  let broker: TestBroker

  before(async () => {
    broker = await startBroker()
  })

  after(() => broker.stop())

  async function kcat(args: readonly string[], input = ''): Promise<string> {
    const { code, stdout, stderr } = await runCommand(
      'kcat',
      ['-b', broker.bootstrap, ...args],
      input,
    )
    assert.equal(code, 0, stderr)
    return stdout
  }

  const lines = Array.from({ length: 300 }, (_, index) => `line ${index}`)
  const text = lines.map((line) => `${line}\n`).join('')

  for (const acks of ['0', '1', 'all']) {
    test(`records come back that were sent with acks ${acks}, to a topic made for them`, async () => {
      const topic = `kcat-acks-${acks}`
      await kcat(['-P', '-t', topic, '-X', `acks=${acks}`], text)
      const read = await kcat(['-C', '-t', topic, '-o', 'beginning', '-c', '300', '-q'])
      assert.equal(read, text)
    })
  }

  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    test(`compressed with ${codec}, by an idempotent producer`, async () => {
      const topic = `kcat-${codec}`
      const idempotent = ['-X', 'enable.idempotence=true', '-X', `compression.codec=${codec}`]
      await kcat(['-P', '-t', topic, ...idempotent], text)
      const read = await kcat(['-C', '-t', topic, '-o', 'beginning', '-e', '-q'])
      assert.equal(read, text)
    })
  }

  test('from an offset, from the end, by time; keys, headers and partitions', async () => {
    const topic = 'kcat-offsets'
    await kcat(['-P', '-t', topic, '-K:', '-H', 'h=header'], 'k1:a\nk2:b\nk3:c\n')
    const format = ['-f', '%o %k %s %h\\n', '-e', '-q']
    assert.equal(
      await kcat(['-C', '-t', topic, '-p', '0', '-o', '1', ...format]),
      '1 k2 b h=header\n2 k3 c h=header\n',
    )
    assert.equal(
      await kcat(['-C', '-t', topic, '-p', '0', '-o', '-1', ...format]),
      '2 k3 c h=header\n',
    )
    assert.equal(
      await kcat(['-C', '-t', topic, '-o', 's@0', ...format, '-c', '1']),
      '0 k1 a h=header\n',
    )
    assert.match(await kcat(['-Q', '-t', `${topic}:0:1000`]), /offset 0/)
  })

  test('metadata', async () => {
    const { brokers, topics } = JSON.parse(await kcat(['-L', '-J'])) as {
      brokers: { id: number; name: string }[]
      topics: { topic: string; partitions: { leader: number }[] }[]
    }
    assert.deepEqual(brokers, [{ id: 1, name: broker.bootstrap }])
    assert(topics.every(({ partitions }) => partitions.every(({ leader }) => leader === 1)))
  })

  test('a group reads everything, and goes on where it was', async () => {
    const topic = 'kcat-group'
    await kcat(['-P', '-t', topic], text)
    const group = ['-G', 'kcat-group', topic, '-X', 'auto.offset.reset=earliest', '-q']
    assert.equal(
      await kcat([...group, '-c', '100']),
      lines
        .slice(0, 100)
        .map((line) => `${line}\n`)
        .join(''),
    )
    assert.equal(
      await kcat([...group, '-c', '200']),
      lines
        .slice(100)
        .map((line) => `${line}\n`)
        .join(''),
    )
  })
})
