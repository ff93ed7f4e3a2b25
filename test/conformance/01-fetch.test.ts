import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { Produce } from '../../src/wire/messages/00-produce.ts'
import { Fetch } from '../../src/wire/messages/01-fetch.ts'
import { DeleteRecords } from '../../src/wire/messages/21-delete-records.ts'
import type { Wire } from '../support/wire.ts'
import { batchOf } from './batches.ts'
import { ask, assertHas, connectRaw, createTopic, theTarget, versionsOf } from './targets.ts'

/** Two partitions: three batches of 1,071 bytes, and one. */
const TOPIC = 'f-topic'
let topicId = ''

before(async () => {
  topicId = await createTopic(TOPIC, { partitions: 2 })
  for (const letter of 'abc') await append(TOPIC, 0, letter.repeat(1_000))
  await append(TOPIC, 1, 'z'.repeat(1_000))
})

async function append(topic: string, index: number, value: string): Promise<void> {
  const partitionData = [{ index, records: batchOf([value]) }]
  const { responses } = await ask(Produce, 9, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 5_000,
    topicData: [{ name: topic, partitionData }],
  })
  assertHas(responses, [{ partitionResponses: [{ errorCode: 0 }] }])
}

interface Wanted {
  readonly topic?: string
  readonly topicId?: string
  readonly partitions?: readonly {
    readonly partition: number
    readonly fetchOffset: number
    readonly currentLeaderEpoch?: number
    readonly lastFetchedEpoch?: number
  }[]
  readonly partitionMaxBytes?: number
  readonly maxBytes?: number
  readonly minBytes?: number
  readonly maxWaitMs?: number
  readonly sessionId?: number
  readonly sessionEpoch?: number
  readonly isolationLevel?: number
  readonly forget?: boolean
}

const FROM_START = [{ partition: 0, fetchOffset: 0 }]

function request(wanted: Wanted) {
  const { partitions = FROM_START, partitionMaxBytes = 1 << 20, topic = TOPIC } = wanted
  const names = { topic, topicId: wanted.topicId ?? topicId }
  const asked = partitions.map((one) => ({ ...one, partitionMaxBytes }))
  return {
    maxWaitMs: wanted.maxWaitMs ?? 200,
    minBytes: wanted.minBytes ?? 1,
    maxBytes: wanted.maxBytes ?? 1 << 20,
    isolationLevel: wanted.isolationLevel ?? 0,
    sessionId: wanted.sessionId ?? 0,
    sessionEpoch: wanted.sessionEpoch ?? -1,
    topics: asked.length === 0 ? [] : [{ ...names, partitions: asked }],
    forgottenTopicsData: wanted.forget === true ? [{ ...names, partitions: [0, 1] }] : [],
  }
}

function fetch(version: number, wanted: Wanted = {}, wire?: Wire) {
  return wire === undefined
    ? ask(Fetch, version, request(wanted))
    : wire.ask(Fetch, version, request(wanted))
}

type FetchAnswer = Awaited<ReturnType<typeof fetch>>

/**
 * Of each partition its number and the offsets of its whole batches. What follows the last of them
 * may be the beginning of the next one, or padding: clients skip it.
 */
function batches({ responses }: FetchAnswer, maxBytes = Infinity) {
  const partitions = responses.flatMap((one) => one.partitions)
  return partitions.map(({ partitionIndex, records }) => {
    const bytes = bytesOf(records)
    const offsets: number[] = []
    for (let p = 0; p + 12 <= bytes.length;) {
      const end = p + 12 + bytes.readInt32BE(p + 8)
      if (end > bytes.length) break
      offsets.push(Number(bytes.readBigInt64BE(p)))
      p = end
    }
    assert(offsets.length === 1 || bytes.length <= maxBytes)
    return [partitionIndex, offsets]
  })
}

function bytesOf(records: Buffer | readonly Buffer[] | null): Buffer {
  if (records === null) return Buffer.alloc(0)
  return Buffer.isBuffer(records) ? records : Buffer.concat(records)
}

const BOTH = [
  { partition: 0, fetchOffset: 0 },
  { partition: 1, fetchOffset: 0 },
]

