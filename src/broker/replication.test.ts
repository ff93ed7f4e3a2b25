import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Errors } from '../wire/errors.ts'
import { Fetch } from '../wire/messages/01-fetch.ts'
import { fetchHandler } from './handlers/01-fetch.ts'
import { TestCluster } from './replication-cluster.test.ts'
import { fetchRequest, logValues, TOPIC } from './replication-support.test.ts'

const ALL = [0, 1, 2]

async function three(topic: Readonly<Record<string, unknown>> = {}) {
  const cluster = new TestCluster(ALL, { topic })
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: ALL, isNew: true })
  await cluster.advance(50)
  return cluster
}

test('followers copy, and acks=all waits for them', async () => {
  const cluster = await three()
  const answer = await cluster.resolve(cluster.broker(0).produce(['a', 'b']))
  assert.deepEqual([answer.errorCode, answer.baseOffset], [0, 0])
  for (const id of ALL) assert.deepEqual(await logValues(cluster.broker(id).log()), ['a', 'b'])
  assert.equal(cluster.broker(0).partition().highWatermark, 2)
  await cluster.advance(600)
  assert.equal(cluster.broker(1).partition().highWatermark, 2)
})

test('acks=all without a live follower times out with its offset, and is not committed', async () => {
  const cluster = await three()
  cluster.cut(1)
  const pending = cluster.broker(0).produce(['a'], { timeoutMs: 300 })
  const answer = await cluster.resolve(pending)
  assert.deepEqual([answer.errorCode, answer.baseOffset], [Errors.REQUEST_TIMED_OUT, 0])
  assert.deepEqual((await cluster.broker(0).consume()).values, [])
})

test('a lagging member leaves the in-sync set, and comes back when it has caught up', async () => {
  const cluster = await three({ minInsyncReplicas: 2 })
  cluster.cut(2)
  const pending = cluster.broker(0).produce(['a'], { timeoutMs: 120_000 })
  await cluster.advance(20_000)
  cluster.broker(0).replicas.shrinkInSyncSets()
  assert.deepEqual(cluster.broker(0).partition().isr, ALL)
  await cluster.advance(20_000)
  cluster.broker(0).replicas.shrinkInSyncSets()
  await cluster.settle()
  assert.deepEqual(cluster.broker(0).partition().isr, [0, 1])
  assert.equal((await pending).errorCode, 0)
  cluster.heal()
  await cluster.advance(3000)
  assert.deepEqual(cluster.broker(0).partition().isr, [0, 1, 2])
  assert.deepEqual(await logValues(cluster.broker(2).log()), ['a'])
})

test('KAFKA-13091: acks=all completes when a shrink is confirmed, without a further fetch', async () => {
  const cluster = await three()
  cluster.cut(1)
  cluster.cut(2)
  const pending = cluster.broker(0).produce(['a'], { timeoutMs: 300_000 })
  await cluster.advance(40_000)
  cluster.holdProposals = true
  cluster.broker(0).replicas.shrinkInSyncSets()
  let answered = false
  void pending.then(() => {
    answered = true
  })
  await cluster.settle()
  assert.equal(answered, false)
  cluster.answer(0)
  await cluster.settle()
  assert.equal(answered, true)
  assert.equal((await pending).errorCode, 0)
})

test('below min.insync.replicas acks=all is refused, acks=1 taken, and nothing is committed', async () => {
  const cluster = await three({ minInsyncReplicas: 2 })
  cluster.cut(1)
  cluster.cut(2)
  await cluster.resolve(cluster.broker(0).produce(['b'], { acks: 1 }))
  await cluster.advance(40_000)
  cluster.broker(0).replicas.shrinkInSyncSets()
  await cluster.settle()
  assert.deepEqual(cluster.broker(0).partition().isr, [0])
  assert.equal((await cluster.broker(0).produce(['a'])).errorCode, Errors.NOT_ENOUGH_REPLICAS)
  const one = await cluster.resolve(cluster.broker(0).produce(['b'], { acks: 1 }))
  assert.equal(one.errorCode, 0)
  assert.equal(cluster.broker(0).partition().highWatermark, 0)
})

