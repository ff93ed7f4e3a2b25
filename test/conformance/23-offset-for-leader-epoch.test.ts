import { test } from 'node:test'
import { Produce } from '../../src/wire/messages/00-produce.ts'
import { OffsetForLeaderEpoch } from '../../src/wire/messages/23-offset-for-leader-epoch.ts'
import { batchOf } from './batches.ts'
import { ask, assertHas, createTopic, versionsOf } from './targets.ts'

async function endOf(version: number, topic: string, leaderEpoch: number, current = -1) {
  const partitions = [{ partition: 0, leaderEpoch, currentLeaderEpoch: current }]
  const request = { replicaId: -1, topics: [{ topic, partitions }] }
  const { topics } = await ask(OffsetForLeaderEpoch, version, request)
  return topics[0]?.partitions[0]
}

test('the present epoch ends at the end of the log; others are not known', async () => {
  await createTopic('oe-topic')
  const partitionData = [{ index: 0, records: batchOf(['a', 'b', 'c']) }]
  await ask(Produce, 9, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 5_000,
    topicData: [{ name: 'oe-topic', partitionData }],
  })
  for (const version of versionsOf(OffsetForLeaderEpoch)) {
    const epoch = (leaderEpoch: number): object => (version >= 1 ? { leaderEpoch } : {})
    const known = { errorCode: 0, partition: 0, endOffset: 3, ...epoch(0) }
    assertHas(await endOf(version, 'oe-topic', 0), known)
    const unknown = { errorCode: 0, endOffset: -1, ...epoch(-1) }
    assertHas(await endOf(version, 'oe-topic', 1), unknown)
    assertHas(await endOf(version, 'oe-topic', -1), unknown)
    assertHas(await endOf(version, 'oe-nowhere', 0), { errorCode: 3, endOffset: -1 })
  }
  assertHas(await endOf(4, 'oe-topic', 0, 50), { errorCode: 75, endOffset: -1 })
})
