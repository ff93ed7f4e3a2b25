// How a broker ends: in order within two seconds, or at once when asked twice.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Metadata } from '../../src/wire/messages/03-metadata.ts'
import { Fetch } from '../../src/wire/messages/01-fetch.ts'
import { BrokerProcess } from '../support/broker-process.ts'
import { until } from '../support/until.ts'
import { Wire } from '../support/wire.ts'

const root = mkdtempSync(join(tmpdir(), 'ottla-stop-'))

after(() => rmSync(root, { recursive: true, force: true }))

const mark = (broker: BrokerProcess): string => join(broker.logs, '.kafka_cleanshutdown')

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} stops within 2 s, though clients wait for records, and leaves the mark`, async () => {
    const broker = await BrokerProcess.start(join(root, signal))
    using wire = await Wire.open({ host: '127.0.0.1', port: broker.port })
    const flags = { allowAutoTopicCreation: true, includeTopicAuthorizedOperations: false }
    await until(async () => {
      const { topics } = await wire.ask(Metadata, 9, { topics: [{ name: 'waited' }], ...flags })
      return topics[0]?.errorCode === 0
    }, 'a topic')
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000 }]
    wire.send(Fetch, 12, {
      maxWaitMs: 60_000,
      minBytes: 1,
      topics: [{ topic: 'waited', partitions }],
      forgottenTopicsData: [],
    })
    assert.equal(existsSync(mark(broker)), false)
    const began = performance.now()
    broker.child.kill(signal)
    const { code } = await broker.finished()
    const tookMs = performance.now() - began
    assert.equal(code, 0, broker.output)
    assert(tookMs < 2_000, `${Math.round(tookMs)} ms`)
    assert(existsSync(mark(broker)))
  })
}

test('a second Ctrl-C ends it at once', async () => {
  const broker = await BrokerProcess.start(join(root, 'twice'))
  broker.child.kill('SIGINT')
  broker.child.kill('SIGINT')
  const began = performance.now()
  await broker.finished()
  assert(performance.now() - began < 1_000)
})

test('the mark is gone while it runs, and absent after kill -9', async () => {
  const first = await BrokerProcess.start(join(root, 'mark'))
  await first.stop()
  assert(existsSync(mark(first)))
  const second = await first.again()
  assert.equal(existsSync(mark(second)), false)
  await second.kill()
  assert.equal(existsSync(mark(second)), false)
})
