// Three brokers under faults drawn from a seed. Whatever happens: a record that was acknowledged by
// all in sync is there in the end, once, at its offset; what a consumer has seen never changes; and
// once everything is healed all logs are equal.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IsrChange, IsrOutcome } from '../replication/partition-state.ts'
import { Seeded } from '../testing/simulated/seeded.ts'
import { Errors } from '../wire/errors.ts'
import { TestCluster } from './replication-cluster.test.ts'
import { logValues, TOPIC } from './replication-support.test.ts'

const ALL = [0, 1, 2]
const STEPS = 120
const SEEDS = Array.from({ length: 25 }, (_, index) => index + 1)

class FaultyCluster extends TestCluster {
  readonly random: Seeded
  readonly acked = new Map<number, string>()
  readonly seen = new Map<number, string>()
  readonly highWatermarks = new Map<number, number>()
  readonly trace: string[] = []
  state = { leader: 0, leaderEpoch: 0, isr: [...ALL], partitionEpoch: 0 }
  /** Cut off from the others and from the controller. */
  readonly cutOff = new Set<number>()
  #values = 0

  constructor(seed: number) {
    super(ALL, {
      topic: { minInsyncReplicas: 2, segmentBytes: 2000 },
      settings: { 'replica.lag.time.max.ms': 2000, 'replica.fetch.backoff.ms': 100 },
    })
    this.random = new Seeded(seed)
    for (const broker of this.brokers.values()) broker.replicas.start()
    this.tell(ALL)
  }

  pick<T>(from: readonly T[]): T {
    const chosen = from[this.random.uint32() % from.length]
    if (chosen === undefined) throw new Error('nothing to pick from')
    return chosen
  }

  tell(ids: readonly number[]): void {
    const { leader, leaderEpoch, isr, partitionEpoch } = this.state
    const to = ids.filter((id) => this.brokers.has(id) && !this.cutOff.has(id))
    this.lead({ leader, leaderEpoch, isr, partitionEpoch, replicas: ALL }, to)
  }

  /** The controller: a compare-and-set on the partition epoch. */
  override propose(from: number, change: IsrChange, done: (outcome: IsrOutcome) => void): void {
    this.world.time.setTimer(2, () => {
      if (!this.brokers.has(from)) return
      if (this.cutOff.has(from)) this.propose(from, change, done)
      else done(this.decide(from, change))
    })
  }

  decide(from: number, change: IsrChange): IsrOutcome {
    const isr = change.isr.map(({ brokerId }) => brokerId)
    const outcome = { ...this.state, leaderRecoveryState: 0 }
    if (change.leaderEpoch < this.state.leaderEpoch) {
      return { ...outcome, error: Errors.FENCED_LEADER_EPOCH }
    }
    if (change.partitionEpoch !== this.state.partitionEpoch) {
      return { ...outcome, error: Errors.INVALID_UPDATE_VERSION }
    }
    if (isr.some((id) => !this.brokers.has(id) || this.cutOff.has(id))) {
      return { ...outcome, error: Errors.INELIGIBLE_REPLICA }
    }
    this.state = { ...this.state, isr, partitionEpoch: this.state.partitionEpoch + 1 }
    this.trace.push(`isr ${isr.join(',')} by ${from}`)
    return { ...outcome, ...this.state, error: 0 }
  }

  /** The first live member of the in-sync set leads, if there is one. */
  elect(): void {
    const live = this.state.isr.filter((id) => this.brokers.has(id) && !this.cutOff.has(id))
    if (live.length === 0) return
    const leader = this.pick(live)
    const { leaderEpoch, partitionEpoch, isr } = this.state
    this.state = {
      leader,
      leaderEpoch: leaderEpoch + 1,
      isr,
      partitionEpoch: partitionEpoch + 1,
    }
    this.trace.push(`leader ${leader} epoch ${leaderEpoch + 1}`)
    this.tell(ALL)
  }