test('the effective minimum is at most the number of replicas', async () => {
  const cluster = new TestCluster([0], { topic: { minInsyncReplicas: 3 } })
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0] })
  assert.equal((await cluster.resolve(cluster.broker(0).produce(['a']))).errorCode, 0)
})

test('KAFKA-7128: a follower joins only with something of the current leader epoch', async () => {
  const cluster = new TestCluster([0, 1])
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0] }, [0])
  await cluster.resolve(cluster.broker(0).produce(['a', 'b'], { acks: 1 }))
  cluster.lead({ leader: 0, leaderEpoch: 1, isr: [0] }, [0])
  const leader = cluster.broker(0).partition()
  assert.equal(leader.epochStartOffset, 2)
  await cluster.broker(0).fetch(1, { replicaId: 1, currentLeaderEpoch: 1 })
  assert.equal(cluster.proposals.length, 0)
  await cluster.broker(0).fetch(2, { replicaId: 1, currentLeaderEpoch: 1 })
  assert.deepEqual(
    cluster.proposals[0]?.change.isr.map(({ brokerId }) => brokerId),
    [0, 1],
  )
})

test('a proposed member is waited for before the controller has confirmed it', async () => {
  const cluster = new TestCluster([0, 1])
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0] }, [0])
  cluster.holdProposals = true
  await cluster.broker(0).fetch(0, { replicaId: 1 })
  assert.deepEqual(cluster.broker(0).partition().maximalIsr, [0, 1])
  assert.deepEqual(cluster.broker(0).partition().isr, [0])
  void cluster.broker(0).produce(['a'], { acks: 1 })
  await cluster.settle()
  assert.equal(cluster.broker(0).partition().highWatermark, 0)
  await cluster.broker(0).fetch(1, { replicaId: 1 })
  await cluster.settle()
  assert.equal(cluster.broker(0).partition().highWatermark, 1)
})

test('KAFKA-12686: an answer that crosses a LeaderAndIsr does not bring back a stale set', async () => {
  const cluster = new TestCluster([0, 1])
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0] }, [0])
  cluster.holdProposals = true
  await cluster.broker(0).fetch(0, { replicaId: 1 })
  cluster.lead({ leader: 0, leaderEpoch: 1, isr: [0], partitionEpoch: 9 }, [0])
  cluster.proposals[0]?.done({
    error: 0,
    leader: 0,
    leaderEpoch: 0,
    isr: [0, 1],
    leaderRecoveryState: 0,
    partitionEpoch: 2,
  })
  assert.deepEqual(cluster.broker(0).partition().isr, [0])
  assert.equal(cluster.broker(0).partition().partitionEpoch, 9)
})

test('a refused proposal goes back to what is committed, and may be made again', async () => {
  const cluster = new TestCluster([0, 1])
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0] }, [0])
  cluster.holdProposals = true
  await cluster.broker(0).fetch(0, { replicaId: 1 })
  cluster.answer(0, Errors.INELIGIBLE_REPLICA)
  await cluster.settle()
  assert.deepEqual(cluster.broker(0).partition().maximalIsr, [0])
  await cluster.broker(0).fetch(0, { replicaId: 1 })
  assert.equal(cluster.proposals.length, 2)
})

test('who is refused by the controller is not waited for', async () => {
  const cluster = new TestCluster([0, 1])
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0] }, [0])
  cluster.holdProposals = true
  await cluster.broker(0).fetch(0, { replicaId: 1 })
  const pending = cluster.broker(0).produce(['a'])
  await cluster.settle()
  assert.equal(cluster.broker(0).partition().highWatermark, 0)
  cluster.answer(0, Errors.INELIGIBLE_REPLICA)
  await cluster.settle()
  assert.equal(cluster.broker(0).partition().highWatermark, 1)
  assert.equal((await pending).errorCode, 0)
})

