import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Produce } from '../../src/wire/messages/00-produce.ts'
import { Fetch } from '../../src/wire/messages/01-fetch.ts'
import { ListOffsets } from '../../src/wire/messages/02-list-offsets.ts'
import { ApiVersions } from '../../src/wire/messages/18-api-versions.ts'
import { Compression } from '../../src/wire/records/compression.ts'
import { buildBatch } from '../../src/wire/records/build-batch.ts'
import {
  ATTRIBUTES,
  batchOf,
  damaged,
  LAST_OFFSET_DELTA,
  messageSet,
  RECORD_COUNT,
  withBadCrc,
  withBaseOffset,
  withMagic,
} from './batches.ts'
import { ask, assertHas, connectRaw, createTopic, versionsOf } from './targets.ts'

interface Options {
  readonly version?: number
  readonly acks?: number
  readonly partition?: number
}

function request(topic: string, records: Buffer, { acks = -1, partition = 0 }: Options = {}) {
  const partitionData = [{ index: partition, records }]
  return {
    transactionalId: null,
    acks,
    timeoutMs: 5_000,
    topicData: [{ name: topic, partitionData }],
  }
}

async function produce(topic: string, records: Buffer, options: Options = {}) {
  const { responses } = await ask(Produce, options.version ?? 9, request(topic, records, options))
  assert.equal(responses.length, 1)
  assert.equal(responses[0]?.partitionResponses.length, 1)
  const [answer] = responses[0]?.partitionResponses ?? []
  assert(answer !== undefined)
  return answer
}

async function endOffset(topic: string): Promise<number | undefined> {
  const { topics } = await ask(ListOffsets, 7, {
    replicaId: -1,
    isolationLevel: 0,
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1 }] }],
  })
  return topics[0]?.partitions[0]?.offset
}

test('every version appends, with every acks', async () => {
  await createTopic('p-all')
  let offset = 0
  for (const version of versionsOf(Produce)) {
    for (const acks of [-1, 1]) {
      const records = version < 3 ? messageSet(version === 2 ? 1 : 0, ['v']) : batchOf(['v'])
      const answer = await produce('p-all', records, { version, acks })
      assertHas(answer, { errorCode: 0, baseOffset: offset++ })
      if (version >= 2) assert.equal(answer.logAppendTimeMs, -1)
      if (version >= 5) assert.equal(answer.logStartOffset, 0)
      if (version >= 8) assertHas(answer, { recordErrors: [], errorMessage: null })
    }
  }
  assert.equal(await endOffset('p-all'), offset)
})

test('with acks 0 there is no answer, and the connection stays', async () => {
  await createTopic('p-0')
  using wire = await connectRaw()
  for (const version of [3, 9])
    wire.send(Produce, version, request('p-0', batchOf(['v']), { acks: 0 }))
  assert.equal((await wire.ask(ApiVersions, 0, {})).errorCode, 0)
  assert.equal(await endOffset('p-0'), 2)
})

test('with acks 0 an error closes the connection', async () => {
  using wire = await connectRaw()
  wire.send(Produce, 9, request('p-nowhere', batchOf(['v']), { acks: 0 }))
  assert.equal(await wire.outcome(5_000), 'closed')
})

test('other acks are refused in each partition', async () => {
  await createTopic('p-acks')
  const answer = await produce('p-acks', batchOf(['v']), { acks: 5 })
  assertHas(answer, { errorCode: 21, baseOffset: -1, logAppendTimeMs: -1, logStartOffset: -1 })
})

test('an unknown topic or partition is never created', async () => {
  const refused = { errorCode: 3, baseOffset: -1, logAppendTimeMs: -1, logStartOffset: -1 }
  assertHas(await produce('p-unknown', batchOf(['v'])), refused)
  assertHas(await produce('p-unknown', batchOf(['v'])), refused)
  await createTopic('p-one')
  for (const partition of [7, -1])
    assertHas(await produce('p-one', batchOf(['v']), { partition }), refused)
})

interface Refusal {
  readonly what: string
  readonly records: () => Buffer
  readonly errorCode: number
  /** -1: it failed before the log was looked at. */
  readonly logStartOffset: number
  readonly errorMessage?: string | null
  readonly version?: number
}

const twice = (): Buffer => Buffer.concat([batchOf(['v']), batchOf(['v'])])
const asCodec = (codec: number) => () => damaged((batch) => batch.writeInt16BE(codec, ATTRIBUTES))

