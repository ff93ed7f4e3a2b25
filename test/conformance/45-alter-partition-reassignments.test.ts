import { before, test } from 'node:test'
import { AlterPartitionReassignments } from '../../src/wire/messages/45-alter-partition-reassignments.ts'
import { ListPartitionReassignments } from '../../src/wire/messages/46-list-partition-reassignments.ts'
import { ask, assertHas, BROKER_ID, createTopic } from './targets.ts'

const TOPIC = 'pr-topic'

before(() => createTopic(TOPIC))

async function reassign(replicas: number[] | null, partitionIndex = 0, name = TOPIC) {
  const topics = [{ name, partitions: [{ partitionIndex, replicas }] }]
  return ask(AlterPartitionReassignments, 0, { timeoutMs: 5_000, topics })
}

const REFUSED: readonly (readonly [number[] | null, number, string])[] = [
  [null, 85, 'No partition reassignment is in progress.'],
  [[], 39, 'Empty replica list specified in partition reassignment.'],
  [[1, 1], 39, 'Duplicate replica ids in partition reassignment replica list: ArrayBuffer(1, 1)'],
  [[-1, 1], 39, 'Invalid broker id in replica list: ArrayBuffer(-1, 1)'],
  [
    [1, 9],
    39,
    'Replica assignment has brokers that are not alive. Replica list: ArrayBuffer(9), live broker list: Set(1)',
  ],
]

for (const [replicas, errorCode, errorMessage] of REFUSED) {
  test(`refused: ${errorMessage}`, async () => {
    const partitions = [{ partitionIndex: 0, errorCode, errorMessage }]
    assertHas(await reassign(replicas), { errorCode: 0, responses: [{ name: TOPIC, partitions }] })
  })
}

test('an unknown partition or topic', async () => {
  const unknown = { errorCode: 3, errorMessage: 'The partition does not exist.' }
  assertHas(await reassign([BROKER_ID], 9), { responses: [{ partitions: [unknown] }] })
  assertHas(await reassign([BROKER_ID], 0, 'pr-nowhere'), {
    responses: [{ partitions: [unknown] }],
  })
})

test('to the replicas that it has', async () => {
  const fine = { partitionIndex: 0, errorCode: 0, errorMessage: null }
  assertHas(await reassign([BROKER_ID]), { errorCode: 0, responses: [{ partitions: [fine] }] })
})

test('none is in progress', async () => {
  for (const topics of [null, [{ name: TOPIC, partitionIndexes: [0] }]]) {
    const answer = await ask(ListPartitionReassignments, 0, { timeoutMs: 5_000, topics })
    assertHas(answer, { errorCode: 0, topics: [] })
  }
})