test('who might have joined is no longer waited for when its broker is gone', async () => {
  const cluster = new TestCluster(ALL)
  const leadership = { leader: 0, leaderEpoch: 0, isr: [0], replicas: ALL }
  cluster.lead(leadership, [0])
  cluster.holdProposals = true
  await cluster.broker(0).fetch(0, { replicaId: 1 })
  await cluster.broker(0).fetch(0, { replicaId: 2 })
  cluster.answer(0)
  const pending = cluster.broker(0).produce(['a'])
  await cluster.settle()
  await cluster.broker(0).fetch(1, { replicaId: 1 })
  assert.equal(cluster.broker(0).partition().highWatermark, 0)
  await cluster.kill(2)
  cluster.announce(cluster.broker(0), leadership)
  await cluster.settle()
  assert.equal(cluster.broker(0).partition().highWatermark, 1)
  assert.equal((await pending).errorCode, 0)
})

test('KAFKA-14139: a fetch from before a restart does not count for the replica after it', async () => {
  const cluster = new TestCluster([0, 1])
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0] }, [0])
  await cluster.resolve(cluster.broker(0).produce(['a'], { acks: 1 }))
  const fetch = (offset: number, replicaEpoch: number) =>
    cluster.broker(0).fetch(offset, { version: 15, replicaId: 1, replicaEpoch })
  cluster.holdProposals = true
  assert.equal((await fetch(0, 20)).errorCode, 0)
  assert.equal((await fetch(1, 10)).errorCode, Errors.NOT_LEADER_OR_FOLLOWER)
  assert.equal(cluster.proposals.length, 0)
  assert.equal((await fetch(1, 20)).errorCode, 0)
  assert.deepEqual(cluster.proposals[0]?.change.isr, [
    { brokerId: 0, brokerEpoch: 1 },
    { brokerId: 1, brokerEpoch: 20 },
  ])
})

test('CVE-2018-1288: who is not an assigned replica never counts', async () => {
  const cluster = new TestCluster([0, 1])
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0, 1] }, [0])
  void cluster.broker(0).produce(['a'], { acks: 1 })
  await cluster.settle()
  const stranger = await cluster.broker(0).fetch(1, { replicaId: 7 })
  assert.equal(stranger.errorCode, Errors.NOT_LEADER_OR_FOLLOWER)
  const known = await cluster.broker(0).fetch(1, { replicaId: 7, currentLeaderEpoch: 0 })
  assert.equal(known.errorCode, Errors.UNKNOWN_LEADER_EPOCH)
  assert.equal(cluster.broker(0).partition().highWatermark, 0)
  const denied = { ...cluster.broker(0).context, authorizer: { allows: () => false } }
  Object.assign(cluster.broker(0), { context: denied })
  const refused = await cluster.broker(0).fetch(1, { replicaId: 1 })
  assert.equal(refused.errorCode, Errors.TOPIC_AUTHORIZATION_FAILED)
  assert.equal(cluster.broker(0).partition().highWatermark, 0)
})

test('KAFKA-1211: after a leader change a follower truncates by epoch and loses nothing committed', async () => {
  const cluster = await three()
  await cluster.resolve(cluster.broker(0).produce(['a']))
  // Broker 1 knows that `a` is committed only later: its high watermark is still behind.
  assert.equal(cluster.broker(1).partition().highWatermark, 0)
  cluster.lead({ leader: 1, leaderEpoch: 1, isr: [1, 2] }, [1, 2])
  await cluster.advance(2000)
  assert.deepEqual(await logValues(cluster.broker(1).log()), ['a'])
  assert.deepEqual(await logValues(cluster.broker(2).log()), ['a'])
  assert.equal(cluster.broker(1).partition().highWatermark, 1)
})

