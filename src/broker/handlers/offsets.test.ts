import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Errors } from '../../wire/errors.ts'
import { ListOffsets } from '../../wire/messages/02-list-offsets.ts'
import { DeleteRecords } from '../../wire/messages/21-delete-records.ts'
import { OffsetForLeaderEpoch } from '../../wire/messages/23-offset-for-leader-epoch.ts'
import { WriteTxnMarkers } from '../../wire/messages/27-write-txn-markers.ts'
import { DescribeLogDirs } from '../../wire/messages/35-describe-log-dirs.ts'
import { DescribeProducers } from '../../wire/messages/61-describe-producers.ts'
import { Produce } from '../../wire/messages/00-produce.ts'
import { TestCluster } from '../replication-cluster.test.ts'
import { batchOf, TOPIC } from '../replication-support.test.ts'
import type { TestBroker } from '../replication-support.test.ts'
import { produceHandler } from './00-produce.ts'
import { listOffsetsHandler } from './02-list-offsets.ts'
import { deleteRecordsHandler } from './21-delete-records.ts'
import { offsetForLeaderEpochHandler } from './23-offset-for-leader-epoch.ts'
import { writeTxnMarkersHandler } from './27-write-txn-markers.ts'
import { describeLogDirsHandler } from './35-describe-log-dirs.ts'
import { describeProducersHandler } from './61-describe-producers.ts'

async function withRecords(topic: Readonly<Record<string, unknown>> = {}) {
  const cluster = new TestCluster([0], { topic })
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0], isNew: true })
  const broker = cluster.broker(0)
  for (const value of ['a', 'b', 'c']) void broker.produce([value])
  await cluster.settle()
  return { cluster, broker }
}

async function offsetAt(broker: TestBroker, timestamp: number, version = 9, isolationLevel = 0) {
  const { body } = await broker.call(ListOffsets, listOffsetsHandler, version, {
    replicaId: -1,
    isolationLevel,
    topics: [{ name: TOPIC, partitions: [{ partitionIndex: 0, timestamp }] }],
  })
  const answer = body?.topics[0]?.partitions[0]
  assert.ok(answer)
  return answer
}

test('latest, earliest, the newest timestamp, and times', async () => {
  const { broker } = await withRecords()
  const at = async (timestamp: number) => {
    const { errorCode, offset, leaderEpoch } = await offsetAt(broker, timestamp)
    return [errorCode, offset, leaderEpoch]
  }
  assert.deepEqual(await at(-1), [0, 3, 0])
  assert.deepEqual(await at(-2), [0, 0, 0])
  assert.deepEqual(await at(-4), [0, 0, 0])
  assert.deepEqual(await at(-5), [0, -1, -1])
  assert.deepEqual(await at(-3), [0, 0, 0])
  assert.deepEqual(await at(0), [0, 0, 0])
  assert.deepEqual(await at(100_000_000_000_000), [0, -1, -1])
})

test('special times need their version, and others do not exist', async () => {
  const { broker } = await withRecords()
  const cases = [
    [-3, 6],
    [-4, 7],
    [-5, 8],
    [-6, 9],
    [-7, 9],
  ] as const
  for (const [timestamp, version] of cases) {
    const { errorCode, offset } = await offsetAt(broker, timestamp, version)
    assert.deepEqual([errorCode, offset], [Errors.UNSUPPORTED_VERSION, -1])
  }
  assert.equal((await offsetAt(broker, -3, 7)).errorCode, 0)
})

test('an empty partition has offsets and the epoch of its leader, and no newest timestamp', async () => {
  const cluster = new TestCluster([0])
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0] })
  const broker = cluster.broker(0)
  const earliest = await offsetAt(broker, -2)
  assert.deepEqual([earliest.offset, earliest.leaderEpoch], [0, 0])
  assert.equal((await offsetAt(broker, -3)).offset, -1)
  assert.equal((await offsetAt(broker, 5)).offset, -1)
})

test('a partition asked for twice is refused both times', async () => {
  const { broker } = await withRecords()
  const { body } = await broker.call(ListOffsets, listOffsetsHandler, 7, {
    replicaId: -1,
    isolationLevel: 0,
    topics: [
      {
        name: TOPIC,
        partitions: [
          { partitionIndex: 0, timestamp: -1 },
          { partitionIndex: 0, timestamp: -2 },
        ],
      },
    ],
  })
  assert.deepEqual(
    body?.topics[0]?.partitions.map(({ errorCode }) => errorCode),
    [Errors.INVALID_REQUEST, Errors.INVALID_REQUEST],
  )
})

test('a new leader that is behind its epoch start says so instead of going back', async () => {
  const cluster = new TestCluster([0, 1], { topic: { minInsyncReplicas: 2 } })
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0] }, [0])
  const broker = cluster.broker(0)
  void broker.produce(['a'], { acks: 1 })
  await cluster.settle()
  cluster.lead({ leader: 0, leaderEpoch: 1, isr: [0] }, [0])
  assert.equal((await offsetAt(broker, -1, 5)).errorCode, Errors.OFFSET_NOT_AVAILABLE)
  assert.equal((await offsetAt(broker, -1, 4)).errorCode, Errors.LEADER_NOT_AVAILABLE)
})

