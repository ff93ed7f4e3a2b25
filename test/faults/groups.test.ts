// What befalls groups beyond their members: a damaged record in their log, a transaction that is
// open over a kill, offsets that expire, and too few brokers to keep a log at all.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { OffsetCommit } from '../../src/wire/messages/08-offset-commit.ts'
import { OffsetFetch } from '../../src/wire/messages/09-offset-fetch.ts'
import { FindCoordinator } from '../../src/wire/messages/10-find-coordinator.ts'
import { DescribeGroups } from '../../src/wire/messages/15-describe-groups.ts'
import { CreateTopics } from '../../src/wire/messages/19-create-topics.ts'
import { InitProducerId } from '../../src/wire/messages/22-init-producer-id.ts'
import { WriteTxnMarkers } from '../../src/wire/messages/27-write-txn-markers.ts'
import { TxnOffsetCommit } from '../../src/wire/messages/28-txn-offset-commit.ts'
import * as batch from '../../src/wire/records/batch.ts'
import { readRecords } from '../../src/wire/records/read-records.ts'
import { BrokerProcess } from '../support/broker-process.ts'
import { pause, until } from '../support/until.ts'
import { Wire } from '../support/wire.ts'

const TOPIC = 'orders'
const OFFSETS_PARTITION = '__consumer_offsets-0'
const FIRST_SEGMENT = `${'0'.repeat(20)}.log`
const directory = mkdtempSync(join(tmpdir(), 'ottla-group-faults-'))

after(() => rmSync(directory, { recursive: true, force: true }))

async function start(name: string, settings: Readonly<Record<string, string>> = {}) {
  const all = { 'offsets.topic.num.partitions': '1', ...settings }
  const broker = await BrokerProcess.start(join(directory, name), all)
  using wire = await connect(broker)
  await createTopic(wire)
  return broker
}

function connect({ port }: BrokerProcess): Promise<Wire> {
  return Wire.open({ host: '127.0.0.1', port })
}

async function createTopic(wire: Wire): Promise<void> {
  const shape = { numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] }
  await until(async () => {
    const request = { topics: [{ name: TOPIC, ...shape }], timeoutMs: 10_000 }
    const { topics } = await wire.ask(CreateTopics, 7, request)
    return topics[0]?.errorCode === 0
  }, `topic ${TOPIC}`)
}

interface Commit {
  readonly groupId: string
  readonly partition: number
  readonly offset: number
}

async function commit(wire: Wire, { groupId, partition, offset }: Commit): Promise<void> {
  await untilCoordinated(wire, groupId)
  const partitions = [{ ...committed(partition, offset), committedMetadata: 'kept' }]
  const request = { groupId, memberId: '', groupInstanceId: null }
  const topics = [{ name: TOPIC, partitions }]
  const answer = await wire.ask(OffsetCommit, 8, { ...request, topics })
  assert.equal(answer.topics[0]?.partitions[0]?.errorCode, 0)
}

function committed(partitionIndex: number, committedOffset: number) {
  return { partitionIndex, committedOffset, committedMetadata: null }
}

async function untilCoordinated(wire: Wire, groupId: string): Promise<void> {
  await until(async () => {
    await wire.ask(FindCoordinator, 3, { key: groupId, keyType: 0 })
    const { groups } = await wire.ask(OffsetFetch, 8, { groups: [{ groupId, topics: null }] })
    return groups[0]?.errorCode === 0
  }, `a coordinator of ${groupId}`)
}

/** Offsets of the three partitions; negative: none, or an error code. */
async function offsetsOf(wire: Wire, groupId: string, requireStable = false): Promise<number[]> {
  const topics = [{ name: TOPIC, partitionIndexes: [0, 1, 2] }]
  const { groups } = await wire.ask(OffsetFetch, 8, {
    groups: [{ groupId, topics }],
    requireStable,
  })
  const partitions = groups[0]?.topics[0]?.partitions ?? []
  return partitions.map(({ errorCode, committedOffset }) =>
    errorCode === 0 ? committedOffset : -errorCode,
  )
}

/** Lets `damage` at each record of the groups' log; whether the checksum is made right again. */
function rewriteLog(
  logs: string,
  damage: (value: Buffer, offset: number) => boolean,
  isChecksumRight: boolean,
): void {
  const file = join(logs, OFFSETS_PARTITION, FIRST_SEGMENT)
  const bytes = readFileSync(file)
  for (let p = 0; batch.isComplete(bytes, p); p += batch.sizeInBytes(bytes, p)) {
    for (const { value, offset } of readRecords(bytes, p, { maxBytes: 1 << 20 })) {
      if (value === null || !damage(value, offset)) continue
      if (isChecksumRight) bytes.writeUInt32BE(batch.computeCrc(bytes, p), p + 17)
    }
  }
  writeFileSync(file, bytes)
}