const REFUSED: readonly Refusal[] = [
  { what: 'a bad checksum', records: withBadCrc, errorCode: 2, logStartOffset: -1 },
  {
    what: 'magic 3',
    records: () => withMagic(3),
    errorCode: 2,
    logStartOffset: -1,
    errorMessage: 'Invalid magic found in record: 3',
  },
  {
    what: 'magic 1 from version 3 on',
    records: () => messageSet(1, ['v']),
    errorCode: 87,
    logStartOffset: -1,
  },
  { what: 'two batches', records: twice, errorCode: 87, logStartOffset: -1 },
  { what: 'no bytes', records: () => Buffer.alloc(0), errorCode: 87, logStartOffset: -1 },
  {
    what: 'a cut batch',
    records: () => batchOf(['v']).subarray(0, 40),
    errorCode: 87,
    logStartOffset: -1,
  },
  { what: 'a base offset', records: () => withBaseOffset(100), errorCode: 87, logStartOffset: 0 },
  {
    what: 'a wrong count',
    records: () => damaged((b) => b.writeInt32BE(3, RECORD_COUNT)),
    errorCode: 87,
    logStartOffset: 0,
  },
  {
    what: 'a wrong last offset',
    records: () => damaged((b) => b.writeInt32BE(5, LAST_OFFSET_DELTA), ['v', 'w']),
    errorCode: 87,
    logStartOffset: 0,
  },
  {
    what: 'no records',
    records: () => buildBatch({ records: [], lastOffsetDelta: 0 }),
    errorCode: 87,
    logStartOffset: 0,
  },
  { what: 'a control batch', records: asCodec(32), errorCode: 87, logStartOffset: 0 },
  { what: 'what is not zstd', records: asCodec(4), errorCode: -1, logStartOffset: 0 },
  { what: 'what is not gzip', records: asCodec(1), errorCode: -1, logStartOffset: 0 },
  { what: 'codec 6', records: asCodec(6), errorCode: -1, logStartOffset: 0 },
  { what: 'a transaction without its id', records: asCodec(16), errorCode: 53, logStartOffset: -1 },
  {
    what: 'what is too large',
    records: () => batchOf(['v'.repeat(1_100_000)]),
    errorCode: 10,
    logStartOffset: -1,
  },
]

test('what is wrong with a batch is refused, and nothing is written', async () => {
  await createTopic('p-refused')
  for (const { what, records, errorCode, logStartOffset, errorMessage = null } of REFUSED) {
    const answer = await produce('p-refused', records())
    const { recordErrors, ...rest } = answer
    assert.deepEqual(recordErrors, [], what)
    const expected = {
      errorCode,
      baseOffset: -1,
      logAppendTimeMs: -1,
      logStartOffset,
      errorMessage,
    }
    assert.deepEqual({ what, ...selected(rest) }, { what, ...expected })
  }
  assert.equal(await endOffset('p-refused'), 0)
})

function selected(answer: {
  errorCode: number
  baseOffset: number
  logAppendTimeMs: number
  logStartOffset: number
  errorMessage: string | null
}) {
  const { errorCode, baseOffset, logAppendTimeMs, logStartOffset, errorMessage } = answer
  return { errorCode, baseOffset, logAppendTimeMs, logStartOffset, errorMessage }
}

test('zstd needs version 7; a batch of magic 2 may come in version 2', async () => {
  await createTopic('p-versions')
  const zstd = batchOf(['v'], { compression: Compression.zstd })
  assertHas(await produce('p-versions', zstd, { version: 6 }), { errorCode: 76, baseOffset: -1 })
  assertHas(await produce('p-versions', zstd, { version: 7 }), { errorCode: 0, baseOffset: 0 })
  assertHas(await produce('p-versions', batchOf(['v']), { version: 2 }), {
    errorCode: 0,
    baseOffset: 1,
  })
})

test('every codec comes back as it was sent', async () => {
  await createTopic('p-codecs')
  let offset = 0
  for (const compression of Object.values(Compression)) {
    const sent = batchOf(['a', 'b'.repeat(1_000)], { compression })
    assertHas(await produce('p-codecs', sent), { errorCode: 0, baseOffset: offset })
    const received = await fetchOne('p-codecs', offset)
    // The broker sets the offset and the epoch; all else, with the checksum, is the producer's.
    assert.deepEqual(received.subarray(16), sent.subarray(16))
    offset += 2
  }
})