test('KIP-101: what only the old leader had is cut when it comes back', async () => {
  const cluster = await three()
  await cluster.resolve(cluster.broker(0).produce(['a']))
  cluster.cut(0)
  void cluster.broker(0).produce(['lost-1'], { acks: 1 })
  void cluster.broker(0).produce(['lost-2'], { acks: 1 })
  await cluster.settle()
  cluster.lead({ leader: 1, leaderEpoch: 1, isr: [1, 2] }, [1, 2])
  await cluster.advance(1500)
  await cluster.resolve(cluster.broker(1).produce(['b']))
  cluster.heal()
  cluster.lead({ leader: 1, leaderEpoch: 1, isr: [1, 2], partitionEpoch: 50 }, [0])
  await cluster.advance(3000)
  for (const id of ALL) assert.deepEqual(await logValues(cluster.broker(id).log()), ['a', 'b'])
  assert.deepEqual(new Set(cluster.broker(1).partition().isr), new Set(ALL))
})

test('KIP-279: logs that parted several epochs ago are made equal step by step', async () => {
  const cluster = new TestCluster([0, 1])
  const lead = (leader: number, leaderEpoch: number) =>
    cluster.lead({ leader, leaderEpoch, isr: [leader], replicas: [0, 1] }, [leader])
  const add = async (id: number, value: string) => {
    await cluster.resolve(cluster.broker(id).produce([value], { acks: 1 }))
  }
  // Two leaders that never heard of each other: epochs 0 and 2 here, 1 and 3 there.
  lead(0, 0)
  await add(0, 'a0')
  lead(1, 1)
  await add(1, 'b0')
  await add(1, 'b1')
  lead(0, 2)
  await add(0, 'a1')
  await add(0, 'a2')
  lead(1, 3)
  await add(1, 'b2')
  cluster.lead({ leader: 1, leaderEpoch: 4, isr: [1], replicas: [0, 1] })
  await cluster.advance(5000)
  assert.deepEqual(await logValues(cluster.broker(1).log()), ['b0', 'b1', 'b2'])
  assert.deepEqual(await logValues(cluster.broker(0).log()), ['b0', 'b1', 'b2'])
})

test('KAFKA-7164: a follower that missed an epoch truncates although the leader is the same', async () => {
  const cluster = new TestCluster([0, 1])
  cluster.lead({ leader: 1, leaderEpoch: 0, isr: [1], replicas: [0, 1] }, [1])
  await cluster.resolve(cluster.broker(1).produce(['x', 'y'], { acks: 1 }))
  cluster.lead({ leader: 0, leaderEpoch: 1, isr: [0], replicas: [0, 1] }, [0])
  await cluster.resolve(cluster.broker(0).produce(['a'], { acks: 1 }))
  cluster.lead({ leader: 0, leaderEpoch: 2, isr: [0], replicas: [0, 1] })
  await cluster.advance(3000)
  assert.deepEqual(await logValues(cluster.broker(1).log()), ['a'])
})

test('KAFKA-7415: a new leader knows where its epoch begins before it appends, also after a kill', async () => {
  const cluster = await three()
  await cluster.resolve(cluster.broker(0).produce(['a', 'b']))
  cluster.lead({ leader: 1, leaderEpoch: 5, isr: ALL }, [1])
  assert.equal(cluster.broker(1).log().latestEpoch, 5)
  assert.deepEqual(cluster.broker(1).log().endOffsetForEpoch(5), { epoch: 5, endOffset: 2 })
  await cluster.kill(1)
  const again = cluster.boot(1)
  await cluster.resolve(again.logs.load(TOPIC, 0))
  cluster.rejoin(1)
  cluster.lead({ leader: 1, leaderEpoch: 7, isr: ALL })
  assert.deepEqual(again.log().endOffsetForEpoch(7), { epoch: 7, endOffset: 2 })
  assert.deepEqual(again.log().endOffsetForEpoch(5), { epoch: 0, endOffset: 2 })
  // Whose high watermark is behind keeps what it has all the same.
  await cluster.advance(2000)
  for (const id of ALL) assert.deepEqual(await logValues(cluster.broker(id).log()), ['a', 'b'])
})