for (const isChecksumRight of [true, false]) {
  const what = isChecksumRight ? 'a value that is none' : 'a flipped bit'
  test(`${what} in __consumer_offsets is skipped with one line; the rest loads`, async () => {
    const broker = await start(`damaged-${isChecksumRight}`)
    {
      using wire = await connect(broker)
      for (const partition of [0, 1, 2]) {
        await commit(wire, { groupId: 'readers', partition, offset: 10 + partition })
      }
    }
    await broker.stop()
    let damagedAt = -1
    const damage = (value: Buffer, offset: number): boolean => {
      // version | offset: the lower half of the one that says 11
      if (value.readInt32BE(6) !== 11) return false
      damagedAt = offset
      if (isChecksumRight) value.writeInt16BE(99, 0)
      else value.writeInt32BE(11 ^ 64, 6)
      return true
    }
    rewriteLog(broker.logs, damage, isChecksumRight)
    const again = await broker.again()
    {
      using wire = await connect(again)
      await untilCoordinated(wire, 'readers')
      assert.deepEqual(await offsetsOf(wire, 'readers'), [10, -1, 12])
    }
    await again.stop()
    const skipped = again.output.split('\n').filter((line) => line.includes('Skipped'))
    assert.equal(skipped.length, 1, again.output)
    const named = `Skipped the record at offset ${damagedAt} of ${OFFSETS_PARTITION}`
    assert(skipped[0]?.includes(named), skipped[0])
  })
}

async function endTransaction(wire: Wire, producerId: number, transactionResult: boolean) {
  const { markers } = await wire.ask(WriteTxnMarkers, 1, {
    markers: [
      {
        producerId,
        producerEpoch: 0,
        transactionResult,
        coordinatorEpoch: 0,
        topics: [{ name: '__consumer_offsets', partitionIndexes: [0] }],
      },
    ],
  })
  assert.equal(markers[0]?.topics[0]?.partitions[0]?.errorCode, 0)
}

async function commitInTransaction(wire: Wire, producerId: number, what: Commit): Promise<void> {
  const answer = await wire.ask(TxnOffsetCommit, 3, {
    transactionalId: 'orders-writer',
    groupId: what.groupId,
    producerId,
    producerEpoch: 0,
    groupInstanceId: null,
    topics: [{ name: TOPIC, partitions: [committed(what.partition, what.offset)] }],
  })
  assert.equal(answer.topics[0]?.partitions[0]?.errorCode, 0)
}

test('offsets of an open transaction wait for its marker, also over a kill', async () => {
  const groupId = 'transactional'
  const broker = await start('transaction')
  const producers: number[] = []
  {
    using wire = await connect(broker)
    await commit(wire, { groupId, partition: 0, offset: 5 })
    for (const partition of [0, 1]) {
      const request = { transactionalId: null, transactionTimeoutMs: 60_000 }
      const { producerId } = await wire.ask(InitProducerId, 4, request)
      producers.push(producerId)
      await commitInTransaction(wire, producerId, { groupId, partition, offset: 20 })
    }
    assert.deepEqual(await offsetsOf(wire, groupId), [5, -1, -1])
  }
  await broker.kill()
  const again = await broker.again()
  {
    using wire = await connect(again)
    await untilCoordinated(wire, groupId)
    const [first = -1, second = -1] = producers
    assert.deepEqual(await offsetsOf(wire, groupId, true), [-88, -88, -1])
    await endTransaction(wire, first, true)
    assert.deepEqual(await offsetsOf(wire, groupId, true), [20, -88, -1])
    await endTransaction(wire, second, false)
    assert.deepEqual(await offsetsOf(wire, groupId, true), [20, -1, -1])
  }
  await again.stop()
})

test('an offset that has outlived its retention goes, its group with the last of them', async () => {
  const groupId = 'short-lived'
  const broker = await start('expiry', { 'offsets.retention.check.interval.ms': '100' })
  {
    using wire = await connect(broker)
    await commit(wire, { groupId: 'long-lived', partition: 0, offset: 3 })
    const topics = [{ name: TOPIC, partitions: [committed(1, 4)] }]
    // The last versions in which a commit brings its own retention.
    await wire.ask(OffsetCommit, 4, { groupId, memberId: '', retentionTimeMs: 600, topics })
    assert.deepEqual(await offsetsOf(wire, groupId), [-1, 4, -1])
    await until(async () => {
      const { groups } = await wire.ask(DescribeGroups, 5, { groups: [groupId] })
      return groups[0]?.groupState === 'Dead'
    }, 'the end of the group')
    assert.deepEqual(await offsetsOf(wire, 'long-lived'), [3, -1, -1])
  }
  await broker.kill()
  const again = await broker.again()
  {
    using wire = await connect(again)
    await untilCoordinated(wire, groupId)
    assert.deepEqual(await offsetsOf(wire, groupId), [-1, -1, -1])
    assert.deepEqual(await offsetsOf(wire, 'long-lived'), [3, -1, -1])
  }
  await again.stop()
})

test('with fewer brokers than replicas wanted there is no coordinator, and a line says why', async () => {
  const broker = await start('too-few', { 'offsets.topic.replication.factor': '3' })
  {
    using wire = await connect(broker)
    for (let attempt = 0; attempt < 5; attempt++) {
      const answer = await wire.ask(FindCoordinator, 3, { key: 'anyone', keyType: 0 })
      assert.equal(answer.errorCode, 15)
      await pause(20)
    }
  }
  await broker.stop()
  const lines = broker.output.split('\n').filter((line) => line.includes('__consumer_offsets'))
  assert.equal(lines.length, 1, broker.output)
  assert.match(lines[0] ?? '', /offsets\.topic\.replication\.factor=3.* only 1 brokers/)
})
