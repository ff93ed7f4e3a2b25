// Old message sets: converted down as a real broker did, and up from what old clients send.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { Errors } from '../errors.ts'
import * as batch from './batch.ts'
import { buildBatch, type RecordInput } from './build-batch.ts'
import { Compression } from './compression.ts'
import { downConvert, DownConversionError } from './down-convert.ts'
import { isLegacyCrcValid, LegacyFormatError, readLegacyRecords } from './legacy.ts'
import { readRecords } from './read-records.ts'
import { type AppendRules, validateForAppend } from './validate-batch.ts'

const fixtures = path.join(import.meta.dirname, '../../../test/fixtures/records')

interface CapturedFetch {
  stored: string
  version: number
  records: string
}

const fetches: CapturedFetch[] = JSON.parse(
  fs.readFileSync(path.join(fixtures, 'down-converted.json'), 'utf8'),
)

const PADDING_OFFSET = -1

/** The messages of an answer without the padding that Kafka fills it up with. */
function withoutPadding(set: Buffer): Buffer {
  let position = 0
  while (position + batch.LOG_OVERHEAD <= set.length) {
    const end = position + batch.sizeInBytes(set, position)
    if (batch.baseOffset(set, position) === PADDING_OFFSET || end > set.length) break
    position = end
  }
  return set.subarray(0, position)
}

/** Offset, codec, timestamp type and size of each message; compressed sizes depend on the codec. */
function shape(set: Buffer): unknown[] {
  const messages: unknown[] = []
  for (let p = 0; p < set.length; p += batch.sizeInBytes(set, p)) {
    assert.ok(isLegacyCrcValid(set, p))
    const bits = set.readUInt8(p + 17)
    const size = (bits & 7) === 0 ? batch.sizeInBytes(set, p) : 'compressed'
    messages.push([batch.baseOffset(set, p), batch.magic(set, p), bits, size])
  }
  return messages
}

for (const { stored, version, records } of fetches) {
  test(`converts ${stored} for Fetch v${version} as Kafka does`, () => {
    const log = fs.readFileSync(path.join(fixtures, 'logs', stored, '00000000000000000000.log'))
    const expected = withoutPadding(Buffer.from(records, 'base64'))
    const actual = downConvert(log, version < 2 ? 0 : 1)
    // Padding may have cut the captured answer after a whole message.
    assert.deepEqual(shape(actual).slice(0, shape(expected).length), shape(expected))
    const wanted = readLegacyRecords(expected)
    assert.deepEqual(readLegacyRecords(actual).slice(0, wanted.length), wanted)
    assert.ok(wanted.length >= 7)
  })
}

function rules(changes: Partial<AppendRules> = {}): AppendRules {
  return {
    topic: 't',
    partition: 0,
    origin: 'client',
    nowMs: 1000,
    maxMessageBytes: 1_048_588,
    compressionType: 'producer',
    timestampType: batch.TimestampType.createTime,
    timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
    timestampAfterMaxMs: Number.MAX_SAFE_INTEGER,
    compacted: false,
    ...changes,
  }
}

const inputs: RecordInput[] = ['a', 'b', 'c'].map((value, index) => ({
  key: index === 1 ? null : Buffer.from(`k${index}`),
  value: index === 2 ? null : Buffer.from(value.repeat(100)),
  timestamp: 500 + index,
}))

for (const target of [0, 1] as const) {
  for (const [name, compression] of Object.entries(Compression)) {
    if (compression === Compression.zstd) continue
    test(`magic ${target} (${name}) is appended as magic 2 with the same records`, () => {
      const set = downConvert(buildBatch({ records: inputs, compression }), target)
      const verdict = validateForAppend(set, rules())
      assert.equal(verdict.error, Errors.NONE)
      assert.equal(batch.compressionOf(verdict.records, 0), compression)
      const timestamp = (record: RecordInput) => (target === 0 ? -1 : record.timestamp)
      assert.deepEqual(
        readRecords(verdict.records).map((r) => [r.offset, r.timestamp, r.key, r.value]),
        inputs.map((record, index) => [index, timestamp(record), record.key, record.value]),
      )
    })
  }
}

test('a message with a wrong checksum is corrupt, also inside a wrapper', () => {
  const plain = downConvert(buildBatch({ records: inputs }), 1)
  plain[plain.length - 1] = plain[plain.length - 1]! ^ 1
  assert.equal(validateForAppend(plain, rules()).error, Errors.CORRUPT_MESSAGE)
  assert.throws(() => readLegacyRecords(plain), LegacyFormatError)
})

test('a set of which only one message is compressed is refused', () => {
  const plain = downConvert(buildBatch({ records: inputs }), 1)
  const wrapped = downConvert(buildBatch({ records: inputs, compression: Compression.gzip }), 1)
  const verdict = validateForAppend(Buffer.concat([plain, wrapped]), rules())
  assert.equal(verdict.error, Errors.INVALID_RECORD)
})

test('null keys of old messages are refused in a compacted topic', () => {
  const set = downConvert(buildBatch({ records: inputs }), 1)
  const verdict = validateForAppend(set, rules({ compacted: true }))
  assert.equal(verdict.error, Errors.INVALID_RECORD)
  assert.deepEqual(
    verdict.recordErrors.map((e) => e.batchIndex),
    [1],
  )
})

test('control batches do not exist for old consumers, zstd cannot be converted', () => {
  const control = buildBatch({ records: inputs, control: true })
  assert.equal(downConvert(control, 1).length, 0)
  const zstd = buildBatch({ records: inputs, compression: Compression.zstd })
  assert.throws(() => downConvert(zstd, 1), DownConversionError)
})

test('records below the asked offset are left out of an uncompressed batch', () => {
  const log = buildBatch({ records: inputs, baseOffset: 10 })
  assert.deepEqual(
    readLegacyRecords(downConvert(log, 1, 11)).map((r) => r.offset),
    [11, 12],
  )
})

test('an offset gap that compaction left stays in a wrapper', () => {
  const records = inputs.map((record, index) => ({ ...record, offsetDelta: index * 3 }))
  for (const target of [0, 1] as const) {
    const log = buildBatch({ records, baseOffset: 100, compression: Compression.lz4 })
    const offsets = readLegacyRecords(downConvert(log, target)).map((r) => r.offset)
    assert.deepEqual(offsets, [100, 103, 106])
  }
})
