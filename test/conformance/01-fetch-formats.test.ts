// Producers and consumers of another time: message sets of magic 0 and 1 are kept as batches of magic
// 2, and given to old consumers as message sets again.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Produce } from '../../src/wire/messages/00-produce.ts'
import { Fetch } from '../../src/wire/messages/01-fetch.ts'
import * as batch from '../../src/wire/records/batch.ts'
import { Compression } from '../../src/wire/records/compression.ts'
import { readLegacyMessage, readLegacyRecords } from '../../src/wire/records/legacy.ts'
import { readRecords } from '../../src/wire/records/read-records.ts'
import { batchOf, compressedSet, messageSet } from './batches.ts'
import { ask, createTopic } from './targets.ts'

const VALUES = ['a', 'bb', 'ccc']
const TIMESTAMP = 1_700_000_000_000
const NO_TIME = -1

/** What is in an answer: the formats, and each record as offset, key, value and time. */
interface Content {
  readonly errorCode: number
  readonly formats: readonly string[]
  readonly records: readonly Found[]
}

type Found = readonly [number, string | undefined, string | undefined, number]

async function produce(topic: string, version: number, records: Buffer): Promise<number> {
  const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }]
  const request = { transactionalId: null, acks: -1, timeoutMs: 5_000, topicData }
  const { responses } = await ask(Produce, version, request)
  return responses[0]?.partitionResponses[0]?.errorCode ?? -1
}

/**
 * Everything, as a client reads it: an answer of Apache Kafka is no larger than what it was
 * converted from, and may lack what has grown beyond that.
 */
async function fetch(topic: string, version: number, fetchOffset = 0): Promise<Content> {
  const content = { errorCode: 0, formats: new Set<string>(), records: new Array<Found>() }
  for (let next = fetchOffset; ;) {
    const { errorCode, formats, records } = await fetchOnce(topic, version, next)
    const some = records.filter(([offset]) => offset >= next)
    content.errorCode = errorCode
    for (const format of formats) content.formats.add(format)
    content.records.push(...some)
    if (some.length === 0) return { ...content, formats: [...content.formats] }
    next = (some.at(-1)?.[0] ?? 0) + 1
  }
}

async function fetchOnce(topic: string, version: number, fetchOffset: number): Promise<Content> {
  const partitions = [{ partition: 0, fetchOffset, partitionMaxBytes: 1 << 20 }]
  const { responses } = await ask(Fetch, version, {
    replicaId: -1,
    maxWaitMs: 20,
    minBytes: 1,
    maxBytes: 1 << 20,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [{ topic, partitions }],
    forgottenTopicsData: [],
  })
  const answer = responses[0]?.partitions[0]
  const records = answer?.records ?? null
  const bytes = records === null ? Buffer.alloc(0) : Buffer.concat([records].flat())
  const content = { errorCode: answer?.errorCode ?? -1, formats: new Array<string>() }
  const found: Found[] = []
  for (let p = 0; batch.isComplete(bytes, p); p += batch.sizeInBytes(bytes, p)) {
    const own = bytes.subarray(p, p + batch.sizeInBytes(bytes, p))
    const magic = batch.magic(own, 0)
    const codec = magic === 2 ? batch.compressionOf(own, 0) : readLegacyMessage(own, 0).codec
    content.formats.push(`${magic}/${nameOf(codec)}`)
    const parts = magic === 2 ? readRecords(own) : [...readLegacyRecords(own)]
    for (const { offset, key, value, timestamp } of parts) {
      const time = magic === 0 ? NO_TIME : timestamp
      found.push([offset, key?.toString(), value?.toString(), time])
    }
  }
  return { ...content, records: found }
}

function nameOf(codec: number): string {
  return Object.entries(Compression).find(([, code]) => code === codec)?.[0] ?? String(codec)
}

function expected(first: number, values: readonly string[], timestamp: number) {
  return values.map((value, index) => [first + index, 'k', value, timestamp] as const)
}

const OLD_CODECS = ['none', 'gzip', 'snappy', 'lz4'] as const

