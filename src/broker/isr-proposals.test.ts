// Proposals of in-sync sets, with a controller that answers when the test says so.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../platform/clock.ts'
import type { IsrChange, IsrOutcome } from '../replication/partition-state.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { simulatedPlatform } from '../testing/simulated/simulated-world.ts'
import { Errors } from '../wire/errors.ts'
import type { AlterPartitionRequest } from '../wire/messages/56-alter-partition.ts'
import type { ControllerLink } from './controller-link.ts'
import { IsrProposals } from './isr-proposals.ts'

const TOPIC_ID = 'KzViUmG_TMKfn45LG0aAbQ'

function change(leaderEpoch: number, partition = 0): IsrChange {
  const isr = [{ brokerId: 1, brokerEpoch: 1 }]
  const place = { topic: 'flights', topicId: TOPIC_ID, partition }
  return { ...place, leaderEpoch, isr, leaderRecoveryState: 0, partitionEpoch: leaderEpoch }
}

/** The controller's answer, with an error for each partition. */
function answer(
  { topics }: AlterPartitionRequest,
  errorOf: (partition: AlterPartitionRequest['topics'][number]['partitions'][number]) => number,
) {
  const answers = topics.map(({ topicName, topicId, partitions }) => ({
    topicName,
    topicId,
    partitions: partitions.map((asked) => ({
      partitionIndex: asked.partitionIndex,
      errorCode: errorOf(asked),
      leaderId: 1,
      leaderEpoch: asked.leaderEpoch,
      isr: asked.newIsr,
      leaderRecoveryState: 0,
      partitionEpoch: asked.partitionEpoch + 1,
    })),
  }))
  return Promise.resolve({ throttleTimeMs: 0, errorCode: Errors.NONE, topics: answers })
}

function proposalsTo(
  alterPartition: (request: AlterPartitionRequest) => Promise<unknown>,
  clock: Clock,
): IsrProposals {
  return new IsrProposals({
    brokerId: 1,
    brokerEpoch: () => 1,
    controllerLink: () => ({ alterPartition }) as unknown as ControllerLink,
    clock,
    logger: silentLogger,
  })
}

test('a proposal of a new leader epoch takes the place of one that could not be sent', async () => {
  const { clock } = simulatedPlatform({ seed: 1 })
  const requests: AlterPartitionRequest[] = []
  let isReachable = false
  const alterPartition = (request: AlterPartitionRequest) => {
    if (!isReachable) return Promise.reject(new Error('no controller'))
    requests.push(request)
    return answer(request, ({ leaderEpoch }) =>
      leaderEpoch === 2 ? Errors.NONE : Errors.FENCED_LEADER_EPOCH,
    )
  }
  const proposals = proposalsTo(alterPartition, clock)
  const outcomes: IsrOutcome[] = []
  proposals.propose(change(1), (outcome) => outcomes.push(outcome))
  await clock.settle()
  proposals.propose(change(2), (outcome) => outcomes.push(outcome))
  isReachable = true
  await clock.advance(1_000)
  assert.deepEqual(
    requests.flatMap(({ topics }) => topics[0]?.partitions.map(({ leaderEpoch }) => leaderEpoch)),
    [2],
  )
  assert.deepEqual(
    outcomes.map(({ error, leaderEpoch }) => [error, leaderEpoch]),
    [[Errors.NONE, 2]],
  )
  proposals.close()
})

test('what the controller refuses is not proposed again at once, and holds up no other', async () => {
  const { clock } = simulatedPlatform({ seed: 1 })
  const asked = { 0: 0, 1: 0 }
  const alterPartition = (request: AlterPartitionRequest) =>
    answer(request, ({ partitionIndex }) => {
      asked[partitionIndex === 0 ? 0 : 1] += 1
      return partitionIndex === 0 ? Errors.INELIGIBLE_REPLICA : Errors.NONE
    })
  const proposals = proposalsTo(alterPartition, clock)
  // As a leader does whose follower goes on fetching: up to a thousand times in no time at all.
  const insist = (): void => {
    if (asked[0] < 1_000) proposals.propose(change(1), insist)
  }
  insist()
  await clock.settle()
  const outcomes: number[] = []
  proposals.propose(change(1, 1), ({ error }) => outcomes.push(error))
  await clock.settle()
  assert.deepEqual(outcomes, [Errors.NONE])
  await clock.advance(1_000)
  assert.ok(asked[0] >= 10 && asked[0] <= 21, `${asked[0]} requests in a second`)
  assert.equal(asked[1], 1)
  proposals.close()
})
