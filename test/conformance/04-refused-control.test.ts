// Requests between brokers that speak for a past, or for somebody who is not there: refused with
// Kafka's codes, in one line of the log, and without effect.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { Fetch } from '../../src/wire/messages/01-fetch.ts'
import { Metadata } from '../../src/wire/messages/03-metadata.ts'
import { LeaderAndIsr } from '../../src/wire/messages/04-leader-and-isr.ts'
import { StopReplica } from '../../src/wire/messages/05-stop-replica.ts'
import { UpdateMetadata } from '../../src/wire/messages/06-update-metadata.ts'
import { ControlledShutdown } from '../../src/wire/messages/07-controlled-shutdown.ts'
import { AlterPartitionReassignments } from '../../src/wire/messages/45-alter-partition-reassignments.ts'
import { AlterPartition } from '../../src/wire/messages/56-alter-partition.ts'
import { DescribeCluster } from '../../src/wire/messages/60-describe-cluster.ts'
import { AllocateProducerIds } from '../../src/wire/messages/67-allocate-producer-ids.ts'
import { ask, BROKER_ID, createTopic, takeComplaints } from './targets.ts'

const TOPIC = 'rc-topic'
const STRANGER = 9
const STALE_CONTROLLER_EPOCH = 11
const STALE_BROKER_EPOCH = 77

let topicId = ''
let brokerEpoch = 0

before(async () => {
  topicId = await createTopic(TOPIC)
  // The epoch of a broker is the number of a write in ZooKeeper, of which there were few so far.
  for (; ; brokerEpoch++) {
    const { errorCode } = await ask(AlterPartition, 3, {
      brokerId: BROKER_ID,
      brokerEpoch,
      topics: [],
    })
    if (errorCode !== STALE_BROKER_EPOCH) break
  }
  await takeComplaints()
})

async function seen(): Promise<unknown> {
  const metadata = await ask(Metadata, 12, {
    topics: null,
    allowAutoTopicCreation: false,
    includeTopicAuthorizedOperations: false,
  })
  const { brokers, controllerId } = await ask(DescribeCluster, 0, {
    includeClusterAuthorizedOperations: false,
  })
  return { topics: metadata.topics, brokers, controllerId }
}

/** Asks; the answer must come with one line of complaint, and nothing may be another afterwards. */
async function refused<Answer>(question: () => Promise<Answer>): Promise<Answer> {
  const known = await seen()
  await takeComplaints()
  const answer = await question()
  const lines = await takeComplaints()
  if (lines !== undefined) assert.equal(lines.length, 1, lines.join('\n'))
  assert.deepEqual(await seen(), known)
  return answer
}

/** What LeaderAndIsr says of the partition: it is led by somebody else. */
function leadership(leaderEpoch: number, replicas: readonly number[]) {
  const partitionState = {
    partitionIndex: 0,
    controllerEpoch: 1,
    leader: STRANGER,
    leaderEpoch,
    isr: [STRANGER],
    partitionEpoch: 50,
    replicas: [...replicas],
    isNew: false,
    leaderRecoveryState: 0,
  }
  const topicStates = [{ topicName: TOPIC, topicId, partitionStates: [partitionState] }]
  return { topicStates, liveLeaders: [] }
}

const PAST = [
  { controllerEpoch: 0, brokerEpoch: -1, errorCode: STALE_CONTROLLER_EPOCH },
  { controllerEpoch: 1, brokerEpoch: 0, errorCode: STALE_BROKER_EPOCH },
]

for (const { errorCode, ...epochs } of PAST) {
  const sender = { controllerId: 7, isKRaftController: false, type: 0, ...epochs }
  const row = errorCode === STALE_BROKER_EPOCH ? 'KAFKA-7235: ' : ''
  const name = `controller epoch ${epochs.controllerEpoch}, broker epoch ${epochs.brokerEpoch}`

  test(`${row}LeaderAndIsr of ${name}`, async () => {
    const request = { ...sender, ...leadership(50, [BROKER_ID, STRANGER]) }
    assert.equal((await refused(() => ask(LeaderAndIsr, 7, request))).errorCode, errorCode)
  })

  test(`${row}StopReplica of ${name}`, async () => {
    const partitionStates = [{ partitionIndex: 0, leaderEpoch: 50, deletePartition: true }]
    const request = { ...sender, topicStates: [{ topicName: TOPIC, partitionStates }] }
    assert.equal((await refused(() => ask(StopReplica, 4, request))).errorCode, errorCode)
  })

  test(`${row}UpdateMetadata of ${name}`, async () => {
    const request = { ...sender, topicStates: [], liveBrokers: [] }
    assert.equal((await refused(() => ask(UpdateMetadata, 8, request))).errorCode, errorCode)
  })
}

const CONTROLLER = {
  controllerId: BROKER_ID,
  isKRaftController: false,
  type: 0,
  controllerEpoch: 1,
  brokerEpoch: -1,
}

