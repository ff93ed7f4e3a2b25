import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Seeded } from '../testing/simulated/seeded.ts'
import { Errors } from '../wire/errors.ts'
import { ZERO_UUID } from '../wire/uuid.ts'
import { FetchSessions } from './fetch-sessions.ts'
import type { SessionRequest } from './fetch-sessions.ts'
import { failedFetch } from './fetch-types.ts'
import type { FetchResult } from './fetch-types.ts'

const MINUTE = 60_000

function sessionsOf(slots = 10): FetchSessions {
  return new FetchSessions(slots, new Seeded(7))
}

function requested(topic: string, partition = 0, fetchOffset = 0) {
  return {
    topic,
    topicId: ZERO_UUID,
    partition,
    fetchOffset,
    maxBytes: 100,
    currentLeaderEpoch: -1,
    lastFetchedEpoch: -1,
    logStartOffset: -1,
  }
}

function ask(input: Partial<SessionRequest>): SessionRequest {
  return {
    sessionId: 0,
    sessionEpoch: 0,
    usesTopicIds: false,
    isFollower: false,
    partitions: [],
    forgotten: [],
    ...input,
  }
}

function result(input: Partial<FetchResult> = {}): FetchResult {
  return { ...failedFetch(0), highWatermark: 5, logStartOffset: 0, ...input }
}

function begin(sessions: FetchSessions, topics: readonly string[], nowMs = 0, isFollower = false) {
  const partitions = topics.map((topic) => requested(topic))
  const context = sessions.open(ask({ partitions, isFollower }), nowMs)
  return context.conclude(
    topics.map(() => result()),
    nowMs,
  ).sessionId
}

test('a session answers only what is new', () => {
  const sessions = sessionsOf()
  const sessionId = begin(sessions, ['a', 'b'])
  assert.notEqual(sessionId, 0)
  const second = sessions.open(ask({ sessionId, sessionEpoch: 1 }), 1)
  assert.deepEqual(
    second.targets.map(({ topic }) => topic),
    ['a', 'b'],
  )
  assert.deepEqual(second.conclude([result(), result()], 1).included, [false, false])
  const third = sessions.open(ask({ sessionId, sessionEpoch: 2 }), 2)
  const results = [result({ highWatermark: 6 }), result({ sizeBytes: 10 })]
  assert.deepEqual(third.conclude(results, 2).included, [true, true])
})

test('partitions that gave data are read last the next time', () => {
  const sessions = sessionsOf()
  const sessionId = begin(sessions, ['a', 'b', 'c'])
  const context = sessions.open(ask({ sessionId, sessionEpoch: 1 }), 1)
  context.conclude([result({ sizeBytes: 10 }), result(), result()], 1)
  const next = sessions.open(ask({ sessionId, sessionEpoch: 2 }), 2)
  assert.deepEqual(
    next.targets.map(({ topic }) => topic),
    ['b', 'c', 'a'],
  )
})

test('an error is told each time, and the first answer after it', () => {
  const sessions = sessionsOf()
  const sessionId = begin(sessions, ['a'])
  const tell = (epoch: number, one: FetchResult) =>
    sessions.open(ask({ sessionId, sessionEpoch: epoch }), epoch).conclude([one], epoch).included
  assert.deepEqual(tell(1, failedFetch(Errors.NOT_LEADER_OR_FOLLOWER)), [true])
  assert.deepEqual(tell(2, failedFetch(Errors.NOT_LEADER_OR_FOLLOWER)), [true])
  assert.deepEqual(tell(3, result()), [true])
  assert.deepEqual(tell(4, result()), [false])
})

test('KAFKA-8052: a wrong epoch is refused and the session lives on', () => {
  const sessions = sessionsOf()
  const sessionId = begin(sessions, ['a'])
  const at = (sessionEpoch: number) => sessions.open(ask({ sessionId, sessionEpoch }), 1).error
  assert.equal(at(5), Errors.INVALID_FETCH_SESSION_EPOCH)
  assert.equal(at(1), 0)
  assert.equal(at(1), Errors.INVALID_FETCH_SESSION_EPOCH)
  assert.equal(at(2), 0)
})

