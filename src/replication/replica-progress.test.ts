import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReplicaProgress } from './replica-progress.ts'

const LAG = 30_000

function fetchAt(fetchMs: number, fetchOffset: number, leaderEndOffset: number) {
  return { fetchOffset, logStartOffset: 0, fetchMs, leaderEndOffset, brokerEpoch: -1 }
}

test('a follower that asks for the end is caught up now', () => {
  const follower = new ReplicaProgress(1)
  follower.reset(0, false)
  assert.equal(follower.isCaughtUp(10, 1000, LAG), false)
  follower.record(fetchAt(1000, 10, 10))
  assert.equal(follower.lastCaughtUpMs, 1000)
  assert.equal(follower.isCaughtUp(99, 31_000, LAG), true)
  assert.equal(follower.isCaughtUp(99, 31_001, LAG), false)
})

test('a follower that asks for what was the end at its last fetch was caught up then', () => {
  const follower = new ReplicaProgress(1)
  follower.reset(0, false)
  follower.record(fetchAt(1000, 5, 10))
  follower.record(fetchAt(2000, 10, 20))
  assert.equal(follower.lastCaughtUpMs, 1000)
  follower.record(fetchAt(3000, 15, 30))
  assert.equal(follower.lastCaughtUpMs, 1000)
})

test('having everything is being caught up, however long ago it fetched', () => {
  const follower = new ReplicaProgress(1)
  follower.record(fetchAt(0, 10, 10))
  assert.equal(follower.isCaughtUp(10, 1_000_000, LAG), true)
})

test('a new leader gives members of the in-sync set time, others none', () => {
  const member = new ReplicaProgress(1)
  const stranger = new ReplicaProgress(2)
  member.reset(5000, true)
  stranger.reset(5000, false)
  assert.equal(member.isCaughtUp(10, 6000, LAG), true)
  assert.equal(stranger.isCaughtUp(10, 6000, LAG), false)
})

test('a new epoch of the same leader keeps positions', () => {
  const follower = new ReplicaProgress(1)
  follower.record(fetchAt(1000, 7, 10))
  follower.renew(5000, 10, true)
  assert.equal(follower.logEndOffset, 7)
  assert.equal(follower.lastCaughtUpMs, 5000)
})
