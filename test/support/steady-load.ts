// An idempotent producer with acks=all and a group of two consumers, for as long as faults happen.
// Of each partition it is known what was sent, in order, what was acknowledged where, and what the
// group has read; `check` compares that with the records that are there in the end.
import assert from 'node:assert/strict'
import { Consumer } from '../../src/client/consumer.ts'
import { KafkaClient } from '../../src/client/kafka-client.ts'
import { Producer } from '../../src/client/producer.ts'
import { nodePlatform } from '../../src/platform/node/node-platform.ts'
import { pause, until } from './until.ts'

export const TOPIC = 'orders'
export const PARTITIONS = 6
export const GROUP = 'readers'
const MEMBERS = 2
const PAUSE_MS = 4
/** A frozen broker answers nothing: clients give up on it before the round is over. */
const REQUEST_TIMEOUT_MS = 3_000

interface Sent {
  count: number
  /** Values by the offset that they were acknowledged with. */
  readonly acknowledged: Map<number, string>
  /** Where the group has to go on, and what it has read at each offset. */
  next: number
  readonly read: Map<number, string>
}

export class SteadyLoad {
  readonly partitions: readonly Sent[] = Array.from({ length: PARTITIONS }, () => {
    return { count: 0, acknowledged: new Map(), next: 0, read: new Map() }
  })
  readonly failures: unknown[] = []
  readonly #bootstrap: string
  readonly #running: Promise<unknown>[] = []
  #acknowledged = 0
  #consumed = 0
  #isProducing = true
  #isConsuming = true

  constructor(bootstrap: string) {
    this.#bootstrap = bootstrap
    this.#running.push(this.#produce())
    for (let member = 0; member < MEMBERS; member += 1) this.#running.push(this.#consume())
  }

  get acknowledged(): number {
    return this.#acknowledged
  }

  get consumed(): number {
    return this.#consumed
  }

  #client(clientId: string): KafkaClient {
    const [platform, bootstrap] = [nodePlatform(), this.#bootstrap]
    return new KafkaClient({ platform, bootstrap, clientId, requestTimeoutMs: REQUEST_TIMEOUT_MS })
  }

  async #produce(): Promise<void> {
    const client = this.#client('producer')
    const producer = new Producer(client, { acks: -1, idempotent: true, requestTimeoutMs: 2_000 })
    const waiting: Promise<void>[] = []
    while (this.#isProducing) {
      for (const [partition, sent] of this.partitions.entries()) {
        waiting.push(this.#send(producer, partition, sent))
      }
      await pause(PAUSE_MS)
    }
    await Promise.all(waiting)
    await producer.close()
    client.close()
  }

  async #send(producer: Producer, partition: number, sent: Sent): Promise<void> {
    const value = String(sent.count++)
    try {
      const { offset } = await producer.send({ topic: TOPIC, partition, value: Buffer.from(value) })
      sent.acknowledged.set(offset, value)
      this.#acknowledged += 1
    } catch (error) {
      this.failures.push(error)
    }
  }

  async #consume(): Promise<void> {
    const client = this.#client('consumer')
    const group = {
      groupId: GROUP,
      sessionTimeoutMs: 5_000,
      rebalanceTimeoutMs: 5_000,
      heartbeatMs: 500,
    }
    const options = { group, autoCommitMs: 100, autoOffsetReset: 'earliest' } as const
    const consumer = new Consumer(client, options)
    consumer.subscribe([TOPIC])
    while (this.#isConsuming) {
      try {
        for (const record of await consumer.poll(200)) {
          this.#read(record.partition, record.offset, String(record.value))
        }
      } catch (error) {
        this.failures.push(error)
        await pause(200)
      }
    }
    await consumer.close()
    client.close()
  }

  // A record may come again after a change of the group; none may be passed over.
  #read(partition: number, offset: number, value: string): void {
    const sent = this.partitions[partition]
    assert(sent !== undefined)
    const { next, read } = sent
    if (offset > next) {
      this.failures.push(new Error(`${TOPIC}-${partition}: read ${offset} instead of ${next}`))
    }
    const before = read.get(offset)
    if (before !== undefined && before !== value) {
      this.failures.push(new Error(`${TOPIC}-${partition}: ${before}, then ${value} at ${offset}`))
    }
    read.set(offset, value)
    sent.next = Math.max(next, offset + 1)
    this.#consumed += 1
  }

  /** Nothing more is sent; resolves when all is acknowledged and read. */
  async end(patienceMs: number): Promise<void> {
    this.#isProducing = false
    await this.#running.shift()
    const isRead = (): boolean => this.partitions.every(({ next, count }) => next >= count)
    await until(isRead, 'the group to read everything', patienceMs)
    this.#isConsuming = false
    await Promise.all(this.#running)
  }

  /** Against what is in a partition: all that was sent, in order, once, where it was acknowledged. */
  check(partition: number, records: readonly { offset: number; value: string | null }[]): void {
    const sent = this.partitions[partition]
    assert(sent !== undefined)
    const values = records.map(({ value }) => value)
    const all = Array.from({ length: sent.count }, (_, index) => String(index))
    assert.deepEqual(values, all, `${TOPIC}-${partition}: lost, doubled or out of order`)
    const byOffset = new Map(records.map(({ offset, value }) => [offset, value]))
    for (const [offset, value] of [...sent.acknowledged, ...sent.read]) {
      assert.equal(byOffset.get(offset), value, `${TOPIC}-${partition} at ${offset}`)
    }
  }
}
