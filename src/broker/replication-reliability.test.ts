// Failures of replication that happened to others (the numbers are Kafka's issues), each with our
// partitions, fetchers and logs.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IsrChange, IsrOutcome } from '../replication/partition-state.ts'
import * as batch from '../wire/records/batch.ts'
import { TestCluster } from './replication-cluster.test.ts'
import { logValues, TOPIC, valuesOf } from './replication-support.test.ts'

/** Records as brokers wrote them before magic 2, which carry no leader epoch. */
async function oldFormat(values: readonly string[]): Promise<Buffer> {
  const cluster = new TestCluster([0])
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0] })
  for (const value of values) await cluster.resolve(cluster.broker(0).produce([value]))
  const { records } = await cluster.broker(0).fetch(0, { version: 2 })
  assert.ok(records !== null && batch.magic(records, 0) === 1)
  return records
}

/** The controller answers before the proposal returns. */
class HastyCluster extends TestCluster {
  override propose(from: number, change: IsrChange, done: (outcome: IsrOutcome) => void): void {
    this.proposals.push({ from, change, done })
    done({
      error: 0,
      leader: from,
      leaderEpoch: change.leaderEpoch,
      isr: change.isr.map(({ brokerId }) => brokerId),
      leaderRecoveryState: 0,
      partitionEpoch: change.partitionEpoch + 1,
    })
  }
}

test('KAFKA-7897: records without epochs are cut at the high watermark, no epoch is asked for', async () => {
  const cluster = new TestCluster([0, 1])
  const common = await oldFormat(['a', 'b', 'c', 'd'])
  const apart = await oldFormat(['a', 'b', 'c', 'x', 'y'])
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0], replicas: [0, 1] })
  await cluster.advance(1000)
  cluster.cut(1)
  cluster.broker(0).log().appendAsFollower(common)
  cluster.broker(1).log().appendAsFollower(apart)
  await cluster.settle()
  cluster.broker(1).log().updateHighWatermark(3)
  cluster.heal()
  cluster.lead({ leader: 0, leaderEpoch: 4, isr: [0], replicas: [0, 1] })
  await cluster.advance(3000)
  assert.equal(cluster.broker(1).log().latestEpoch, -1)
  const limits = { fetchOffset: 0, maxBytes: 10_000, minOneBatch: true }
  const { segments } = await cluster.broker(1).log().read(limits)
  assert.deepEqual(Buffer.concat(segments), common)
})

test('KAFKA-7897: after records without epochs those of earlier records are not believed', async () => {
  const cluster = new TestCluster([0, 1])
  cluster.lead({ leader: 0, leaderEpoch: 2, isr: [0] }, [0])
  await cluster.resolve(cluster.broker(0).produce(['a', 'b', 'c'], { acks: 1 }))
  const log = cluster.broker(0).log()
  assert.equal(log.latestEpoch, 2)
  const old = await oldFormat(['a', 'b', 'c', 'd'])
  let last = 0
  while (last + batch.sizeInBytes(old, last) < old.length) last += batch.sizeInBytes(old, last)
  log.appendAsFollower(old.subarray(last))
  assert.deepEqual([log.nextOffset, log.latestEpoch], [4, -1])
  assert.deepEqual(log.endOffsetForEpoch(2), { epoch: -1, endOffset: -1 })
  await cluster.settle()
  await cluster.kill(0)
  const { logs } = cluster.boot(0)
  await cluster.resolve(logs.load(TOPIC, 0))
  assert.deepEqual(
    [cluster.broker(0).log().nextOffset, cluster.broker(0).log().latestEpoch],
    [4, -1],
  )
})

test('KAFKA-13254: an answer that comes within the proposal changes the set once, and ends', async () => {
  const cluster = new HastyCluster([0, 1])
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0], replicas: [0, 1] })
  await cluster.advance(1000)
  assert.deepEqual(cluster.broker(0).partition().isr, [0, 1])
  assert.equal(cluster.proposals.length, 1)
  cluster.cut(1)
  const pending = cluster.broker(0).produce(['a'], { timeoutMs: 120_000 })
  await cluster.advance(40_000)
  cluster.broker(0).replicas.shrinkInSyncSets()
  assert.deepEqual(cluster.broker(0).partition().isr, [0])
  assert.equal((await cluster.resolve(pending)).errorCode, 0)
  cluster.heal()
  await cluster.advance(3000)
  assert.deepEqual(cluster.broker(0).partition().isr, [0, 1])
  assert.equal(cluster.proposals.length, 3)
})

