import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ScriptedCluster } from '../../test/scripted/scripted-cluster.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import { Fetch } from '../wire/messages/01-fetch.ts'
import { ListOffsets } from '../wire/messages/02-list-offsets.ts'
import { OffsetCommit } from '../wire/messages/08-offset-commit.ts'
import { OffsetFetch } from '../wire/messages/09-offset-fetch.ts'
import { JoinGroup } from '../wire/messages/11-join-group.ts'
import { Heartbeat } from '../wire/messages/12-heartbeat.ts'
import { LeaveGroup } from '../wire/messages/13-leave-group.ts'
import { SyncGroup } from '../wire/messages/14-sync-group.ts'
import { buildBatch } from '../wire/records/build-batch.ts'
import { Consumer } from './consumer.ts'
import type { ConsumerOptions } from './consumer.ts'
import { KafkaClient } from './kafka-client.ts'

/** Brokers that have `values` in every partition they lead, from offset `start`. */
class Log {
  readonly values: string[] = []
  start = 0

  get end(): number {
    return this.start + this.values.length
  }

  /** At most two records at a time, as one batch. */
  read(offset: number): Buffer {
    const values = this.values.slice(offset - this.start, offset - this.start + 2)
    if (values.length === 0) return Buffer.alloc(0)
    const records = values.map((value) => ({ key: null, value: Buffer.from(value), timestamp: 1 }))
    return buildBatch({ baseOffset: offset, records })
  }
}

async function world(options: ConsumerOptions = {}, partitions = [0]) {
  const cluster = await ScriptedCluster.start(2)
  cluster.topics.set('t', partitions)
  const logs = partitions.map(() => new Log())
  const { platform, bootstrap } = cluster
  for (const [id, broker] of cluster.brokers.entries()) {
    broker.answer(ListOffsets, ({ topics }) => ({
      topics: topics.map((topic) => ({
        name: topic.name,
        partitions: topic.partitions.map(({ partitionIndex, timestamp }) => {
          const log = logs[partitionIndex]
          const offset = (timestamp === -1 ? log?.end : log?.start) ?? -1
          return { partitionIndex, errorCode: Errors.NONE, offset }
        }),
      })),
    }))
    broker.answer(Fetch, async ({ topics, maxWaitMs }) => {
      const responses = topics.map(({ topic, partitions: wanted }) => ({
        topic,
        partitions: wanted.map(({ partition, fetchOffset }) => {
          const log = logs[partition] ?? new Log()
          const isLeader = cluster.topics.get(topic)?.[partition] === id
          const isInside = fetchOffset >= log.start && fetchOffset <= log.end
          const found = isInside ? Errors.NONE : Errors.OFFSET_OUT_OF_RANGE
          const errorCode = isLeader ? found : Errors.NOT_LEADER_OR_FOLLOWER
          const records = errorCode === Errors.NONE ? log.read(fetchOffset) : null
          return { partitionIndex: partition, errorCode, highWatermark: log.end, records }
        }),
      }))
      const isEmpty = responses.every((topic) =>
        topic.partitions.every((answer) => !answer.errorCode && !answer.records?.length),
      )
      if (isEmpty) {
        await new Promise<void>((resolve) => platform.clock.setTimer(maxWaitMs, resolve))
      }
      return { responses }
    })
  }
  const connecting = KafkaClient.connect({ platform, bootstrap, clientId: 'test' })
  const client = await platform.clock.resolve(connecting)
  const consumer = new Consumer(client, options)
  const { clock } = platform
  const poll = async (timeoutMs = 1000) => {
    const records = await clock.resolve(consumer.poll(timeoutMs))
    return records.map(({ partition, offset, value }) => `${partition}:${offset}:${String(value)}`)
  }
  return { cluster, logs, consumer, clock, poll, client }
}

test('begins where it is told to, and goes on from there', async () => {
  const { logs, consumer, poll } = await world({ autoOffsetReset: 'earliest' })
  logs[0]?.values.push('a', 'b', 'c')
  consumer.assign([{ topic: 't', partition: 0 }])
  assert.deepEqual(await poll(), ['0:0:a', '0:1:b'])
  assert.equal(consumer.position('t', 0), 2)
  assert.deepEqual(await poll(), ['0:2:c'])
  consumer.seek('t', 0, 1)
  assert.deepEqual(await poll(), ['0:1:b', '0:2:c'])
})

test('latest shows only what comes later', async () => {
  const { logs, consumer, poll } = await world()
  logs[0]?.values.push('old')
  consumer.assign([{ topic: 't', partition: 0 }])
  assert.deepEqual(await poll(100), [])
  logs[0]?.values.push('new')
  assert.deepEqual(await poll(), ['0:1:new'])
})

test('answers nothing when its time is over', async () => {
  const { consumer, clock, poll } = await world({ maxWaitMs: 500 })
  consumer.assign([{ topic: 't', partition: 0 }])
  const beginMs = clock.monotonicMs()
  assert.deepEqual(await poll(1200), [])
  const tookMs = clock.monotonicMs() - beginMs
  assert.ok(tookMs >= 1200 && tookMs < 1300, `${tookMs} ms`)
})

