import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConsumerProtocolSubscription } from '../../wire/messages/consumer-protocol.ts'
import { NO_BYTES, type Member } from './group.ts'
import { subscribedTopics } from './subscription.ts'

function member(metadata: Buffer): Member {
  return {
    id: 'm',
    instanceId: null,
    clientId: 'c',
    clientHost: '/1',
    sessionTimeoutMs: 1,
    rebalanceTimeoutMs: 1,
    protocols: [{ name: 'range', metadata }],
    assignment: NO_BYTES,
    isNew: false,
    joinReplyTo: 0,
    syncReplyTo: 0,
    isUnsynced: false,
    sessionDeadlineMs: Infinity,
  }
}

function subscription(version: number, ...topics: string[]): Buffer {
  const fields = { topics, userData: null, ownedPartitions: [], rackId: null }
  return ConsumerProtocolSubscription.encodeVersioned(version, fields)
}

function topicsOf(...metadata: Buffer[]): string[] | undefined {
  const topics = subscribedTopics(metadata.map(member), 'consumer', 'range')
  return topics === undefined ? undefined : [...topics]
}

test('the topics of all members, in every version of the subscription', () => {
  assert.deepEqual(topicsOf(subscription(0, 'a'), subscription(3, 'b', 'a')), ['a', 'b'])
  const newer = subscription(3, 'a')
  newer.writeInt16BE(9, 0)
  assert.deepEqual(topicsOf(newer), ['a'])
  assert.deepEqual(topicsOf(), [])
})

test('one subscription that cannot be read makes the topics unknown', () => {
  assert.equal(topicsOf(subscription(0, 'a'), Buffer.from('meta')), undefined)
  // Reads as an array of 1.6 billion topics: refused without allocating.
  assert.equal(topicsOf(Buffer.from('meta-range')), undefined)
  assert.equal(topicsOf(NO_BYTES), undefined)
})

test('other protocol types are not looked into', () => {
  assert.equal(subscribedTopics([member(subscription(0, 'a'))], 'connect', 'range'), undefined)
})