async function fetchOne(topic: string, fetchOffset: number): Promise<Buffer> {
  const { responses } = await ask(Fetch, 12, {
    maxWaitMs: 1_000,
    minBytes: 1,
    maxBytes: 1,
    topics: [{ topic, partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1 }] }],
    forgottenTopicsData: [],
  })
  const records = responses[0]?.partitions[0]?.records
  assert(records !== null && records !== undefined)
  return Buffer.isBuffer(records) ? records : Buffer.concat(records)
}

test('a batch larger than a segment is refused', async () => {
  await createTopic('p-segment', { configs: { 'segment.bytes': '2000' } })
  assertHas(await produce('p-segment', batchOf(['v'.repeat(3_000)])), {
    errorCode: 18,
    baseOffset: -1,
    logStartOffset: -1,
  })
})

test('a compacted topic needs keys, and names each record without one', async () => {
  await createTopic('p-compacted', { configs: { 'cleanup.policy': 'compact' } })
  const keys = ['a', null, 'c', null]
  const records = buildBatch({
    records: keys.map((key) => ({
      key: key === null ? null : Buffer.from(key),
      value: Buffer.from('v'),
      timestamp: Date.now(),
    })),
  })
  const text = 'Compacted topic cannot accept message without key in topic partition p-compacted-0'
  const answer = await produce('p-compacted', records)
  assertHas(answer, { errorCode: 87, baseOffset: -1, logStartOffset: 0 })
  assert.deepEqual(
    answer.recordErrors.map((one) => [one.batchIndex, one.batchIndexErrorMessage]),
    [
      [1, text],
      [3, text],
    ],
  )
  assertHas(await produce('p-compacted', records, { version: 7 }), {
    errorCode: 87,
    logStartOffset: 0,
  })
})

test('timestamps out of bounds are named; -1 is accepted', async () => {
  const bounds = {
    'message.timestamp.before.max.ms': '1000',
    'message.timestamp.after.max.ms': '1000',
  }
  await createTopic('p-times', { configs: bounds })
  const now = Date.now()
  for (const timestamp of [now - 1_000_000, now + 1_000_000]) {
    const answer = await produce('p-times', batchOf(['v'], { timestamp }))
    assertHas(answer, {
      errorCode: 32,
      baseOffset: -1,
      logStartOffset: 0,
      recordErrors: [{ batchIndex: 0 }],
    })
    const text = answer.recordErrors[0]?.batchIndexErrorMessage ?? ''
    const pattern =
      /^Timestamp (\d+) of message with offset 0 is out of range\. The timestamp should be within \[\d+, \d+\]$/
    assert.equal(pattern.exec(text)?.[1], String(timestamp), text)
  }
  assertHas(await produce('p-times', batchOf(['v'], { timestamp: now })), { errorCode: 0 })
  await createTopic('p-no-time')
  assertHas(await produce('p-no-time', batchOf(['v'], { timestamp: -1 })), { errorCode: 0 })
})

test('with LogAppendTime the broker sets the newest timestamp', async () => {
  await createTopic('p-append-time', { configs: { 'message.timestamp.type': 'LogAppendTime' } })
  const before = Date.now()
  const answer = await produce('p-append-time', batchOf(['v'], { timestamp: 5 }))
  assertHas(answer, { errorCode: 0, baseOffset: 0 })
  assert(answer.logAppendTimeMs >= before)
  const batch = await fetchOne('p-append-time', 0)
  assert.equal(batch.readInt16BE(ATTRIBUTES), 8)
  assert.equal(Number(batch.readBigInt64BE(27)), 5)
  assert.equal(Number(batch.readBigInt64BE(35)), answer.logAppendTimeMs)
})

test('the same partition twice in a request is answered once', async () => {
  await createTopic('p-twice')
  const data = { index: 0, records: batchOf(['v']) }
  const { responses } = await ask(Produce, 9, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 5_000,
    topicData: [{ name: 'p-twice', partitionData: [data, data] }],
  })
  assertHas(responses, [{ partitionResponses: [{ index: 0, errorCode: 0, baseOffset: 0 }] }])
})

test('min.insync.replicas above the number of replicas does not refuse', async () => {
  await createTopic('p-isr', { configs: { 'min.insync.replicas': '3' } })
  assertHas(await produce('p-isr', batchOf(['v'])), { errorCode: 0, baseOffset: 0 })
})

test('no topics: an empty answer', async () => {
  const none = { transactionalId: null, acks: 1, timeoutMs: 1_000, topicData: [] }
  assertHas(await ask(Produce, 9, none), { responses: [] })
})
