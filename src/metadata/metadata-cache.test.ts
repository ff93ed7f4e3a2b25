import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UpdateMetadata } from '../wire/messages/06-update-metadata.ts'
import type { UpdateMetadataRequest } from '../wire/messages/06-update-metadata.ts'
import { EntityConfigs } from './entity-configs.ts'
import { MetadataCache } from './metadata-cache.ts'

const ID = 'nh7DLGv8TnyUvO5-Y0Ov4w'
const OTHER_ID = 'PELO7dcSTnSryX0Qo8Ud5A'

function state(partitionIndex: number, leader: number) {
  return {
    partitionIndex,
    controllerEpoch: 1,
    leader,
    leaderEpoch: 3,
    isr: [1],
    zkVersion: 7,
    replicas: [1, 2],
    offlineReplicas: [2],
  }
}

type States = ReturnType<typeof state>[]

/** A request as a broker decodes it at this version. */
function request(topics: [string, string, States][], version = 8): UpdateMetadataRequest {
  const topicStates = topics.map(([topicName, topicId, partitionStates]) => {
    return { topicName, topicId, partitionStates }
  })
  const ungrouped = topics.flatMap(([topicName, , states]) => {
    return states.map((it) => ({ topicName, ...it }))
  })
  const endpoint = { port: 9092, host: 'h', listener: 'INSIDE', securityProtocol: 3 }
  const encoded = UpdateMetadata.request.encode(version, {
    controllerId: 1,
    controllerEpoch: 1,
    topicStates: version >= 5 ? topicStates : [],
    ungroupedPartitionStates: version >= 5 ? [] : ungrouped,
    liveBrokers: [{ id: 1, v0Host: 'h', v0Port: 9092, endpoints: [endpoint], rack: 'r' }],
  })
  return UpdateMetadata.request.decode(version, encoded)
}

test('partitions are merged, brokers replaced', () => {
  const cache = new MetadataCache('c')
  cache.applyUpdateMetadata(request([['t', ID, [state(0, 1), state(1, 2)]]]))
  const change = cache.applyUpdateMetadata(request([['t', ID, [state(1, 1)]]]))
  const partitions = cache.image.topics.get('t')?.partitions
  assert.deepEqual(
    [...(partitions ?? [])].map(([index, it]) => [index, it.leader]),
    [
      [0, 1],
      [1, 1],
    ],
  )
  assert.deepEqual([...change.topics], ['t'])
  assert.equal(change.before.topics.get('t')?.partitions.get(1)?.leader, 2)
  assert.equal(cache.image.topicNames.get(ID), 't')
  assert.deepEqual(cache.image.brokers.get(1)?.endpoints.get('INSIDE'), {
    host: 'h',
    port: 9092,
    securityProtocol: 'SASL_SSL',
  })
})

test('leader -2 removes a partition, and the last one its topic', () => {
  const cache = new MetadataCache('c')
  cache.applyUpdateMetadata(request([['t', ID, [state(0, 1), state(1, 1)]]]))
  cache.applyUpdateMetadata(request([['t', ID, [state(0, -2)]]]))
  assert.deepEqual([...(cache.image.topics.get('t')?.partitions.keys() ?? [])], [1])
  const { deleted } = cache.applyUpdateMetadata(request([['t', ID, [state(1, -2), state(5, -2)]]]))
  assert.deepEqual(deleted, [{ topic: 't', partition: 1 }])
  assert.equal(cache.image.topics.size, 0)
  assert.equal(cache.image.topicNames.size, 0)
})

test('a topic made anew has the new id only', () => {
  const cache = new MetadataCache('c')
  cache.applyUpdateMetadata(request([['t', ID, [state(0, 1)]]]))
  cache.applyUpdateMetadata(request([['t', OTHER_ID, [state(0, 1)]]]))
  assert.deepEqual([...cache.image.topicNames], [[OTHER_ID, 't']])
})

test('a request that holds everything removes what it does not name', () => {
  const cache = new MetadataCache('c')
  cache.applyUpdateMetadata(
    request([
      ['t', ID, [state(0, 1), state(1, 1)]],
      ['u', OTHER_ID, [state(0, 1)]],
    ]),
  )
  const full = { ...request([['t', ID, [state(1, 2)]]]), type: 2 }
  const { deleted, topics } = cache.applyUpdateMetadata(full)
  assert.deepEqual(deleted, [
    { topic: 't', partition: 0 },
    { topic: 'u', partition: 0 },
  ])
  assert.deepEqual([...topics], ['t', 'u'])
  assert.deepEqual([...cache.image.topicNames], [[ID, 't']])
  assert.equal(cache.image.topics.get('t')?.partitions.get(1)?.leader, 2)
  assert.equal(cache.image.topics.get('t')?.partitions.size, 1)
})

test('the ungrouped form of old versions says the same', () => {
  for (let version = 0; version <= 4; version += 1) {
    const cache = new MetadataCache('c')
    cache.applyUpdateMetadata(
      request(
        [
          ['t', ID, [state(0, 1)]],
          ['u', ID, [state(3, 2)]],
        ],
        version,
      ),
    )
    assert.equal(cache.image.topics.get('u')?.partitions.get(3)?.leader, 2)
    assert.equal(cache.image.topics.get('t')?.id, undefined)
  }
})

test('an image that somebody holds does not change; what stays the same is shared', () => {
  const cache = new MetadataCache('c')
  cache.applyUpdateMetadata(
    request([
      ['t', ID, [state(0, 1)]],
      ['u', OTHER_ID, [state(0, 1)]],
    ]),
  )
  const held = cache.image
  cache.applyUpdateMetadata(request([['t', ID, [state(0, -2)]]]))
  assert.equal(held.topics.size, 2)
  assert.equal(cache.image.topics.get('u'), held.topics.get('u'))
  const quiet = cache.applyUpdateMetadata(request([]))
  assert.equal(quiet.after.topics, quiet.before.topics)
})

test('listeners hear of a change after it is in place, until they leave', () => {
  const cache = new MetadataCache('c')
  const heard: number[] = []
  const stop = cache.onChange(({ after }) => {
    assert.equal(after, cache.image)
    heard.push(after.topics.size)
  })
  cache.applyUpdateMetadata(request([['t', ID, [state(0, 1)]]]))
  stop()
  cache.applyUpdateMetadata(request([['u', OTHER_ID, [state(0, 1)]]]))
  assert.deepEqual(heard, [1])
})

test('settings of entities tell only real changes', () => {
  const configs = new EntityConfigs()
  const heard: string[] = []
  configs.onChange(({ path, before, after }) => heard.push(`${path} ${before.size} ${after.size}`))
  configs.set('topics/t', new Map([['a', '1']]))
  configs.set('topics/t', new Map([['a', '1']]))
  configs.set('users/x/clients/y', new Map([['q', '2']]))
  configs.set('topics/t', undefined)
  assert.deepEqual(heard, ['topics/t 0 1', 'users/x/clients/y 0 1', 'topics/t 1 0'])
  assert.deepEqual(
    [...configs.entities('users')].map(([name]) => name),
    ['x/clients/y'],
  )
  assert.equal(configs.topic('t').size, 0)
})