test('KAFKA-6361: OffsetForLeaderEpoch: known, unknown, in between, and fenced', async () => {
  const { cluster, broker } = await withRecords()
  cluster.lead({ leader: 0, leaderEpoch: 4, isr: [0] })
  void broker.produce(['d'])
  await cluster.settle()
  const ask = async (leaderEpoch: number, currentLeaderEpoch = -1) => {
    const { body } = await broker.call(OffsetForLeaderEpoch, offsetForLeaderEpochHandler, 4, {
      replicaId: -1,
      topics: [{ topic: TOPIC, partitions: [{ partition: 0, currentLeaderEpoch, leaderEpoch }] }],
    })
    const answer = body?.topics[0]?.partitions[0]
    return [answer?.errorCode, answer?.leaderEpoch, answer?.endOffset]
  }
  assert.deepEqual(await ask(4), [0, 4, 4])
  assert.deepEqual(await ask(0), [0, 0, 3])
  assert.deepEqual(await ask(2), [0, 0, 3])
  assert.deepEqual(await ask(5), [0, -1, -1])
  assert.deepEqual(await ask(-1), [0, -1, -1])
  assert.deepEqual(await ask(0, 9), [Errors.UNKNOWN_LEADER_EPOCH, -1, -1])
  assert.deepEqual(await ask(0, 3), [Errors.FENCED_LEADER_EPOCH, -1, -1])
})

test('KAFKA-7395: ListOffsets tells older and newer leader epochs apart', async () => {
  const { cluster, broker } = await withRecords()
  cluster.lead({ leader: 0, leaderEpoch: 4, isr: [0] })
  const ask = async (currentLeaderEpoch: number, timestamp: number) => {
    const { body } = await broker.call(ListOffsets, listOffsetsHandler, 9, {
      replicaId: -1,
      isolationLevel: 0,
      topics: [{ name: TOPIC, partitions: [{ partitionIndex: 0, currentLeaderEpoch, timestamp }] }],
    })
    return body?.topics[0]?.partitions[0]?.errorCode
  }
  for (const timestamp of [-1, -2, 0]) {
    assert.equal(await ask(3, timestamp), Errors.FENCED_LEADER_EPOCH)
    assert.equal(await ask(5, timestamp), Errors.UNKNOWN_LEADER_EPOCH)
    assert.notEqual(await ask(4, timestamp), Errors.FENCED_LEADER_EPOCH)
  }
})

async function deleteTo(broker: TestBroker, offset: number, name = TOPIC, timeoutMs = 5000) {
  const { body } = await broker.call(DeleteRecords, deleteRecordsHandler, 2, {
    topics: [{ name, partitions: [{ partitionIndex: 0, offset }] }],
    timeoutMs,
  })
  const answer = body?.topics[0]?.partitions[0]
  return [answer?.errorCode, answer?.lowWatermark]
}

test('KAFKA-5634: DeleteRecords moves the start, at most to the high watermark', async () => {
  const { broker } = await withRecords()
  assert.deepEqual(await deleteTo(broker, 2), [0, 2])
  assert.deepEqual(await deleteTo(broker, 1), [0, 2])
  assert.deepEqual(await deleteTo(broker, 100), [Errors.OFFSET_OUT_OF_RANGE, -1])
  assert.deepEqual(await deleteTo(broker, -2), [Errors.OFFSET_OUT_OF_RANGE, -1])
  assert.deepEqual(await deleteTo(broker, -1), [0, 3])
  assert.equal((await broker.fetch(0)).errorCode, Errors.OFFSET_OUT_OF_RANGE)
  assert.equal((await offsetAt(broker, -2)).offset, 3)
  assert.deepEqual(await deleteTo(broker, 0, 'nope'), [Errors.UNKNOWN_TOPIC_OR_PARTITION, -1])
  const internal = await deleteTo(broker, 0, '__consumer_offsets')
  assert.deepEqual(internal, [Errors.INVALID_TOPIC_EXCEPTION, -1])
})

test('records of a topic that is only compacted are not deleted', async () => {
  const { broker } = await withRecords({ cleanupPolicy: { delete: false, compact: true } })
  assert.deepEqual(await deleteTo(broker, 1), [Errors.POLICY_VIOLATION, -1])
})

test('DeleteRecords waits for the live replicas', async () => {
  const cluster = new TestCluster([0, 1])
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0, 1] })
  await cluster.advance(50)
  void cluster.broker(0).produce(['a', 'b'])
  await cluster.advance(50)
  const answers: unknown[] = []
  void deleteTo(cluster.broker(0), 1).then((answer) => answers.push(answer))
  await cluster.settle()
  assert.deepEqual(answers, [])
  await cluster.advance(1100)
  assert.deepEqual(answers, [[0, 1]])
  assert.equal(cluster.broker(1).log().logStartOffset, 1)
})

