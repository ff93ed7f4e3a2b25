import { test } from 'node:test'
import { Produce } from '../../src/wire/messages/00-produce.ts'
import { ListOffsets } from '../../src/wire/messages/02-list-offsets.ts'
import { FindCoordinator } from '../../src/wire/messages/10-find-coordinator.ts'
import { DeleteRecords } from '../../src/wire/messages/21-delete-records.ts'
import { until } from '../support/until.ts'
import { batchOf } from './batches.ts'
import { ask, assertHas, createTopic, versionsOf } from './targets.ts'

async function fill(topic: string, count: number): Promise<void> {
  const records = batchOf(Array.from({ length: count }, () => 'v'))
  await ask(Produce, 9, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 5_000,
    topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
  })
}

async function remove(topic: string, offset: number, version = 2, partitionIndex = 0) {
  const { topics } = await ask(DeleteRecords, version, {
    topics: [{ name: topic, partitions: [{ partitionIndex, offset }] }],
    timeoutMs: 5_000,
  })
  return topics[0]?.partitions[0]
}

test('every version moves the start; below it nothing changes', async () => {
  await createTopic('dr-all')
  await fill('dr-all', 10)
  for (const version of versionsOf(DeleteRecords)) {
    const lowWatermark = 2 + version
    assertHas(await remove('dr-all', lowWatermark, version), { lowWatermark, errorCode: 0 })
    assertHas(await remove('dr-all', 1, version), { lowWatermark, errorCode: 0 })
  }
  const { topics } = await ask(ListOffsets, 7, {
    replicaId: -1,
    isolationLevel: 0,
    topics: [{ name: 'dr-all', partitions: [{ partitionIndex: 0, timestamp: -2 }] }],
  })
  assertHas(topics, [{ partitions: [{ errorCode: 0, offset: 4 }] }])
})

test('-1 is the high watermark; beyond it, or below -1, is out of range', async () => {
  await createTopic('dr-bounds')
  await fill('dr-bounds', 3)
  for (const offset of [4, -2]) {
    assertHas(await remove('dr-bounds', offset), { lowWatermark: -1, errorCode: 1 })
  }
  assertHas(await remove('dr-bounds', -1), { lowWatermark: 3, errorCode: 0 })
})

test('compacted and internal topics are refused, unknown ones unknown', async () => {
  await createTopic('dr-compacted', { configs: { 'cleanup.policy': 'compact' } })
  assertHas(await remove('dr-compacted', 0), { lowWatermark: -1, errorCode: 44 })
  await until(async () => {
    const { coordinators } = await ask(FindCoordinator, 4, { keyType: 0, coordinatorKeys: ['g'] })
    return coordinators[0]?.errorCode === 0
  }, 'the offsets topic')
  assertHas(await remove('__consumer_offsets', 0), { lowWatermark: -1, errorCode: 17 })
  assertHas(await remove('dr-nowhere', 0), { lowWatermark: -1, errorCode: 3 })
  assertHas(await remove('dr-compacted', 0, 2, 5), { lowWatermark: -1, errorCode: 3 })
})