  produce(): void {
    const id = this.pick(ALL)
    const broker = this.brokers.get(id)
    if (broker === undefined || broker.replicas.get(TOPIC, 0)?.isLeader !== true) return
    const value = `v${(this.#values += 1)}`
    const acks = this.random.uint32() % 4 === 0 ? 1 : -1
    void broker.produce([value], { acks, timeoutMs: 3000 }).then((answer) => {
      if (answer.errorCode !== 0 || acks !== -1) return
      assert.equal(this.acked.get(answer.baseOffset) ?? value, value, 'one offset, one record')
      this.acked.set(answer.baseOffset, value)
    })
  }

  async consume(): Promise<void> {
    const broker = this.brokers.get(this.pick(ALL))
    if (broker === undefined || broker.replicas.get(TOPIC, 0) === undefined) return
    const { errorCode, values, highWatermark } = await this.resolve(broker.consume(0))
    if (errorCode !== 0) return
    this.checkHighWatermark(broker.id, highWatermark)
    for (const [offset, value] of values.entries()) {
      assert.equal(this.seen.get(offset) ?? value, value, `what was seen at ${offset} changed`)
      this.seen.set(offset, value)
    }
  }

  /** One life of one broker shows no consumer less than it has shown before. */
  checkHighWatermark(id: number, highWatermark: number): void {
    const before = this.highWatermarks.get(id) ?? 0
    assert.ok(highWatermark >= before, `high watermark ${highWatermark} of ${id} after ${before}`)
    this.highWatermarks.set(id, highWatermark)
  }

  async crash(id: number): Promise<void> {
    if (!this.brokers.has(id) || this.brokers.size < 3) return
    this.trace.push(`kill ${id}`)
    await this.kill(id)
    this.highWatermarks.delete(id)
    if (this.state.leader === id) this.elect()
  }

  async start(id: number): Promise<void> {
    if (this.brokers.has(id)) return
    this.trace.push(`start ${id}`)
    const broker = this.boot(id)
    await this.resolve(broker.logs.load(TOPIC, 0))
    broker.replicas.start()
    this.rejoin(id)
    this.tell([id])
  }

  isolate(id: number): void {
    if (this.cutOff.size > 0 || this.brokers.size < 3) return
    this.trace.push(`cut ${id}`)
    this.cutOff.add(id)
    this.cut(id)
    if (this.state.leader === id) this.elect()
  }

  mend(): void {
    if (this.cutOff.size === 0) return
    this.trace.push('heal')
    const back = [...this.cutOff]
    this.cutOff.clear()
    this.heal()
    this.tell(back)
  }

  async step(): Promise<void> {
    const dice = this.random.uint32() % 100
    if (dice < 45) this.produce()
    else if (dice < 60) await this.consume()
    else if (dice < 68) this.elect()
    else if (dice < 74) await this.crash(this.pick(ALL))
    else if (dice < 82) await this.start(this.pick(ALL))
    else if (dice < 88) this.isolate(this.pick(ALL))
    else if (dice < 96) this.mend()
    const span = this.pick([0, 0.1, 0.3, 1, 5, 50, 400, 1500])
    await this.advance(span)
  }

  async settleDown(): Promise<void> {
    this.mend()
    for (const id of ALL) await this.start(id)
    this.elect()
    await this.advance(15_000)
  }
}

async function run(seed: number): Promise<void> {
  const cluster = new FaultyCluster(seed)
  try {
    for (let step = 0; step < STEPS; step += 1) await cluster.step()
    await cluster.settleDown()
    const { leader } = cluster.state
    const expected = await cluster.resolve(logValues(cluster.broker(leader).log()))
    for (const id of ALL) {
      const values = await cluster.resolve(logValues(cluster.broker(id).log()))
      assert.deepEqual(values, expected, `log of ${id}`)
    }
    assert.deepEqual(new Set(cluster.state.isr), new Set(ALL))
    for (const known of [cluster.acked, cluster.seen]) {
      for (const [offset, value] of known) assert.equal(expected[offset], value, `offset ${offset}`)
    }
    assert.ok(cluster.acked.size > 0)
  } catch (error) {
    throw new Error(`seed ${seed}: ${cluster.trace.join(' | ')}`, { cause: error })
  } finally {
    for (const broker of cluster.brokers.values()) {
      await cluster.resolve(broker.replicas.close())
    }
  }
}

test('KAFKA-6361, KAFKA-3978: no acknowledged record is lost or changed under faults', async () => {
  for (const seed of SEEDS) await run(seed)
})
