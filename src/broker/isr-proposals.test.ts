// Proposals of in-sync sets, with a controller that answers when the test says so.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IsrChange, IsrOutcome } from '../replication/partition-state.ts'
import { silentLogger } from '../telemetry/logger.ts'
import { simulatedPlatform } from '../testing/simulated/simulated-world.ts'
import { Errors } from '../wire/errors.ts'
import type { AlterPartitionRequest } from '../wire/messages/56-alter-partition.ts'
import type { ControllerLink } from './controller-link.ts'
import { IsrProposals } from './isr-proposals.ts'

const TOPIC_ID = 'KzViUmG_TMKfn45LG0aAbQ'

function change(leaderEpoch: number): IsrChange {
  const isr = [{ brokerId: 1, brokerEpoch: 1 }]
  const place = { topic: 'flights', topicId: TOPIC_ID, partition: 0 }
  return { ...place, leaderEpoch, isr, leaderRecoveryState: 0, partitionEpoch: leaderEpoch }
}

test('a proposal of a new leader epoch takes the place of one that could not be sent', async () => {
  const { clock } = simulatedPlatform({ seed: 1 })
  const requests: AlterPartitionRequest[] = []
  let isReachable = false
  const alterPartition = (request: AlterPartitionRequest) => {
    if (!isReachable) return Promise.reject(new Error('no controller'))
    requests.push(request)
    const topics = request.topics.map(({ topicName, topicId, partitions }) => ({
      topicName,
      topicId,
      partitions: partitions.map(({ partitionIndex, leaderEpoch, newIsr, partitionEpoch }) => ({
        partitionIndex,
        errorCode: leaderEpoch === 2 ? Errors.NONE : Errors.FENCED_LEADER_EPOCH,
        leaderId: 1,
        leaderEpoch,
        isr: newIsr,
        leaderRecoveryState: 0,
        partitionEpoch: partitionEpoch + 1,
      })),
    }))
    return Promise.resolve({ throttleTimeMs: 0, errorCode: Errors.NONE, topics })
  }
  const proposals = new IsrProposals({
    brokerId: 1,
    brokerEpoch: () => 1,
    controllerLink: () => ({ alterPartition }) as unknown as ControllerLink,
    clock,
    logger: silentLogger,
  })
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
