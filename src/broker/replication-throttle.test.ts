// Replicas out of sync are copied at the rates of leader. and follower.replication.throttled.rate.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ThrottleSide } from '../replication/replication-throttle.ts'
import { TestCluster } from './replication-cluster.test.ts'

const RATE = 20_000
const BATCHES = 200
const VALUE = 'x'.repeat(2000)
const BOTH = { replicas: [0, 1], leaderEpoch: 0, leader: 0 } as const

/** A leader with 400 kB, and a follower that begins to copy them. */
async function copying(throttled: ThrottleSide, replicas: readonly string[]) {
  const rates = { leader: Infinity, follower: Infinity, [throttled]: RATE }
  const cluster = new TestCluster([0, 1], {
    settings: { 'replica.fetch.max.bytes': 4000 },
    topic: {
      [`${throttled}ReplicationThrottledReplicas`]: replicas,
    },
    throttleRate: (side) => rates[side],
  })
  cluster.cut(1)
  cluster.lead({ ...BOTH, isr: [0], isNew: true })
  for (let count = 0; count < BATCHES; count += 1) {
    await cluster.resolve(cluster.broker(0).produce([VALUE]))
  }
  cluster.heal()
  await cluster.advance(1000)
  return { cluster, rates, copied: () => cluster.broker(1).log().logEndOffset * VALUE.length }
}

const named: Record<ThrottleSide, string> = { leader: '0:0', follower: '0:1' }

for (const side of ['leader', 'follower'] as const) {
  test(`the ${side}'s rate limits what is copied to a replica out of sync`, async () => {
    const { cluster, rates, copied } = await copying(side, [named[side]])
    const before = copied()
    await cluster.advance(5000)
    const rate = (copied() - before) / 5
    assert(rate > RATE * 0.5 && rate < RATE * 1.5, `${rate} bytes a second`)
    rates[side] = Infinity
    await cluster.advance(3000)
    assert.equal(copied(), BATCHES * VALUE.length)
    assert.deepEqual(cluster.broker(0).partition().isr, [0, 1])
  })

  test(`the ${side}'s rate is nothing to a replica that is not listed`, async () => {
    const { copied } = await copying(side, ['0:7', '1:0', '1:1'])
    assert.equal(copied(), BATCHES * VALUE.length)
  })

  test(`the ${side}'s rate does not hold back who is in sync`, async () => {
    const { cluster, rates } = await copying(side, ['*'])
    rates[side] = Infinity
    await cluster.advance(5000)
    assert.deepEqual(cluster.broker(0).partition().isr, [0, 1])
    rates[side] = 0
    const answer = await cluster.resolve(cluster.broker(0).produce([VALUE], { timeoutMs: 1000 }))
    assert.equal(answer.errorCode, 0)
  })
}
