// A member of a group whose process is killed: the others have its partitions within its session.
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { Kafka, logLevel } from 'kafkajs'
import { startBroker } from '../../src/testing/start-broker.ts'
import { end } from '../support/kafka.ts'
import { until } from '../support/until.ts'

const CONSUMER = join(import.meta.dirname, 'consumer.ts')
const TOPIC = 'orders'
const PARTITIONS = 4
const GROUP = 'readers'

class Member {
  readonly child: ChildProcess
  #lines: string[] = []

  constructor(bootstrap: string) {
    const args = [CONSUMER, bootstrap, TOPIC, GROUP]
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let rest = ''
    this.child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n')
      rest = lines.pop() ?? ''
      this.#lines.push(...lines)
    })
  }

  get partitions(): string[] {
    const last = this.#lines.findLast((line) => line.startsWith('partitions')) ?? 'partitions'
    return last
      .split(' ')
      .slice(1)
      .filter((one) => one !== '')
  }

  get values(): string[] {
    return this.#lines.filter((line) => line.startsWith('value ')).map((line) => line.slice(6))
  }
}

test('when a member dies, the other reads all partitions from where the dead one committed', async () => {
  await using broker = await startBroker({ settings: { 'group.min.session.timeout.ms': '1000' } })
  const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: PARTITIONS }] })
  await admin.disconnect()
  const producer = kafka.producer()
  await producer.connect()
  const produce = (name: string) =>
    producer.send({
      topic: TOPIC,
      messages: Array.from({ length: 40 }, (_, index) => ({
        partition: index % PARTITIONS,
        value: `${name}-${index}`,
      })),
    })
  await produce('before')
  const members = [new Member(broker.bootstrap), new Member(broker.bootstrap)] as const
  const [first, second] = members
  try {
    const both = (): string[] => [...first.partitions, ...second.partitions]
    await until(
      () => first.partitions.length === 2 && new Set(both()).size === PARTITIONS,
      'two partitions each',
    )
    await until(() => new Set([...first.values, ...second.values]).size === 40, 'all values')
    await end(first.child, 'SIGKILL')
    await produce('after')
    await until(() => second.partitions.length === PARTITIONS, 'the other to take over')
    const isLate = (value: string): boolean => value.startsWith('after')
    await until(
      () => new Set(second.values.filter(isLate)).size === 40,
      'the values that came later',
    )
    assert.equal(second.values.filter(isLate).length, 40)
  } finally {
    await producer.disconnect()
    for (const { child } of members) await end(child, 'SIGKILL')
  }
})