test('a partition is read from its new leader', async () => {
  const { cluster, logs, consumer, poll } = await world({ autoOffsetReset: 'earliest' })
  logs[0]?.values.push('a')
  consumer.assign([{ topic: 't', partition: 0 }])
  assert.deepEqual(await poll(), ['0:0:a'])
  cluster.topics.set('t', [1])
  logs[0]?.values.push('b')
  assert.deepEqual(await poll(), ['0:1:b'])
})

test('one silent leader does not hold up the records of another', async () => {
  const { logs, consumer, clock, poll } = await world({ autoOffsetReset: 'earliest' }, [0, 1])
  logs[1]?.values.push('a')
  consumer.assign([0, 1].map((partition) => ({ topic: 't', partition })))
  const beginMs = clock.monotonicMs()
  assert.deepEqual(await poll(), ['1:0:a'])
  assert.ok(clock.monotonicMs() - beginMs < 100)
})

test('a leader that refuses is asked ten times a second, and others meanwhile', async () => {
  const { cluster, logs, consumer, poll } = await world({ autoOffsetReset: 'earliest' }, [0, 1])
  let refusals = 0
  cluster.broker(0).answer(Fetch, ({ topics }) => {
    refusals++
    // Without a rest in between, the answers would never let time go on.
    const errorCode = refusals > 100 ? Errors.NONE : Errors.NOT_LEADER_OR_FOLLOWER
    return { responses: topics.map(({ topic }) => ({ topic, partitions: [refused(errorCode)] })) }
  })
  consumer.assign([0, 1].map((partition) => ({ topic: 't', partition })))
  assert.deepEqual(await poll(1_000), [])
  assert.ok(refusals >= 5 && refusals <= 11, `${refusals} refusals`)
  logs[1]?.values.push('a')
  assert.deepEqual(await poll(1_000), ['1:0:a'])
})

test('what is gone is skipped, or said, as the option wants it', async () => {
  for (const autoOffsetReset of ['earliest', 'none'] as const) {
    const { logs, consumer, poll } = await world({ autoOffsetReset })
    const [log] = logs
    assert.ok(log)
    log.start = 10
    log.values.push('a')
    consumer.assign([{ topic: 't', partition: 0 }])
    consumer.seek('t', 0, 3)
    const isOutOfRange = (error: unknown) =>
      error instanceof KafkaError && error.code === Errors.OFFSET_OUT_OF_RANGE
    if (autoOffsetReset === 'none') await assert.rejects(poll(), isOutOfRange)
    else assert.deepEqual(await poll(), ['0:10:a'])
  }
})

test('a member joins, reads from what was committed, commits and leaves', async () => {
  const group = { groupId: 'g', heartbeatMs: 1000 }
  const { cluster, logs, consumer, clock, poll } = await world({ group, autoCommitMs: 100 })
  logs[0]?.values.push('a', 'b')
  const coordinator = cluster.broker(0)
  let committed = 1
  let heartbeat: number = Errors.NONE
  let generation = 0
  coordinator.answer(JoinGroup, ({ memberId, protocols }) => {
    const isKnown = memberId !== ''
    if (isKnown) generation++
    return {
      errorCode: isKnown ? Errors.NONE : Errors.MEMBER_ID_REQUIRED,
      generationId: generation,
      protocolName: 'range',
      leader: 'm1',
      memberId: 'm1',
      members: [{ memberId: 'm1', metadata: protocols[0]?.metadata ?? Buffer.alloc(0) }],
    }
  })
  coordinator.answer(SyncGroup, ({ assignments }) => ({
    errorCode: Errors.NONE,
    assignment: assignments[0]?.assignment ?? Buffer.alloc(0),
  }))
  coordinator.answer(Heartbeat, () => ({ errorCode: heartbeat }))
  coordinator.answer(LeaveGroup, () => ({ errorCode: Errors.NONE }))
  coordinator.answer(OffsetFetch, () => {
    const errorCode = Errors.NONE
    const partitions = [{ partitionIndex: 0, committedOffset: committed, errorCode }]
    return { groups: [{ groupId: 'g', topics: [{ name: 't', partitions }] }] }
  })
  coordinator.answer(OffsetCommit, ({ topics, memberId, generationIdOrMemberEpoch }) => {
    assert.deepEqual([memberId, generationIdOrMemberEpoch], ['m1', generation])
    committed = topics[0]?.partitions[0]?.committedOffset ?? -1
    const partitions = [{ partitionIndex: 0, errorCode: Errors.NONE }]
    return { topics: [{ name: 't', partitions }] }
  })
  consumer.subscribe(['t'])
  assert.deepEqual(await poll(), ['0:1:b'])
  assert.deepEqual(consumer.assignment, [{ topic: 't', partition: 0 }])
  assert.deepEqual(await poll(2500), [])
  assert.equal(committed, 2)
  assert.equal(coordinator.count('Heartbeat'), 2)
  heartbeat = Errors.REBALANCE_IN_PROGRESS
  await clock.advance(1500)
  logs[0]?.values.push('c')
  heartbeat = Errors.NONE
  assert.deepEqual(await poll(), ['0:2:c'])
  assert.equal(generation, 2)
  await clock.resolve(consumer.close())
  assert.equal(committed, 3)
  assert.equal(coordinator.count('LeaveGroup'), 1)
})

function refused(errorCode: number) {
  return { partitionIndex: 0, errorCode, highWatermark: -1, records: null }
}