async function transactional(broker: TestBroker, value: string, baseSequence: number) {
  const input = { transactional: true, producerId: 7, producerEpoch: 0, baseSequence }
  const records = batchOf([value], input)
  const { body } = await broker.call(Produce, produceHandler, 9, {
    transactionalId: 'tx',
    acks: -1,
    timeoutMs: 5000,
    topicData: [{ name: TOPIC, partitionData: [{ index: 0, records }] }],
  })
  return body?.responses[0]?.partitionResponses[0]?.errorCode
}

async function end(broker: TestBroker, transactionResult: boolean, name = TOPIC) {
  const { body } = await broker.call(WriteTxnMarkers, writeTxnMarkersHandler, 1, {
    markers: [
      {
        producerId: 7,
        producerEpoch: 0,
        transactionResult,
        coordinatorEpoch: 0,
        topics: [{ name, partitionIndexes: [0] }],
      },
    ],
  })
  return body?.markers[0]?.topics[0]?.partitions[0]?.errorCode
}

test('nisshi #689: read_committed stops at the last stable offset and names what was aborted', async () => {
  const { cluster, broker } = await withRecords()
  const written = transactional(broker, 'tx-1', 0)
  await cluster.settle()
  assert.equal(await written, 0)
  const open = await broker.consume(0, { isolationLevel: 1 })
  assert.deepEqual(open.values, ['a', 'b', 'c'])
  assert.deepEqual([open.lastStableOffset, open.abortedTransactions], [3, []])
  assert.equal((await offsetAt(broker, -1, 9, 1)).offset, 3)
  assert.equal((await offsetAt(broker, -1, 9, 0)).offset, 4)
  const ended = end(broker, false)
  await cluster.settle()
  assert.equal(await ended, 0)
  const closed = await broker.fetch(0, { isolationLevel: 1 })
  assert.deepEqual(closed.abortedTransactions, [{ producerId: 7, firstOffset: 3 }])
  assert.equal(closed.lastStableOffset, 5)
  const everything = await broker.fetch(0)
  assert.equal(everything.abortedTransactions, null)
})

test('KAFKA-5376: a parked read_committed fetch wakes when the transaction ends', async () => {
  const { cluster, broker } = await withRecords()
  void transactional(broker, 'tx-1', 0)
  await cluster.settle()
  const answers: unknown[] = []
  const options = { isolationLevel: 1, maxWaitMs: 30_000 }
  void broker.fetch(3, options).then(({ abortedTransactions }) => answers.push(abortedTransactions))
  await cluster.advance(1000)
  assert.deepEqual(answers, [])
  void end(broker, false)
  await cluster.settle()
  assert.deepEqual(answers, [[{ producerId: 7, firstOffset: 3 }]])
})

test('markers for a partition that is not there are refused one by one', async () => {
  const { broker } = await withRecords()
  assert.equal(await end(broker, true, 'nope'), Errors.UNKNOWN_TOPIC_OR_PARTITION)
})

test('DescribeProducers tells of sequences and open transactions', async () => {
  const { cluster, broker } = await withRecords()
  void transactional(broker, 'tx-1', 0)
  await cluster.settle()
  const { body } = await broker.call(DescribeProducers, describeProducersHandler, 0, {
    topics: [
      { name: TOPIC, partitionIndexes: [0] },
      { name: 'nope', partitionIndexes: [0] },
    ],
  })
  const [known, unknown] = body?.topics ?? []
  const producer = known?.partitions[0]?.activeProducers[0]
  assert.deepEqual(
    [producer?.producerId, producer?.lastSequence, producer?.currentTxnStartOffset],
    [7, 0, 3],
  )
  assert.equal(unknown?.partitions[0]?.errorCode, Errors.UNKNOWN_TOPIC_OR_PARTITION)
})

test('DescribeLogDirs lists the directories, with what was asked for in them', async () => {
  const { broker } = await withRecords()
  const describeDirectories = async () => [
    {
      path: '/data',
      error: 0,
      space: { totalBytes: 1000, usableBytes: 400 },
      logs: [
        { topic: TOPIC, partition: 0, sizeBytes: 210, logEndOffset: 3, isFuture: false },
        { topic: 'other', partition: 0, sizeBytes: 1, logEndOffset: 1, isFuture: false },
      ],
    },
  ]
  Object.assign(broker.logs, { describeDirectories })
  const ask = async (topics: { topic: string; partitions: number[] }[] | null) => {
    const { body } = await broker.call(DescribeLogDirs, describeLogDirsHandler, 4, { topics })
    return body?.results[0]
  }
  assert.deepEqual(
    (await ask(null))?.topics.map(({ name }) => name),
    [TOPIC, 'other'],
  )
  const one = await ask([{ topic: TOPIC, partitions: [0] }])
  assert.deepEqual(one?.topics[0]?.partitions, [
    { partitionIndex: 0, partitionSize: 210, offsetLag: 0, isFutureKey: false },
  ])
  assert.deepEqual([one?.totalBytes, one?.usableBytes], [1000, 400])
  const none = await ask([{ topic: 'nope', partitions: [0] }])
  assert.deepEqual([none?.logDir, none?.topics], ['/data', []])
})