test('KAFKA-6975: a new replica begins inside a batch whose first records were deleted', async () => {
  const cluster = new TestCluster([0, 1])
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0], replicas: [0, 1] }, [0])
  await cluster.resolve(cluster.broker(0).produce(['a', 'b', 'c', 'd', 'e']))
  await cluster.resolve(cluster.broker(0).produce(['f']))
  assert.equal(cluster.broker(0).log().deleteRecordsBefore(3), 0)
  cluster.broker(1).platform.disk.latencyMs = () => 5
  cluster.lead({ leader: 0, leaderEpoch: 1, isr: [0], replicas: [0, 1] })
  const log = cluster.broker(1).log()
  for (let step = 0; step < 3000; step++) {
    await cluster.advance(1)
    // What is not known to be committed is not deleted either (KAFKA-5634).
    if (log.sizeBytes > 0) assert.ok(log.logStartOffset <= log.highWatermark, `at ${step} ms`)
    assert.ok(log.highWatermark <= log.logEndOffset, `at ${step} ms`)
  }
  assert.deepEqual([log.logStartOffset, log.logEndOffset, log.highWatermark], [3, 6, 6])
  assert.deepEqual(await logValues(log), ['d', 'e', 'f'])
  assert.deepEqual(cluster.broker(0).partition().isr, [0, 1])
})

test('KAFKA-6975: so does a replica that was away while its records were deleted', async () => {
  const cluster = new TestCluster([0, 1])
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0, 1] })
  await cluster.advance(1000)
  await cluster.resolve(cluster.broker(0).produce(['a']))
  cluster.cut(1)
  cluster.lead({ leader: 0, leaderEpoch: 1, isr: [0], replicas: [0, 1] }, [0])
  await cluster.resolve(cluster.broker(0).produce(['b', 'c', 'd', 'e']))
  assert.equal(cluster.broker(0).log().deleteRecordsBefore(3), 0)
  cluster.heal()
  cluster.lead({ leader: 0, leaderEpoch: 1, isr: [0], replicas: [0, 1] }, [1])
  await cluster.advance(5000)
  const log = cluster.broker(1).log()
  assert.deepEqual([log.logStartOffset, log.logEndOffset], [3, 5])
  assert.deepEqual(await logValues(log), ['d', 'e'])
})

test('KAFKA-7104: offsets and records of one answer are of one moment', async () => {
  const cluster = new TestCluster([0, 1])
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0, 1] }, [0, 1])
  await cluster.advance(1000)
  for (const value of ['a', 'b', 'c']) await cluster.resolve(cluster.broker(0).produce([value]))
  await cluster.kill(0)
  const broker = cluster.boot(0)
  await cluster.resolve(broker.logs.load(TOPIC, 0))
  broker.platform.disk.latencyMs = (operation) => (operation === 'read' ? 5 : 0)
  cluster.lead({ leader: 0, leaderEpoch: 1, isr: [0], replicas: [0, 1] }, [0])
  await cluster.settle()
  // The records lie in the file only; while it is read, more come and others go.
  const answer = broker.fetch(0)
  await cluster.advance(1)
  await cluster.resolve(broker.produce(['d'], { timeoutMs: 5 }))
  assert.equal(broker.log().deleteRecordsBefore(2), 0)
  assert.deepEqual([broker.log().logStartOffset, broker.partition().highWatermark], [2, 4])
  const { logStartOffset, highWatermark, records } = await cluster.resolve(answer)
  assert.deepEqual([logStartOffset, highWatermark], [0, 3])
  assert.deepEqual(valuesOf(records), ['a', 'b', 'c'])
})

test('KIP-966: alone in the in-sync set, a leader commits what is durable, and nothing else', async () => {
  const cluster = new TestCluster([0, 1])
  const before = { leader: 0, leaderEpoch: 0, isr: [0, 1] }
  cluster.lead(before)
  await cluster.advance(1000)
  const broker = cluster.broker(0)
  await cluster.resolve(broker.produce(['before']))
  await cluster.advance(1000)
  assert.equal(broker.log().recoveryPoint, 0)
  broker.platform.disk.latencyMs = (operation) => (operation === 'sync' ? 5 : 0)
  cluster.cut(1)
  cluster.lead({ ...before, leaderEpoch: 1, isr: [0], replicas: [0, 1] }, [0])
  await cluster.advance(20)
  assert.equal(broker.log().recoveryPoint, 1)
  let isCommitted = false
  const committed = broker.produce(['alone']).then((answer) => {
    isCommitted = true
    return answer.errorCode
  })
  const written = await cluster.resolve(broker.produce(['written'], { acks: 1 }))
  assert.deepEqual(
    [written.errorCode, isCommitted, broker.partition().highWatermark],
    [0, false, 1],
  )
  assert.equal(await cluster.resolve(committed), 0)
  assert.ok(broker.log().recoveryPoint >= 2)
  await cluster.resolve(broker.replicas.close())
  cluster.world.machine('broker-0').powerOff({ writes: 'lost', names: 'kept' })
  const { logs } = cluster.boot(0)
  await cluster.resolve(logs.load(TOPIC, 0))
  assert.deepEqual((await logValues(cluster.broker(0).log())).slice(0, 2), ['before', 'alone'])
})

test('a lone replica waits for no disk', async () => {
  const cluster = new TestCluster([0])
  cluster.lead({ leader: 0, leaderEpoch: 0, isr: [0] })
  cluster.broker(0).platform.disk.latencyMs = (operation) => (operation === 'sync' ? 60_000 : 0)
  const answer = await cluster.resolve(cluster.broker(0).produce(['a'], { timeoutMs: 1000 }))
  assert.deepEqual([answer.errorCode, cluster.broker(0).log().recoveryPoint], [0, 0])
})