test('LeaderAndIsr with an old leader epoch, with the same, and of other replicas', async () => {
  const known = await seen()
  const cases = [
    [-1, [BROKER_ID, STRANGER], 11],
    [0, [BROKER_ID, STRANGER], 11],
    [50, [STRANGER], 3],
  ] as const
  for (const [leaderEpoch, replicas, errorCode] of cases) {
    const request = { ...CONTROLLER, ...leadership(leaderEpoch, replicas) }
    const answer = await ask(LeaderAndIsr, 7, request)
    assert.equal(answer.errorCode, 0)
    assert.equal(answer.topics[0]?.partitionErrors[0]?.errorCode, errorCode)
  }
  assert.deepEqual(await seen(), known)
})

test('StopReplica with an old leader epoch, and of a partition that is not there', async () => {
  const known = await seen()
  const partitionStates = [{ partitionIndex: 0, leaderEpoch: -5, deletePartition: false }]
  const topicStates = [TOPIC, 'rc-nowhere'].map((topicName) => ({ topicName, partitionStates }))
  const answer = await ask(StopReplica, 4, { ...CONTROLLER, topicStates })
  assert.equal(answer.errorCode, 0)
  const errors = new Map(answer.partitionErrors.map((it) => [it.topicName, it.errorCode]))
  assert.deepEqual([errors.get(TOPIC), errors.get('rc-nowhere')], [74, 0])
  assert.deepEqual(await seen(), known)
})

function isrOf(ids: readonly number[], leaderEpoch = 0) {
  const newIsrWithEpochs = ids.map((brokerId) => ({ brokerId, brokerEpoch: -1 }))
  const partition = { partitionIndex: 0, leaderEpoch, newIsr: [...ids], newIsrWithEpochs }
  return {
    brokerId: BROKER_ID,
    brokerEpoch,
    topics: [
      {
        topicName: TOPIC,
        topicId,
        partitions: [{ ...partition, leaderRecoveryState: 0, partitionEpoch: 0 }],
      },
    ],
  }
}

async function partitionError(version: number, ids: readonly number[], leaderEpoch = 0) {
  const { errorCode, topics } = await refused(() =>
    ask(AlterPartition, version, isrOf(ids, leaderEpoch)),
  )
  assert.equal(errorCode, 0)
  return topics[0]?.partitions[0]?.errorCode
}

test('KAFKA-7235: AlterPartition of an old broker epoch, and of a broker that is not there', async () => {
  const old = await refused(() => ask(AlterPartition, 3, { ...isrOf([1]), brokerEpoch: 0 }))
  assert.equal(old.errorCode, STALE_BROKER_EPOCH)
  const stranger = { ...isrOf([1]), brokerId: STRANGER }
  const unknown = await refused(() => ask(AlterPartition, 3, stranger))
  assert.equal(unknown.errorCode, STALE_BROKER_EPOCH)
})

test('AlterPartition with a dead broker in the set', async () => {
  assert.equal(await partitionError(3, [BROKER_ID, STRANGER]), 107)
  assert.equal(await partitionError(2, [BROKER_ID, STRANGER]), 107)
  assert.equal(await partitionError(1, [BROKER_ID, STRANGER]), 55)
})

test('AlterPartition of an old leader epoch', async () => {
  assert.equal(await partitionError(3, [BROKER_ID, STRANGER], -1), 74)
})

test('ControlledShutdown of an old broker epoch, and of a broker that is not there', async () => {
  const old = { brokerId: BROKER_ID, brokerEpoch: 0 }
  assert.equal((await refused(() => ask(ControlledShutdown, 3, old))).errorCode, 77)
  const stranger = { brokerId: STRANGER, brokerEpoch: -1 }
  assert.equal((await refused(() => ask(ControlledShutdown, 3, stranger))).errorCode, 8)
})

test('AllocateProducerIds of an old broker epoch, and of a broker that is not there', async () => {
  const old = { brokerId: BROKER_ID, brokerEpoch: 0 }
  assert.equal((await refused(() => ask(AllocateProducerIds, 0, old))).errorCode, 77)
  const stranger = { brokerId: STRANGER, brokerEpoch }
  assert.equal((await refused(() => ask(AllocateProducerIds, 0, stranger))).errorCode, 102)
})

test('Fetch of a replica that is not one', async () => {
  const fetch = async (currentLeaderEpoch: number) => {
    const partition = {
      partition: 0,
      currentLeaderEpoch,
      fetchOffset: 0,
      lastFetchedEpoch: -1,
      partitionMaxBytes: 1_000,
    }
    const { responses } = await ask(Fetch, 12, {
      replicaId: STRANGER,
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: 1_000,
      topics: [{ topic: TOPIC, partitions: [partition] }],
    })
    return responses[0]?.partitions[0]?.errorCode
  }
  assert.equal(await refused(() => fetch(-1)), 6)
  // It asks again and again, and is complained of once.
  assert.equal(await fetch(0), 75)
  assert.ok([undefined, 0].includes((await takeComplaints())?.length))
})

test('AlterPartitionReassignments to a broker that is not there', async () => {
  const topics = [{ name: TOPIC, partitions: [{ partitionIndex: 0, replicas: [1, STRANGER] }] }]
  const request = { timeoutMs: 5_000, topics }
  const { responses } = await refused(() => ask(AlterPartitionReassignments, 0, request))
  assert.equal(responses[0]?.partitions[0]?.errorCode, 39)
})
