import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ScriptedCluster } from '../../test/scripted/scripted-cluster.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import { Produce } from '../wire/messages/00-produce.ts'
import { InitProducerId } from '../wire/messages/22-init-producer-id.ts'
import { baseSequence, producerId, recordCount } from '../wire/records/batch.ts'
import { readRecords } from '../wire/records/read-records.ts'
import { KafkaClient } from './kafka-client.ts'
import { partitionForKey } from './partitioner.ts'
import { Producer } from './producer.ts'
import type { ProducerOptions } from './producer.ts'

interface Written {
  readonly partition: number
  readonly sequence: number
  readonly producerId: number
  readonly values: string[]
}

/** A cluster whose brokers keep what is produced; `refuse` decides on an error instead. */
async function world(options: ProducerOptions = {}, partitions = 1) {
  const cluster = await ScriptedCluster.start(2)
  cluster.topics.set(
    't',
    Array.from({ length: partitions }, () => 0),
  )
  const written: Written[] = []
  const script = {
    refuse: (_broker: number, _attempt: number): number => Errors.NONE,
    /** Who refuses names this leader. */
    currentLeader: { leaderId: -1, leaderEpoch: -1 },
  }
  let attempts = 0
  let ids = 100
  for (const [id, broker] of cluster.brokers.entries()) {
    broker.answer(InitProducerId, () => ({
      throttleTimeMs: 0,
      errorCode: Errors.NONE,
      producerId: ids++,
      producerEpoch: 0,
    }))
    broker.answer(Produce, ({ topicData, acks }) => {
      const errorCode = script.refuse(id, attempts++)
      const responses = topicData.map(({ name, partitionData }) => ({
        name,
        partitionResponses: partitionData.map(({ index, records }) => {
          const before = written.filter(({ partition }) => partition === index)
          const baseOffset = before.flatMap(({ values }) => values).length
          if (errorCode === Errors.NONE && records !== null) written.push(entry(index, records))
          const { currentLeader } = script
          return { index, errorCode, baseOffset, currentLeader }
        }),
      }))
      return acks === 0 ? undefined : { responses }
    })
  }
  const { platform, bootstrap } = cluster
  const connecting = KafkaClient.connect({ platform, bootstrap, clientId: 'test' })
  const client = await platform.clock.resolve(connecting)
  return {
    cluster,
    written,
    script,
    producer: new Producer(client, options),
    clock: platform.clock,
  }
}

function entry(partition: number, records: Buffer): Written {
  const values = readRecords(records).map(({ value }) => String(value))
  assert.equal(values.length, recordCount(records, 0))
  return {
    partition,
    sequence: baseSequence(records, 0),
    producerId: producerId(records, 0),
    values,
  }
}

function send(producer: Producer, ...values: string[]) {
  return values.map((value) => producer.send({ topic: 't', value: Buffer.from(value) }))
}

test('records that come together go in one batch, numbered', async () => {
  const { producer, written, clock } = await world()
  const outcomes = await clock.resolve(Promise.all(send(producer, 'a', 'b', 'c')))
  assert.deepEqual(
    outcomes.map(({ offset }) => offset),
    [0, 1, 2],
  )
  await clock.resolve(Promise.all(send(producer, 'd')))
  assert.deepEqual(written, [
    { partition: 0, sequence: 0, producerId: 100, values: ['a', 'b', 'c'] },
    { partition: 0, sequence: 3, producerId: 100, values: ['d'] },
  ])
})

test('a key chooses the partition', async () => {
  const { producer, written, clock } = await world({}, 5)
  const key = Buffer.from('customer-7')
  await clock.resolve(producer.send({ topic: 't', key, value: null }))
  assert.equal(written[0]?.partition, partitionForKey(key, 5))
})

test('batches are no larger than allowed', async () => {
  const { producer, written, clock } = await world({ batchBytes: 300 })
  const values = Array.from({ length: 10 }, () => 'x'.repeat(100))
  await clock.resolve(Promise.all(send(producer, ...values)))
  assert.deepEqual(
    written.map((batch) => batch.values.length),
    [2, 2, 2, 2, 2],
  )
})

test('a refused batch goes to the new leader, before everything that came later', async () => {
  const { cluster, producer, written, script, clock } = await world({ batchBytes: 1 })
  script.refuse = (broker, attempt) => {
    if (attempt === 1) cluster.topics.set('t', [1])
    return attempt >= 1 && broker === 0 ? Errors.NOT_LEADER_OR_FOLLOWER : Errors.NONE
  }
  await clock.resolve(Promise.all(send(producer, 'a', 'b', 'c', 'd')))
  assert.deepEqual(
    written.map(({ values, sequence }) => [...values, sequence]),
    [
      ['a', 0],
      ['b', 1],
      ['c', 2],
      ['d', 3],
    ],
  )
})