test('unknown sessions are refused, and an epoch without a session', () => {
  const sessions = sessionsOf()
  const at = (sessionId: number) => sessions.open(ask({ sessionId, sessionEpoch: 5 }), 0).error
  assert.equal(at(12345), Errors.FETCH_SESSION_ID_NOT_FOUND)
  assert.equal(at(0), Errors.FETCH_SESSION_ID_NOT_FOUND)
})

test('names and ids cannot be mixed in one session', () => {
  const sessions = sessionsOf()
  const sessionId = begin(sessions, ['a'])
  const mixed = sessions.open(ask({ sessionId, sessionEpoch: 1, usesTopicIds: true }), 1)
  assert.equal(mixed.error, Errors.FETCH_SESSION_TOPIC_ID_ERROR)
})

test('franz-go #1222: epoch -1 is a full fetch from the asked offset and ends the session', () => {
  const sessions = sessionsOf()
  const sessionId = begin(sessions, ['a', 'b'])
  const full = sessions.open(
    ask({ sessionId, sessionEpoch: -1, partitions: [requested('b', 0, 77)] }),
    1,
  )
  assert.deepEqual(
    full.targets.map(({ topic, fetchOffset }) => [topic, fetchOffset]),
    [['b', 77]],
  )
  assert.deepEqual(full.conclude([result()], 1), { sessionId: 0, included: undefined })
  const after = sessions.open(ask({ sessionId, sessionEpoch: 1 }), 1)
  assert.equal(after.error, Errors.FETCH_SESSION_ID_NOT_FOUND)
})

test('forgetting the last partition ends the session', () => {
  const sessions = sessionsOf()
  const sessionId = begin(sessions, ['a'])
  const forgotten = [{ topic: 'a', topicId: ZERO_UUID, partition: 0 }]
  const last = sessions.open(ask({ sessionId, sessionEpoch: 1, forgotten }), 1)
  assert.deepEqual(last.conclude([], 1), { sessionId: 0, included: undefined })
  assert.equal(
    sessions.open(ask({ sessionId, sessionEpoch: 2 }), 1).error,
    Errors.FETCH_SESSION_ID_NOT_FOUND,
  )
})

test('KAFKA-9137: a session in use is not the one that goes', () => {
  const sessions = sessionsOf(2)
  const used = begin(sessions, ['a'])
  const idle = begin(sessions, ['b'])
  sessions.open(ask({ sessionId: used, sessionEpoch: 1 }), 3 * MINUTE)
  assert.notEqual(begin(sessions, ['c'], 3 * MINUTE), 0)
  assert.equal(
    sessions.open(ask({ sessionId: idle, sessionEpoch: 1 }), 3 * MINUTE).error,
    Errors.FETCH_SESSION_ID_NOT_FOUND,
  )
  assert.equal(sessions.open(ask({ sessionId: used, sessionEpoch: 2 }), 3 * MINUTE).error, 0)
  assert.equal(sessions.evictions, 1)
})

test('without a free slot a consumer fetches in full, a follower takes its place', () => {
  const sessions = sessionsOf(1)
  const consumer = begin(sessions, ['a', 'b'])
  assert.equal(begin(sessions, ['c', 'd', 'e'], 1000), 0)
  const follower = begin(sessions, ['f'], 1000, true)
  assert.notEqual(follower, 0)
  assert.equal(
    sessions.open(ask({ sessionId: consumer, sessionEpoch: 1 }), 1000).error,
    Errors.FETCH_SESSION_ID_NOT_FOUND,
  )
  assert.equal(begin(sessions, ['a', 'b'], 2000), 0)
  assert.equal(sessions.size, 1)
})
