// What a client believes of a topic when brokers tell different things.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TopicCache, type TopicMetadata } from './topic-metadata.ts'

const ID = 'KzViUmG_TMKfn45LG0aAbQ'

function led(leader: number, leaderEpoch: number, id = ID): TopicMetadata {
  const partition = { errorCode: 0, partition: 0, leader, leaderEpoch }
  const replicas = { replicas: [1, 2], isr: [1, 2], offlineReplicas: [] }
  const partitions = [{ ...partition, ...replicas }]
  return { errorCode: 0, name: 't', id, isInternal: false, partitions }
}

const leaderIn = (topic: TopicMetadata | undefined) => topic?.partitions[0]?.leader

test('an older epoch does not take the place of a newer one, also of a forgotten topic', () => {
  const cache = new TopicCache(1_000)
  cache.put(led(1, 5), 0)
  assert.equal(leaderIn(cache.put(led(2, 4), 1)), 1)
  cache.forget('t')
  assert.equal(cache.get('t', 1), undefined)
  assert.equal(leaderIn(cache.put(led(2, 4), 2)), 1)
  assert.equal(leaderIn(cache.get('t', 2)), 1)
  assert.equal(leaderIn(cache.put(led(2, 6), 3)), 2)
})

test('a topic that was created anew begins with its own epochs', () => {
  const cache = new TopicCache(1_000)
  cache.put(led(1, 5), 0)
  assert.equal(leaderIn(cache.put(led(2, 0, 'AAAAAAAAAAAAAAAAAAAAAg'), 1)), 2)
})