for (const magic of [0, 1] as const) {
  for (const codec of OLD_CODECS) {
    // Of magic 0 the frames of lz4 had a wrong checksum, which our encoder does not make.
    if (magic === 0 && codec === 'lz4') continue
    test(`a message set of magic ${magic}, ${codec}, is kept as one batch`, async () => {
      const topic = `of-up-${magic}-${codec}`
      await createTopic(topic)
      const records =
        codec === 'none'
          ? messageSet(magic, VALUES, TIMESTAMP)
          : compressedSet(magic, Compression[codec], VALUES, TIMESTAMP)
      for (const _ of [0, 1]) assert.equal(await produce(topic, magic === 0 ? 0 : 2, records), 0)
      const time = magic === 0 ? NO_TIME : TIMESTAMP
      assert.deepEqual(await fetch(topic, 12), {
        errorCode: 0,
        formats: [`2/${codec}`],
        records: [...expected(0, VALUES, time), ...expected(3, VALUES, time)],
      })
      for (const [version, old] of [
        [1, 0],
        [3, 1],
      ] as const) {
        const answer = await fetch(topic, version)
        assert.deepEqual(answer.formats, [`${old}/${codec}`], `Fetch ${version}`)
        const seen = old === 0 ? NO_TIME : time
        assert.deepEqual(answer.records, [
          ...expected(0, VALUES, seen),
          ...expected(3, VALUES, seen),
        ])
      }
    })
  }
}

for (const codec of OLD_CODECS) {
  test(`a batch of magic 2, ${codec}, for consumers of each age`, async () => {
    const topic = `of-down-${codec}`
    await createTopic(topic)
    const records = batchOf(VALUES, { timestamp: TIMESTAMP, compression: Compression[codec] })
    for (const _ of [0, 1]) assert.equal(await produce(topic, 9, records), 0)
    for (const version of [0, 1, 2, 3, 4, 11]) {
      const magic = version < 2 ? 0 : version < 4 ? 1 : 2
      const answer = await fetch(topic, version)
      assert.deepEqual(answer.formats, [`${magic}/${codec}`], `Fetch ${version}`)
      const time = magic === 0 ? NO_TIME : TIMESTAMP
      assert.deepEqual(answer.records, [...expected(0, VALUES, time), ...expected(3, VALUES, time)])
    }
  })
}

test('an old consumer that begins inside a batch gets what follows', async () => {
  await createTopic('of-inside')
  assert.equal(await produce('of-inside', 9, batchOf(VALUES, { timestamp: TIMESTAMP })), 0)
  for (const version of [1, 3]) {
    const { records } = await fetch('of-inside', version, 1)
    assert.deepEqual(records, expected(1, VALUES.slice(1), version === 1 ? NO_TIME : TIMESTAMP))
  }
})

test('zstd is not for consumers below version 10, whatever the topic says', async () => {
  await createTopic('of-zstd')
  const records = batchOf(VALUES, { timestamp: TIMESTAMP, compression: Compression.zstd })
  assert.equal(await produce('of-zstd', 9, records), 0)
  for (const version of [0, 3]) {
    assert.equal((await fetch('of-zstd', version)).errorCode, 76, `Fetch ${version}`)
  }
  assert.deepEqual((await fetch('of-zstd', 10)).formats, ['2/zstd'])
})

test('without conversion old consumers are told so, and old producers are served', async () => {
  const configs = { 'message.downconversion.enable': 'false' }
  await createTopic('of-off', { configs })
  assert.equal(await produce('of-off', 2, messageSet(1, VALUES, TIMESTAMP)), 0)
  for (const version of [0, 2, 3]) {
    const { errorCode, records } = await fetch('of-off', version)
    assert.deepEqual([errorCode, records], [35, []], `Fetch ${version}`)
  }
  assert.deepEqual((await fetch('of-off', 4)).records, expected(0, VALUES, TIMESTAMP))
})

test('the time of appending is that of every record, in old formats too', async () => {
  await createTopic('of-append', { configs: { 'message.timestamp.type': 'LogAppendTime' } })
  for (const [version, records] of [
    [0, messageSet(0, VALUES)],
    [2, compressedSet(1, Compression.gzip, VALUES, TIMESTAMP)],
  ] as const) {
    assert.equal(await produce('of-append', version, records), 0)
  }
  const { records } = await fetch('of-append', 3)
  assert.equal(records.length, 6)
  const [first, , , fourth] = records.map(([, , , time]) => time)
  assert((first ?? 0) > TIMESTAMP && (fourth ?? 0) >= (first ?? 0))
})