test('every version reads what was written', async () => {
  for (const version of versionsOf(Fetch)) {
    const answer = await fetch(version)
    const partition = answer.responses[0]?.partitions[0]
    assertHas(partition, { partitionIndex: 0, errorCode: 0, highWatermark: 3 })
    if (version >= 4) assertHas(partition, { lastStableOffset: 3, abortedTransactions: null })
    if (version >= 5) assertHas(partition, { logStartOffset: 0 })
    if (version >= 11) assertHas(partition, { preferredReadReplica: -1 })
    if (version >= 13) assertHas(answer.responses, [{ topicId }])
    else assertHas(answer.responses, [{ topic: TOPIC }])
    const bytes = bytesOf(partition?.records ?? null)
    // Magic 0 and 1 have no batches: they are made of the records, for clients that know no other.
    assert.equal(bytes.readInt8(16), version < 2 ? 0 : version < 4 ? 1 : 2, `version ${version}`)
    for (const letter of 'abc') assert(bytes.includes(letter.repeat(1_000)))
  }
})

test('with read_committed the list of aborted transactions is there, if empty', async () => {
  const { responses } = await fetch(12, { isolationLevel: 1 })
  assertHas(responses, [{ partitions: [{ errorCode: 0, abortedTransactions: [] }] }])
})

const NOTHING = {
  highWatermark: -1,
  lastStableOffset: -1,
  logStartOffset: -1,
  preferredReadReplica: -1,
}

test('beyond the end, or at -1, the offset is out of range', async () => {
  for (const fetchOffset of [1_000_000, -1]) {
    const { responses } = await fetch(12, { partitions: [{ partition: 0, fetchOffset }] })
    assertHas(responses, [
      { partitions: [{ errorCode: 1, ...NOTHING, abortedTransactions: null }] },
    ])
  }
})

test('below the start the offset is out of range', async () => {
  await createTopic('f-trimmed')
  for (const value of ['a', 'b', 'c']) await append('f-trimmed', 0, value)
  const partitions = [{ partitionIndex: 0, offset: 2 }]
  await ask(DeleteRecords, 2, { topics: [{ name: 'f-trimmed', partitions }], timeoutMs: 5_000 })
  const below = await fetch(12, { topic: 'f-trimmed' })
  assertHas(below.responses, [{ partitions: [{ errorCode: 1, ...NOTHING }] }])
  const at = await fetch(12, { topic: 'f-trimmed', partitions: [{ partition: 0, fetchOffset: 2 }] })
  assertHas(at.responses, [{ partitions: [{ errorCode: 0, highWatermark: 3, logStartOffset: 2 }] }])
})

test('unknown topics, ids and partitions', async () => {
  const unknown = { ...NOTHING, abortedTransactions: [] }
  const byName = await fetch(12, { topic: 'f-nowhere' })
  assertHas(byName.responses, [{ topic: 'f-nowhere', partitions: [{ errorCode: 3, ...unknown }] }])
  const byId = await fetch(13, { topicId: 'oDRNU2JBTbiilAAs40mmXw' })
  assertHas(byId.responses, [{ partitions: [{ errorCode: 100, ...unknown }] }])
  const partition = await fetch(12, { partitions: [{ partition: 8, fetchOffset: 0 }] })
  assertHas(partition.responses, [
    { partitions: [{ partitionIndex: 8, errorCode: 3, ...unknown }] },
  ])
})

test('the first batch is whole above all limits from version 3 on; the next keep to them', async () => {
  const tiny = { partitions: BOTH, partitionMaxBytes: 1 }
  assert.deepEqual(batches(await fetch(2, tiny)), [
    [0, []],
    [1, []],
  ])
  for (const version of [3, 12]) {
    assert.deepEqual(batches(await fetch(version, tiny)), [
      [0, [0]],
      [1, []],
    ])
  }
  const total = { partitions: BOTH, maxBytes: 1 }
  assert.deepEqual(batches(await fetch(12, total)), [
    [0, [0]],
    [1, []],
  ])
})

