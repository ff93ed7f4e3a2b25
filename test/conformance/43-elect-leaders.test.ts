import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ElectLeaders } from '../../src/wire/messages/43-elect-leaders.ts'
import { ask, assertHas, createTopic, versionsOf } from './targets.ts'

const PREFERRED = 0
const UNCLEAN = 1
const NOT_NEEDED = {
  errorCode: 84,
  errorMessage: 'Leader election not needed for topic partition.',
}

async function elect(
  electionType: number,
  topic: string | null,
  partitions: number[],
  version = 2,
) {
  const topicPartitions = topic === null ? null : [{ topic, partitions }]
  const answer = await ask(ElectLeaders, version, {
    electionType,
    topicPartitions,
    timeoutMs: 5_000,
  })
  const results = answer.replicaElectionResults.flatMap((one) => one.partitionResult)
  return { ...answer, results: results.toSorted((a, b) => a.partitionId - b.partitionId) }
}

test('every version: not needed where the preferred replica leads', async () => {
  await createTopic('el-fine')
  for (const version of versionsOf(ElectLeaders)) {
    const { results } = await elect(PREFERRED, 'el-fine', [0, 9], version)
    assertHas(results, [
      { partitionId: 0, ...NOT_NEEDED },
      { partitionId: 9, errorCode: 3, errorMessage: 'The partition does not exist.' },
    ])
  }
})

test('nor an unclean one where there is a leader', async () => {
  await createTopic('el-clean')
  assertHas((await elect(UNCLEAN, 'el-clean', [0])).results, [{ partitionId: 0, ...NOT_NEEDED }])
})

test('for all partitions, only those are listed that changed', async () => {
  assertHas(await elect(PREFERRED, null, []), { errorCode: 0, replicaElectionResults: [] })
})

test('an unknown type of election is an unknown error', async () => {
  await createTopic('el-type')
  const answer = await elect(7, 'el-type', [0])
  assert.equal(answer.errorCode, -1)
  assertHas(answer.results, [{ partitionId: 0, errorCode: -1, errorMessage: null }])
})
