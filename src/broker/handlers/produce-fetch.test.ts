import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Errors } from '../../wire/errors.ts'
import { Fetch } from '../../wire/messages/01-fetch.ts'
import { Produce } from '../../wire/messages/00-produce.ts'
import { TestCluster } from '../replication-cluster.test.ts'
import { batchOf, fetchRequest, TOPIC, TOPIC_ID } from '../replication-support.test.ts'
import { produceHandler } from './00-produce.ts'
import { fetchHandler } from './01-fetch.ts'

function alone(topic: Readonly<Record<string, unknown>> = {}) {
  const cluster = new TestCluster([0], { topic })
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0], isNew: true })
  return { cluster, broker: cluster.broker(0) }
}

test('what is produced with acks=all is answered when written, and read back', async () => {
  const { cluster, broker } = alone()
  const first = broker.produce(['a', 'b'])
  const second = broker.produce(['c'])
  await cluster.settle()
  assert.equal((await first).baseOffset, 0)
  assert.equal((await second).baseOffset, 2)
  const { values, highWatermark, logStartOffset, errorCode } = await broker.consume()
  assert.deepEqual(values, ['a', 'b', 'c'])
  assert.deepEqual([errorCode, highWatermark, logStartOffset], [0, 3, 0])
})

test('nothing is acknowledged before it is written', async () => {
  const { cluster, broker } = alone()
  let answered = false
  const produced = broker.produce(['a'], { acks: 1 }).then((answer) => {
    answered = true
    return answer
  })
  await Promise.resolve()
  assert.equal(answered, false)
  assert.equal(broker.log().logEndOffset, 0)
  await cluster.settle()
  assert.equal((await produced).errorCode, 0)
  assert.equal(broker.log().logEndOffset, 1)
})

test('acks other than -1, 0 and 1 are refused', async () => {
  const { broker } = alone()
  assert.equal((await broker.produce(['a'], { acks: 5 })).errorCode, Errors.INVALID_REQUIRED_ACKS)
})

test('acks=0 is not answered, and an error closes the connection', async () => {
  const { broker } = alone()
  const send = (name: string) =>
    broker.call(Produce, produceHandler, 9, {
      acks: 0,
      timeoutMs: 1000,
      topicData: [{ name, partitionData: [{ index: 0, records: batchOf(['a']) }] }],
    })
  assert.deepEqual(await send(TOPIC), { body: undefined, closed: false })
  assert.deepEqual(await send('nope'), { body: undefined, closed: true })
})

test('a partition named twice gets one answer, and the last batch', async () => {
  const { cluster, broker } = alone()
  const sent = broker.call(Produce, produceHandler, 9, {
    acks: -1,
    timeoutMs: 1000,
    topicData: [
      {
        name: TOPIC,
        partitionData: [
          { index: 0, records: batchOf(['lost']) },
          { index: 0, records: batchOf(['kept']) },
        ],
      },
    ],
  })
  await cluster.settle()
  const { body } = await sent
  assert.equal(body?.responses[0]?.partitionResponses.length, 1)
  assert.deepEqual((await broker.consume()).values, ['kept'])
})

