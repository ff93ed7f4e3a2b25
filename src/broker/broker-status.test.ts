// What `/readyz`, the log and the metrics tell of a start that has much to check.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerConfig } from '../config/broker-config.ts'
import { resolveTopicConfig } from '../config/topic-config.ts'
import { Logs } from '../log/logs.ts'
import type { Logger } from '../telemetry/logger.ts'
import { Metrics } from '../telemetry/metrics.ts'
import { SimulatedWorld, type SimulatedMachine } from '../testing/simulated/simulated-world.ts'
import { buildBatch } from '../wire/records/build-batch.ts'
import { BrokerStatus } from './broker-status.ts'

const PARTITIONS = 12
const BATCHES = 12
const VALUE_BYTES = 300_000

interface Watched {
  readonly status: BrokerStatus
  readonly metrics: Metrics
  readonly lines: string[]
}

function watched(): Watched {
  return { status: new BrokerStatus(), metrics: new Metrics(), lines: [] }
}

function open(machine: SimulatedMachine, { status, metrics, lines }: Watched): Promise<Logs> {
  const config = BrokerConfig.parse(
    new Map([
      ['zookeeper.connect', 'localhost:2181'],
      ['num.recovery.threads.per.data.dir', '2'],
    ]),
  )
  const line = (text: string) => void lines.push(text)
  const logger: Logger = {
    debug() {},
    info: line,
    warn: line,
    error: line,
    named: () => logger,
  }
  return Logs.open({
    platform: machine.platform,
    logger,
    metrics,
    config,
    directories: ['/d1', '/d2'],
    brokerId: 0,
    clusterId: 'jzqEa8BARt2v_OD1cmK9Nw',
    topicConfig: () => resolveTopicConfig(config),
    onProgress: (progress) => status.onLoadProgress(progress),
  })
}

/** Twelve partitions over both directories, written and never flushed. */
async function filled(machine: SimulatedMachine): Promise<number> {
  const logs = await machine.platform.clock.resolve(open(machine, watched()))
  let bytes = 0
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const log = logs.getOrCreate('t', partition, undefined, { isNew: true })
    for (let index = 0; index < BATCHES; index += 1) {
      const records = buildBatch({
        records: [{ key: null, value: Buffer.alloc(VALUE_BYTES), timestamp: 1 }],
      })
      const options = { leaderEpoch: 0, origin: 'client', requestVersion: 9, nowMs: 1 } as const
      assert.equal(log.appendAsLeader(records, options).error, 0)
      await machine.platform.clock.advance(1)
    }
    bytes += log.sizeBytes
  }
  return bytes
}

test('a recovery of several directories at once: partitions, bytes and time left', async () => {
  const machine = new SimulatedWorld({ seed: 1 }).machine('broker')
  const bytes = await filled(machine)
  machine.kill()
  const { clock, disk } = machine.platform
  disk.latencyMs = (operation) => (operation === 'read' ? 1_000 : 0)
  const start = watched()
  start.status.begin('recovery', 'loading logs')
  const opening = open(machine, start)
  const details: string[] = []
  let logs: Logs | undefined
  void opening.then((value) => {
    logs = value
    return value
  })
  for (let second = 0; logs === undefined && second < 60; second += 1) {
    await clock.advance(1_000)
    details.push(start.status.detail)
    const left = /remaininglogstorecover\{dir="\/d1"\} (\d)/.exec(start.metrics.render())
    if (logs === undefined) assert.ok(Number(left?.[1]) <= 6)
  }
  const total = (bytes / 1e6).toFixed(1)
  const form = new RegExp(
    `^loading logs: (\\d+) of 12 partitions, ([\\d.]+) of ${total} MB checked(, about (\\d+) s left)?$`,
  )
  const seen = details.map((detail) => form.exec(detail) ?? assert.fail(detail))
  const checked = seen.map(([, , megabytes]) => Number(megabytes))
  assert.deepEqual(
    checked,
    checked.toSorted((a, b) => a - b),
  )
  assert.ok(new Set(checked).size > 6, String(checked))
  assert.equal(checked.at(-1)?.toFixed(1), total)
  const left = seen.flatMap(([, , , , seconds]) => (seconds === undefined ? [] : [Number(seconds)]))
  const middle = Math.floor(left.length / 2)
  assert.ok(Math.abs((left[middle] ?? 0) - (details.length - middle)) <= 3, String(left))
  assert.ok((left.at(-2) ?? 9) <= 2, String(left))
  assert.ok(
    start.lines.some((line) => line.startsWith('Loading logs: ') && form.test(`l${line.slice(1)}`)),
  )
  assert.match(start.lines.at(-1) ?? '', new RegExp(`^Loaded 12 of 12 partitions, ${total} of`))
  assert.doesNotMatch(start.metrics.render(), /remaininglogs/)
  assert.equal(logs?.size, PARTITIONS)
})

test('after a clean stop there is nothing to check', async () => {
  const machine = new SimulatedWorld({ seed: 1 }).machine('broker')
  const logs = await open(machine, watched())
  logs.getOrCreate('t', 0, undefined, { isNew: true })
  await logs.close()
  machine.kill()
  const start = watched()
  start.status.begin('recovery', 'loading logs')
  await open(machine, start)
  assert.match(start.status.detail, /^loading logs: 1 of 1 partitions$/)
  assert.match(start.lines.at(-1) ?? '', /^Loaded 1 of 1 partitions, in \d+ ms$/)
  start.status.begin('running', 'running')
  assert.equal(start.status.detail, 'running')
})