test('KIP-951: a batch goes at once to the leader that the one before it names', async () => {
  const { cluster, producer, written, script, clock } = await world({ batchBytes: 1 })
  await clock.resolve(Promise.all(send(producer, 'a')))
  const asked = cluster.count('Metadata')
  script.currentLeader = { leaderId: 1, leaderEpoch: 3 }
  script.refuse = (broker) => (broker === 0 ? Errors.NOT_LEADER_OR_FOLLOWER : Errors.NONE)
  const beganMs = clock.monotonicMs()
  await clock.resolve(Promise.all(send(producer, 'b', 'c')))
  assert(clock.monotonicMs() - beganMs < 50)
  assert.equal(cluster.count('Metadata'), asked)
  assert.deepEqual(
    written.map(({ values }) => values),
    [['a'], ['b'], ['c']],
  )
})

test('a leader that names itself, or one of the past, is asked about', async () => {
  const { cluster, producer, script, clock } = await world({ batchBytes: 1 })
  await clock.resolve(Promise.all(send(producer, 'a')))
  const asked = cluster.count('Metadata')
  script.currentLeader = { leaderId: 0, leaderEpoch: -1 }
  let refusals = 0
  script.refuse = () => (refusals++ < 2 ? Errors.NOT_LEADER_OR_FOLLOWER : Errors.NONE)
  await clock.resolve(Promise.all(send(producer, 'b')))
  assert.equal(cluster.count('Metadata'), asked + 2)
})

test('a batch that cannot be written fails, and what follows begins under a new id', async () => {
  const { producer, written, script, clock } = await world()
  script.refuse = () => Errors.MESSAGE_TOO_LARGE
  const first = send(producer, 'a')
  const isTooLarge = (error: unknown) =>
    error instanceof KafkaError && error.code === Errors.MESSAGE_TOO_LARGE
  await assert.rejects(clock.resolve(Promise.all(first)), isTooLarge)
  script.refuse = () => Errors.NONE
  await clock.resolve(Promise.all(send(producer, 'b')))
  assert.deepEqual(written, [{ partition: 0, sequence: 0, producerId: 101, values: ['b'] }])
})

test('a batch is given up when its time is over', async () => {
  const { producer, script, clock } = await world({ deliveryTimeoutMs: 3000 })
  script.refuse = () => Errors.NOT_ENOUGH_REPLICAS
  const outcome = send(producer, 'a')
  await assert.rejects(clock.resolve(Promise.all(outcome)), /in-sync/)
  assert.ok(clock.monotonicMs() < 4000)
})

test('a batch that the broker already has counts as written', async () => {
  const { producer, script, clock } = await world()
  script.refuse = () => Errors.DUPLICATE_SEQUENCE_NUMBER
  await clock.resolve(Promise.all(send(producer, 'a')))
})

test('with acks 0 nobody waits for an answer, and nothing is numbered', async () => {
  const { producer, written, clock } = await world({ acks: 0 })
  const [outcome] = await clock.resolve(Promise.all(send(producer, 'a')))
  assert.equal(outcome?.offset, -1)
  await clock.advance(10)
  assert.deepEqual(written, [{ partition: 0, sequence: -1, producerId: -1, values: ['a'] }])
})

test('beyond the buffer, records wait until there is room', async () => {
  const { producer, written, clock } = await world({ bufferBytes: 100, batchBytes: 1 })
  const values = Array.from({ length: 20 }, (_, index) => `${index}`.padStart(50, '-'))
  const outcomes = send(producer, ...values)
  await clock.resolve(producer.flush())
  assert.equal(written.flatMap((batch) => batch.values).length, 20)
  await Promise.all(outcomes)
})

test('linger gathers what comes within it', async () => {
  const { producer, written, clock } = await world({ lingerMs: 50 })
  const first = send(producer, 'a')
  await clock.advance(30)
  const second = send(producer, 'b')
  await clock.resolve(Promise.all([...first, ...second]))
  assert.deepEqual(
    written.map(({ values }) => values),
    [['a', 'b']],
  )
})

test('a closed producer takes nothing more', async () => {
  const { producer, clock } = await world()
  await clock.resolve(producer.close())
  const late = send(producer, 'a')
  await assert.rejects(clock.resolve(Promise.all(late)), /closed/)
})