test('a transactional batch in a request without a transactional id is refused', async () => {
  const { broker } = alone()
  const answer = await broker.produce(['a'], {
    transactional: true,
    producerId: 7,
    producerEpoch: 0,
    baseSequence: 0,
  })
  assert.equal(answer.errorCode, Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
})

test('a leader elsewhere is named from version 10 on (KIP-951)', async () => {
  const cluster = new TestCluster([0, 1])
  cluster.lead({ leader: 1, leaderEpoch: 4, isr: [0, 1] })
  const old = await cluster.broker(0).produce(['a'], { version: 9 })
  assert.equal(old.errorCode, Errors.NOT_LEADER_OR_FOLLOWER)
  const { body } = await cluster.broker(0).call(Produce, produceHandler, 10, {
    acks: 1,
    timeoutMs: 1000,
    topicData: [{ name: TOPIC, partitionData: [{ index: 0, records: batchOf(['a']) }] }],
  })
  const answer = body?.responses[0]?.partitionResponses[0]
  assert.deepEqual(answer?.currentLeader, { leaderId: 1, leaderEpoch: 4 })
  assert.deepEqual(body?.nodeEndpoints, [
    { nodeId: 1, host: 'broker-1', port: 9092, rack: 'rack-1' },
  ])
})

test('KAFKA-13149: a bad batch is refused for its partition only', async () => {
  const { cluster, broker } = alone()
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0], partition: 1 })
  const bad = batchOf(['a'])
  bad.writeUInt8(bad.readUInt8(68) ^ 1, 68)
  const sent = broker.call(Produce, produceHandler, 9, {
    acks: -1,
    timeoutMs: 1000,
    topicData: [
      {
        name: TOPIC,
        partitionData: [
          { index: 0, records: bad },
          { index: 1, records: batchOf(['b']) },
        ],
      },
    ],
  })
  await cluster.settle()
  const answers = (await sent).body?.responses[0]?.partitionResponses
  assert.deepEqual(
    answers?.map(({ errorCode }) => errorCode),
    [Errors.CORRUPT_MESSAGE, Errors.NONE],
  )
})

test('offsets out of range are told from offsets at the end', async () => {
  const { cluster, broker } = alone()
  void broker.produce(['a'])
  await cluster.settle()
  for (const offset of [-1, 2, 1_000_000]) {
    const answer = await broker.fetch(offset)
    assert.equal(answer.errorCode, Errors.OFFSET_OUT_OF_RANGE)
    assert.deepEqual(
      [answer.highWatermark, answer.lastStableOffset, answer.logStartOffset],
      [-1, -1, -1],
    )
    assert.equal(answer.abortedTransactions, null)
  }
  assert.equal((await broker.fetch(1)).errorCode, Errors.NONE)
})

test('unknown topics, partitions and ids have an error and an empty aborted list', async () => {
  const { broker } = alone()
  const ask = async (version: number, topic: string, topicId: string, partition: number) => {
    const { body } = await broker.call(Fetch, fetchHandler, version, {
      ...fetchRequest(0),
      topics: [
        { topic, topicId, partitions: [{ partition, fetchOffset: 0, partitionMaxBytes: 100 }] },
      ],
    })
    const answer = body?.responses[0]?.partitions[0]
    assert.deepEqual(answer?.abortedTransactions, [])
    return answer?.errorCode
  }
  assert.equal(await ask(12, 'nope', TOPIC_ID, 0), Errors.UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal(await ask(12, TOPIC, TOPIC_ID, 8), Errors.UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal(await ask(13, '', 'AAAAAAAAAAAAAAAAAAAABQ', 0), Errors.UNKNOWN_TOPIC_ID)
})

test('KAFKA-7395: older and newer leader epochs are told apart, for consumers and followers', async () => {
  const cluster = new TestCluster([0, 1])
  cluster.lead({ leader: 0, leaderEpoch: 3, isr: [0] }, [0])
  for (const replicaId of [-1, 1]) {
    const ask = async (currentLeaderEpoch: number) =>
      (await cluster.broker(0).fetch(0, { replicaId, currentLeaderEpoch })).errorCode
    assert.equal(await ask(2), Errors.FENCED_LEADER_EPOCH)
    assert.equal(await ask(4), Errors.UNKNOWN_LEADER_EPOCH)
    assert.equal(cluster.broker(0).partition().followers.get(1)?.logEndOffset, -1)
    assert.equal(await ask(-1), Errors.NONE)
    assert.equal(await ask(3), Errors.NONE)
    cluster.broker(0).partition().followers.get(1)?.reset(0, false)
  }
})

test('KAFKA-3810: the first batch comes whole, whatever the limits, from version 3 on', async () => {
  const { cluster, broker } = alone()
  void broker.produce(['x'.repeat(1000)])
  void broker.produce(['y'.repeat(1000)])
  await cluster.settle()
  const sizeOf = async (version: number, partitionMaxBytes: number) =>
    (await broker.fetch(0, { version, partitionMaxBytes })).records?.length ?? 0
  const one = await sizeOf(12, 1)
  assert.ok(one > 1000 && one < 1200)
  assert.equal(await sizeOf(12, one * 2), one * 2)
  assert.equal(await sizeOf(2, 1), 0)
})

test('KAFKA-3810: a follower gets a batch that is larger than its limits, and goes on', async () => {
  const settings = { 'replica.fetch.max.bytes': 100, 'replica.fetch.response.max.bytes': 100 }
  const cluster = new TestCluster([0, 1], { settings })
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0, 1] })
  await cluster.advance(50)
  for (const letter of ['x', 'y']) {
    const answer = await cluster.resolve(cluster.broker(0).produce([letter.repeat(5000)]))
    assert.equal(answer.errorCode, 0)
  }
  assert.equal(cluster.broker(1).log().logEndOffset, 2)
})