test('KAFKA-13141: a fetch that is answered with a diverging epoch moves nothing', async () => {
  const cluster = new TestCluster([0, 1])
  cluster.lead({ leader: 0, leaderEpoch: 2, isr: [0, 1] }, [0])
  void cluster.broker(0).produce(['a', 'b'], { acks: 1 })
  await cluster.settle()
  const answer = await cluster.broker(0).fetch(2, { replicaId: 1, lastFetchedEpoch: 1 })
  assert.deepEqual(answer.divergingEpoch, { epoch: 1, endOffset: 0 })
  cluster.lead({ leader: 0, leaderEpoch: 4, isr: [0, 1] }, [0])
  const diverged = await cluster.broker(0).fetch(2, { replicaId: 1, lastFetchedEpoch: 3 })
  assert.deepEqual(diverged.divergingEpoch, { epoch: 2, endOffset: 2 })
  assert.equal(diverged.records?.length, 0)
  assert.equal(cluster.broker(0).partition().followers.get(1)?.logEndOffset, -1)
  assert.equal(cluster.broker(0).partition().highWatermark, 0)
})

test('KAFKA-12996: below the log start the offset is out of range, also with another epoch', async () => {
  const cluster = new TestCluster([0])
  cluster.lead({ leader: 0, leaderEpoch: 1, isr: [0] })
  await cluster.resolve(cluster.broker(0).produce(['a', 'b', 'c']))
  cluster.lead({ leader: 0, leaderEpoch: 3, isr: [0] })
  cluster.broker(0).log().deleteRecordsBefore(2)
  const answer = await cluster.broker(0).fetch(1, { lastFetchedEpoch: 2 })
  assert.equal(answer.errorCode, Errors.OFFSET_OUT_OF_RANGE)
})

test('an old controller, an old leader epoch and a stranger’s partition change nothing', async () => {
  const cluster = await three()
  const { replicas } = cluster.broker(0)
  assert.equal(replicas.admitController(0), Errors.STALE_CONTROLLER_EPOCH)
  cluster.lead({ leader: 1, leaderEpoch: 0, isr: ALL, partitionEpoch: 99 }, [0])
  assert.equal(cluster.broker(0).partition().leader, 0)
  cluster.lead({ leader: 1, leaderEpoch: 9, isr: [1], replicas: [1, 2] }, [0])
  assert.equal(cluster.broker(0).partition().leader, 0)
})

test('a follower that was away longer than the leader keeps records begins anew', async () => {
  const cluster = await three()
  await cluster.resolve(cluster.broker(0).produce(['a']))
  cluster.cut(2)
  await cluster.resolve(cluster.broker(0).produce(['b'], { acks: 1 }))
  await cluster.advance(40_000)
  cluster.broker(0).replicas.shrinkInSyncSets()
  await cluster.settle()
  await cluster.resolve(cluster.broker(0).produce(['c']))
  assert.equal(cluster.broker(0).log().deleteRecordsBefore(2), 0)
  cluster.heal()
  await cluster.advance(5000)
  assert.equal(cluster.broker(2).log().logStartOffset, 2)
  assert.deepEqual(await logValues(cluster.broker(2).log()), ['c'])
  assert.ok(cluster.broker(0).partition().isr.includes(2))
})

test('KAFKA-14334: a consumer parked on a follower wakes when the follower has copied', async () => {
  const cluster = await three()
  const answers: string[][] = []
  void cluster
    .broker(1)
    .consume(0, { maxWaitMs: 60_000 })
    .then(({ values }) => answers.push(values))
  await cluster.advance(1000)
  assert.deepEqual(answers, [])
  void cluster.broker(0).produce(['a'])
  await cluster.advance(1000)
  assert.deepEqual(answers, [['a']])
})

