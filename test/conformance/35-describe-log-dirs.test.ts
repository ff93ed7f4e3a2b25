import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Produce } from '../../src/wire/messages/00-produce.ts'
import { DescribeLogDirs } from '../../src/wire/messages/35-describe-log-dirs.ts'
import { batchOf } from './batches.ts'
import { ask, assertHas, createTopic, versionsOf } from './targets.ts'

test('every version tells the size of partitions, and from 4 on that of the disk', async () => {
  await createTopic('ld-topic', { partitions: 2 })
  const records = batchOf(['v'.repeat(1_000)])
  await ask(Produce, 9, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 5_000,
    topicData: [{ name: 'ld-topic', partitionData: [{ index: 1, records }] }],
  })
  for (const version of versionsOf(DescribeLogDirs)) {
    const topics = [{ topic: 'ld-topic', partitions: [1] }]
    const { results, ...answer } = await ask(DescribeLogDirs, version, { topics })
    if (version >= 3) assert.equal(answer.errorCode, 0)
    const partition = {
      partitionIndex: 1,
      partitionSize: records.length,
      offsetLag: 0,
      isFutureKey: false,
    }
    assertHas(results, [{ errorCode: 0, topics: [{ name: 'ld-topic', partitions: [partition] }] }])
    const { totalBytes = -1, usableBytes = -1 } = results[0] ?? {}
    if (version >= 4) assert(totalBytes >= usableBytes && usableBytes > 0, `${usableBytes} free`)
  }
})

test('an unknown topic is not there, all topics are', async () => {
  const unknown = await ask(DescribeLogDirs, 4, {
    topics: [{ topic: 'ld-nowhere', partitions: [0] }],
  })
  assertHas(unknown, { errorCode: 0, results: [{ errorCode: 0, topics: [] }] })
  await createTopic('ld-listed')
  const all = await ask(DescribeLogDirs, 4, { topics: null })
  assert(all.results[0]?.topics.some(({ name }) => name === 'ld-listed'))
})