test('a fetch waits for min bytes, and answers when they come', async () => {
  const { cluster, broker } = alone()
  const answers: string[][] = []
  void broker.consume(0, { maxWaitMs: 1000 }).then(({ values }) => answers.push(values))
  await cluster.advance(500)
  assert.deepEqual(answers, [])
  void broker.produce(['late'])
  await cluster.settle()
  assert.deepEqual(answers, [['late']])
})

test('nisshi #668: a fetch answers at the end of its time with what there is', async () => {
  const { cluster, broker } = alone()
  void broker.produce(['a'])
  await cluster.settle()
  const answers: string[][] = []
  void broker
    .consume(0, { maxWaitMs: 500, minBytes: 1_000_000 })
    .then(({ values }) => answers.push(values))
  await cluster.advance(490)
  assert.deepEqual(answers, [])
  await cluster.advance(20)
  assert.deepEqual(answers, [['a']])
  assert.equal(broker.replicas.waitingFetches, 0)
})

test('min bytes add up over several appends', async () => {
  const { cluster, broker } = alone()
  const answers: string[][] = []
  void broker
    .consume(0, { maxWaitMs: 5000, minBytes: 200 })
    .then(({ values }) => answers.push(values))
  for (const value of ['a', 'b', 'c']) {
    assert.deepEqual(answers, [])
    void broker.produce([value])
    await cluster.settle()
  }
  assert.deepEqual(answers, [['a', 'b', 'c']])
})

test('a parked fetch is answered when its partition is no longer led here', async () => {
  const cluster = new TestCluster([0, 1])
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0, 1] })
  const parked = cluster.broker(0).fetch(0, { version: 4, maxWaitMs: 60_000 })
  await cluster.settle()
  cluster.lead({ leader: 1, leaderEpoch: 1, isr: [0, 1] })
  assert.equal((await parked).errorCode, Errors.NOT_LEADER_OR_FOLLOWER)
})

test('readers of version 2 and 0 get message sets of magic 1 and 0', async () => {
  const { cluster, broker } = alone()
  void broker.produce(['a'])
  await cluster.settle()
  for (const [version, magic] of [
    [0, 0],
    [1, 0],
    [2, 1],
    [3, 1],
    [4, 2],
  ] as const) {
    const { records } = await broker.fetch(0, { version })
    assert.equal(records?.[16], magic, `version ${version}`)
  }
  const { broker: refusing, cluster: other } = alone({ messageDownconversionEnable: false })
  void refusing.produce(['a'])
  await other.settle()
  const { errorCode } = await refusing.fetch(0, { version: 3 })
  assert.equal(errorCode, Errors.UNSUPPORTED_VERSION)
})

test('a zstd topic is refused to readers below version 10', async () => {
  const { cluster, broker } = alone({ compressionType: 'zstd' })
  void broker.produce(['a'])
  await cluster.settle()
  const ask = async (version: number) => (await broker.fetch(0, { version })).errorCode
  assert.equal(await ask(9), Errors.UNSUPPORTED_COMPRESSION_TYPE)
  assert.equal(await ask(10), Errors.NONE)
})
