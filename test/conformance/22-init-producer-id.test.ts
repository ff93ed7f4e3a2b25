// Idempotent producers: their ids, and which sequences a partition takes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Produce } from '../../src/wire/messages/00-produce.ts'
import { InitProducerId } from '../../src/wire/messages/22-init-producer-id.ts'
import { DescribeProducers } from '../../src/wire/messages/61-describe-producers.ts'
import { until } from '../support/until.ts'
import { batchOf } from './batches.ts'
import { ask, assertHas, createTopic, versionsOf } from './targets.ts'

async function newProducerId(version = 4): Promise<number> {
  let id = -1
  // The broker answers COORDINATOR_LOAD_IN_PROGRESS while it fetches its next block of ids.
  await until(async () => {
    const request = { transactionalId: null, transactionTimeoutMs: 60_000 }
    const { errorCode, producerId, producerEpoch } = await ask(InitProducerId, version, request)
    if (errorCode === 14) return false
    assert.deepEqual([errorCode, producerEpoch], [0, 0])
    id = producerId
    return true
  }, 'a producer id')
  return id
}

async function append(
  topic: string,
  producerId: number,
  epoch: number,
  sequence: number,
  count = 1,
) {
  const values = Array.from({ length: count }, () => 'v')
  const records = batchOf(values, { producerId, producerEpoch: epoch, baseSequence: sequence })
  const { responses } = await ask(Produce, 9, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 5_000,
    topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
  })
  return responses[0]?.partitionResponses[0]
}

test('every version gives an id of its own', async () => {
  const ids = []
  for (const version of versionsOf(InitProducerId)) ids.push(await newProducerId(version))
  assert.equal(new Set(ids).size, ids.length)
})

test('without a transactional id, an id and epoch that are given do not matter', async () => {
  const producerId = await newProducerId()
  const request = {
    transactionalId: null,
    transactionTimeoutMs: 60_000,
    producerId,
    producerEpoch: 0,
  }
  const answer = await ask(InitProducerId, 4, request)
  assertHas(answer, { errorCode: 0, producerEpoch: 0 })
  assert.notEqual(answer.producerId, producerId)
})

test('a batch that comes again is acknowledged with its old offset', async () => {
  await createTopic('i-again')
  const id = await newProducerId()
  assertHas(await append('i-again', id, 0, 0), { errorCode: 0, baseOffset: 0, logAppendTimeMs: -1 })
  const again = await append('i-again', id, 0, 0)
  assertHas(again, { errorCode: 0, baseOffset: 0, logStartOffset: 0 })
  assert(again !== undefined && again.logAppendTimeMs > 0)
})

test('the last five batches are remembered; an older one is out of order, as a gap is', async () => {
  await createTopic('i-five')
  const id = await newProducerId()
  assertHas(await append('i-five', id, 0, 0), { errorCode: 0 })
  assertHas(await append('i-five', id, 0, 1, 2), { errorCode: 0, baseOffset: 1 })
  assertHas(await append('i-five', id, 0, 5), { errorCode: 45, baseOffset: -1, logStartOffset: 0 })
  for (let sequence = 3; sequence <= 8; sequence++) {
    assertHas(await append('i-five', id, 0, sequence), { errorCode: 0, baseOffset: sequence })
  }
  assertHas(await append('i-five', id, 0, 4), { errorCode: 0, baseOffset: 4 })
  assertHas(await append('i-five', id, 0, 0), { errorCode: 45, baseOffset: -1 })
  assertHas(await append('i-five', id, 0, 1), { errorCode: 45, baseOffset: -1 })
})

test('a new epoch begins with 0; an old epoch is fenced', async () => {
  await createTopic('i-epoch')
  const id = await newProducerId()
  assertHas(await append('i-epoch', id, 0, 0), { errorCode: 0 })
  assertHas(await append('i-epoch', id, 1, 3), { errorCode: 45 })
  assertHas(await append('i-epoch', id, 1, 0), { errorCode: 0, baseOffset: 1 })
  assertHas(await append('i-epoch', id, 0, 1), { errorCode: 47, baseOffset: -1, logStartOffset: 0 })
})

test('an unknown producer id may begin anywhere; an id without a sequence is invalid', async () => {
  await createTopic('i-unknown')
  assertHas(await append('i-unknown', 1_000_001, 0, 7), { errorCode: 0, baseOffset: 0 })
  const invalid = await append('i-unknown', 1_000_001, 0, -1)
  assertHas(invalid, { errorCode: 87, baseOffset: -1, logStartOffset: 0 })
})

test('the producers of a partition can be described', async () => {
  await createTopic('i-described')
  const id = await newProducerId()
  await append('i-described', id, 0, 0, 3)
  const { topics } = await ask(DescribeProducers, 0, {
    topics: [{ name: 'i-described', partitionIndexes: [0, 4] }],
  })
  const partitions = topics[0]?.partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex)
  assertHas(partitions, [
    {
      partitionIndex: 0,
      errorCode: 0,
      activeProducers: [
        {
          producerId: id,
          producerEpoch: 0,
          lastSequence: 2,
          coordinatorEpoch: -1,
          currentTxnStartOffset: -1,
        },
      ],
    },
    { partitionIndex: 4, errorCode: 3, activeProducers: [] },
  ])
})