test('a failed log directory answers KAFKA_STORAGE_ERROR and proposes nothing (KAFKA-7837)', async () => {
  const cluster = await three()
  cluster.cut(1)
  const pending = cluster.broker(0).produce(['a'])
  cluster.broker(0).logs.failDirectory()
  assert.equal((await pending).errorCode, Errors.KAFKA_STORAGE_ERROR)
  assert.equal((await cluster.broker(0).fetch(0)).errorCode, Errors.KAFKA_STORAGE_ERROR)
  await cluster.advance(60_000)
  cluster.broker(0).replicas.shrinkInSyncSets()
  assert.equal(cluster.proposals.length, 0)
})

test('losing leadership refuses what waits for replication', async () => {
  const cluster = await three()
  cluster.cut(1)
  const pending = cluster.broker(0).produce(['a'])
  await cluster.settle()
  cluster.lead({ leader: 1, leaderEpoch: 1, isr: ALL }, [0])
  assert.equal((await pending).errorCode, Errors.NOT_LEADER_OR_FOLLOWER)
})

test('read from the nearest replica: the leader names one in the rack (KIP-392)', async () => {
  const cluster = new TestCluster(ALL, {
    settings: {
      'replica.selector.class': 'org.apache.kafka.common.replica.RackAwareReplicaSelector',
    },
  })
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: ALL })
  await cluster.advance(50)
  await cluster.resolve(cluster.broker(0).produce(['a']))
  const near = await cluster.broker(0).consume(0, { rackId: 'rack-2' })
  assert.deepEqual([near.preferredReadReplica, near.values], [2, []])
  const local = await cluster.broker(0).consume(0, { rackId: 'rack-0' })
  assert.deepEqual([local.preferredReadReplica, local.values], [-1, ['a']])
  const nowhere = await cluster.broker(0).consume(0, { rackId: 'rack-9' })
  assert.equal(nowhere.preferredReadReplica, -1)
})

test('followers fetch in sessions: an idle fetch names no partition', async () => {
  const cluster = await three()
  await cluster.advance(2000)
  assert.equal(cluster.broker(0).replicas.sessions.size, 2)
  const { body } = await cluster.broker(0).call(Fetch, fetchHandler, 12, {
    ...fetchRequest(0),
    sessionEpoch: 0,
  })
  assert.notEqual(body?.sessionId, 0)
})

test('an epoch in which nothing was appended does not keep a follower from its leader', async () => {
  const cluster = await three()
  await cluster.resolve(cluster.broker(0).produce(['a']))
  cluster.lead({ leader: 1, leaderEpoch: 1, isr: ALL }, [1])
  cluster.lead({ leader: 0, leaderEpoch: 2, isr: ALL })
  await cluster.advance(3000)
  await cluster.resolve(cluster.broker(0).produce(['b']))
  assert.deepEqual(await logValues(cluster.broker(1).log()), ['a', 'b'])
})

test('a new partition does not wait until the fetch that is parked at its leader has ended', async () => {
  const cluster = await three()
  await cluster.advance(700)
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: ALL, partition: 1, isNew: true })
  const sentMs = cluster.clock.nowMs
  const answer = await cluster.resolve(cluster.broker(0).produce(['a'], { partition: 1 }))
  assert.equal(answer.errorCode, 0)
  assert.ok(cluster.clock.nowMs - sentMs < 20)
})

test('who follows a leader that has not heard of it yet asks again soon', async () => {
  const cluster = await three()
  const change = { leader: 1, leaderEpoch: 1, isr: [1, 2], partitionEpoch: 2 }
  cluster.lead(change, [2])
  await cluster.advance(10)
  cluster.lead(change, [0, 1])
  const sentMs = cluster.clock.nowMs
  const answer = await cluster.resolve(cluster.broker(1).produce(['a']))
  assert.equal(answer.errorCode, 0)
  assert.ok(cluster.clock.nowMs - sentMs < 50)
})