test('a partition gives as many batches as its limit allows', async () => {
  const limit = { partitions: BOTH, partitionMaxBytes: 1_500 }
  assert.deepEqual(batches(await fetch(12, limit), 1_500), [
    [0, [0]],
    [1, [0]],
  ])
  const more = { partitions: BOTH, partitionMaxBytes: 2_500 }
  assert.deepEqual(batches(await fetch(12, more), 2_500), [
    [0, [0, 1]],
    [1, [0]],
  ])
})

test('it waits for the bytes that are asked for, but no longer than told', async () => {
  const waited = async (wanted: Wanted): Promise<number> => {
    const began = performance.now()
    const { errorCode } = await fetch(12, wanted)
    assert.equal(errorCode, 0)
    return performance.now() - began
  }
  const atEnd = [{ partition: 0, fetchOffset: 3 }]
  assert((await waited({ minBytes: 1_000_000, maxWaitMs: 300 })) >= 290)
  assert((await waited({ partitions: atEnd, minBytes: 0, maxWaitMs: 5_000 })) < 2_000)
  assert((await waited({ partitions: [], maxWaitMs: 5_000 })) < 2_000)
  assert((await waited({ maxWaitMs: 5_000 })) < 2_000)
})

test('a waiting fetch is answered when records come', async () => {
  const id = await createTopic('f-woken')
  using wire = await connectRaw()
  const answer = fetch(13, { topicId: id, maxWaitMs: 15_000 }, wire)
  const began = performance.now()
  await append('f-woken', 0, 'now')
  assert.deepEqual(batches(await answer), [[0, [0]]])
  assertHas((await answer).responses, [{ partitions: [{ errorCode: 0, highWatermark: 1 }] }])
  assert(performance.now() - began < 5_000)
})

test('a leader epoch above the known one is unknown', async () => {
  const partitions = [{ partition: 0, fetchOffset: 0, currentLeaderEpoch: 50 }]
  const { responses } = await fetch(12, { partitions })
  assertHas(responses, [{ partitions: [{ errorCode: 75, ...NOTHING }] }])
})

test('sessions: only what changed, in the order of their epochs', async () => {
  using wire = await connectRaw()
  const atEnd = [{ partition: 0, fetchOffset: 3 }]
  const made = await fetch(12, { sessionEpoch: 0, partitions: atEnd, maxWaitMs: 10 }, wire)
  assertHas(made, {
    errorCode: 0,
    responses: [{ partitions: [{ partitionIndex: 0, errorCode: 0 }] }],
  })
  const { sessionId } = made
  assert(sessionId > 0)
  const next = { sessionId, partitions: [], maxWaitMs: 10 }
  const unchanged = await fetch(12, { ...next, sessionEpoch: 1 }, wire)
  assertHas(unchanged, { errorCode: 0, sessionId, responses: [] })
  const added = await fetch(
    12,
    { ...next, sessionEpoch: 2, partitions: [{ partition: 1, fetchOffset: 0 }] },
    wire,
  )
  assert.deepEqual(batches(added), [[1, [0]]])
  assertHas(await fetch(12, { ...next, sessionEpoch: 2 }, wire), {
    errorCode: 71,
    sessionId: 0,
    responses: [],
  })
  const forgotten = await fetch(12, { ...next, sessionEpoch: 3, forget: true }, wire)
  assertHas(forgotten, { errorCode: 0, sessionId: 0, responses: [] })
  assertHas(await fetch(12, { ...next, sessionEpoch: 4 }, wire), { errorCode: 70, sessionId: 0 })
})

test('a session that nobody made is not found', async () => {
  assertHas(await fetch(12, { sessionId: 987_654, sessionEpoch: 1 }), {
    errorCode: 70,
    sessionId: 0,
    responses: [],
  })
  assertHas(await fetch(12, { sessionId: 0, sessionEpoch: 5 }), {
    errorCode: 70,
    sessionId: 0,
    responses: [],
  })
})

test('no leader is told where it is not asked for', async () => {
  const { host } = await theTarget()
  assert.equal(host, '127.0.0.1')
  const { responses } = await fetch(16)
  assertHas(responses, [{ partitions: [{ currentLeader: { leaderId: -1, leaderEpoch: -1 } }] }])
})
