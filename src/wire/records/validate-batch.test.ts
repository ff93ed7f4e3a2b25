// What a leader accepts and refuses: first against captured answers of Apache Kafka 3.9, then
// case by case.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { Errors } from '../errors.ts'
import * as batch from './batch.ts'
import { buildBatch, type BatchInput, type RecordInput } from './build-batch.ts'
import { checkProduceRecords } from './check-produce.ts'
import { Compression } from './compression.ts'
import { readRecords } from './read-records.ts'
import { type AppendRules, type AppendVerdict, validateForAppend } from './validate-batch.ts'

const fixtures = path.join(import.meta.dirname, '../../../test/fixtures/records')

interface CapturedAnswer {
  note: string
  version: number
  topic: string
  partition: number
  records: string
  error: number
  errorMessage: string | null
  recordErrors: { BatchIndex: number; BatchIndexErrorMessage: string }[]
  logAppendTimeMs: number
  logStartOffset: number
}

const NOW = 1_795_427_126_000

function rules(changes: Partial<AppendRules> = {}): AppendRules {
  return {
    topic: 't',
    partition: 0,
    origin: 'client',
    nowMs: NOW,
    maxMessageBytes: 1_048_588,
    compressionType: 'producer',
    timestampType: batch.TimestampType.createTime,
    timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
    timestampAfterMaxMs: Number.MAX_SAFE_INTEGER,
    compacted: false,
    ...changes,
  }
}

function record(value: string, changes: Partial<RecordInput> = {}): RecordInput {
  return { key: Buffer.from('k'), value: Buffer.from(value), timestamp: NOW, ...changes }
}

function batchOf(changes: Partial<BatchInput> = {}): Buffer {
  return buildBatch({ records: [record('a'), record('b')], ...changes })
}

/** The settings of the topics that the capture used. */
function rulesOf(answer: CapturedAnswer): AppendRules {
  const { topic, partition } = answer
  if (topic === 'err-c') return rules({ topic, partition, compacted: true })
  if (topic === 'err-lat') {
    const timestampType = batch.TimestampType.logAppendTime
    return rules({ topic, partition, timestampType, nowMs: answer.logAppendTimeMs })
  }
  if (topic !== 'err-ts') return rules({ topic, partition })
  const window = { timestampBeforeMaxMs: 1000, timestampAfterMaxMs: 1000 }
  const text = answer.recordErrors[0]?.BatchIndexErrorMessage ?? ''
  const bounds = /\[([0-9]+), ([0-9]+)\]/.exec(text)
  const sent = batch.baseTimestamp(Buffer.from(answer.records, 'base64'), 0)
  const nowMs = bounds === null ? sent : Number(bounds[1]) + 1000
  return rules({ topic, partition, nowMs, ...window })
}

const answers: CapturedAnswer[] = JSON.parse(
  fs.readFileSync(path.join(fixtures, 'produce-answers.json'), 'utf8'),
)

for (const answer of answers) {
  test(`answers as Kafka does: ${answer.note} (v${answer.version})`, () => {
    const records = Buffer.from(answer.records, 'base64')
    const check = checkProduceRecords(records, answer.version)
    const atParsing = check.error !== Errors.NONE
    const verdict = atParsing
      ? { ...check, recordErrors: [], knowsLogStart: false }
      : validateForAppend(records, rulesOf(answer))
    assert.equal(verdict.error, answer.error)
    // Older versions have no place for what follows.
    if (answer.version < 8) return
    assert.equal(verdict.errorMessage, answer.errorMessage)
    assert.equal(verdict.knowsLogStart, answer.logStartOffset >= 0)
    assert.deepEqual(
      verdict.recordErrors.map((e) => [e.batchIndex, e.batchIndexErrorMessage]),
      answer.recordErrors.map((e) => [e.BatchIndex, e.BatchIndexErrorMessage]),
    )
  })
}

function accepted(verdict: AppendVerdict): Buffer {
  assert.equal(verdict.error, Errors.NONE)
  assert.ok(batch.isCrcValid(verdict.records, 0))
  return verdict.records
}

for (const [name, compression] of Object.entries(Compression)) {
  test(`a good batch (${name}) stays where it is`, () => {
    const sent = batchOf({ compression })
    const copy = Buffer.from(sent)
    const verdict = validateForAppend(sent, rules())
    assert.equal(accepted(verdict).buffer, sent.buffer)
    assert.deepEqual(verdict.records, copy)
    assert.equal(verdict.appendTimeMs, -1)
  })

  test(`records that do not fill the batch (${name}) are refused`, () => {
    const sent = batchOf({ compression })
    sent.writeInt32BE(1, 57)
    sent.writeInt32BE(0, 23)
    batch.writeCrc(sent, 0)
    assert.equal(validateForAppend(sent, rules()).error, Errors.INVALID_RECORD)
  })

  test(`null keys in a compacted topic are refused one by one (${name})`, () => {
    const records = [record('a'), record('b', { key: null }), record('c')]
    const verdict = validateForAppend(batchOf({ records, compression }), rules({ compacted: true }))
    assert.equal(verdict.error, Errors.INVALID_RECORD)
    assert.deepEqual(
      verdict.recordErrors.map((e) => e.batchIndex),
      [1],
    )
  })

  test(`the topic's codec replaces that of the producer (${name})`, () => {
    const sent = batchOf({ compression, producerId: 7, producerEpoch: 1, baseSequence: 3 })
    const stored = accepted(validateForAppend(sent, rules({ compressionType: 'gzip' })))
    assert.equal(batch.compressionOf(stored, 0), Compression.gzip)
    assert.equal(batch.producerId(stored, 0), 7)
    assert.equal(batch.baseSequence(stored, 0), 3)
    assert.deepEqual(readRecords(stored), readRecords(sent))
  })
}

test('an uncompressed topic stores no compressed records', () => {
  const sent = batchOf({ compression: Compression.zstd })
  const stored = accepted(validateForAppend(sent, rules({ compressionType: 'uncompressed' })))
  assert.equal(batch.compressionOf(stored, 0), Compression.none)
  assert.deepEqual(readRecords(stored), readRecords(sent))
})

test('append time replaces the timestamps of the producer', () => {
  const logAppendTime = batch.TimestampType.logAppendTime
  const verdict = validateForAppend(batchOf(), rules({ timestampType: logAppendTime }))
  const stored = accepted(verdict)
  assert.equal(verdict.appendTimeMs, NOW)
  assert.equal(batch.timestampType(stored, 0), logAppendTime)
  assert.deepEqual(
    readRecords(stored).map((r) => r.timestamp),
    [NOW, NOW],
  )
})

test('a wrong newest timestamp in the header is put right', () => {
  const stored = accepted(validateForAppend(batchOf({ maxTimestamp: NOW + 5 }), rules()))
  assert.equal(batch.maxTimestamp(stored, 0), NOW)
})

test('offset deltas out of order are numbered anew', () => {
  const records = [record('a', { offsetDelta: 0 }), record('b', { offsetDelta: 0 })]
  const sent = batchOf({ records, lastOffsetDelta: 1, compression: Compression.lz4 })
  const stored = accepted(validateForAppend(sent, rules()))
  assert.deepEqual(
    readRecords(stored).map((r) => r.offset),
    [0, 1],
  )
  assert.equal(batch.lastOffset(stored, 0), 1)
})

test('a batch larger than max.message.bytes is refused', () => {
  const sent = batchOf()
  const tight = rules({ maxMessageBytes: sent.length })
  assert.equal(validateForAppend(batchOf(), tight).error, Errors.NONE)
  const tighter = rules({ maxMessageBytes: sent.length - 1 })
  assert.equal(validateForAppend(sent, tighter).error, Errors.MESSAGE_TOO_LARGE)
})

test('a batch that decompresses to more than is allowed is refused', () => {
  const bomb = record('x'.repeat(1_000_000))
  for (const compression of [1, 2, 3, 4] as const) {
    const sent = batchOf({ records: [bomb], compression })
    const verdict = validateForAppend(sent, rules({ maxDecompressedBytes: 500_000 }))
    assert.equal(verdict.error, Errors.MESSAGE_TOO_LARGE)
  }
})

test('coordinators may append control batches', () => {
  const sent = batchOf({ records: [record('a')], control: true })
  assert.equal(validateForAppend(sent, rules({ origin: 'coordinator' })).error, Errors.NONE)
})

test('incomplete bytes after a batch are dropped', () => {
  const sent = batchOf()
  const verdict = validateForAppend(Buffer.concat([sent, sent.subarray(0, 40)]), rules())
  assert.deepEqual(accepted(verdict), sent)
})

test('a client sends one batch at a time, the broker itself may append several', () => {
  const two = () => Buffer.concat([batchOf(), batchOf()])
  assert.equal(validateForAppend(two(), rules()).error, Errors.INVALID_RECORD)
  const verdict = validateForAppend(two(), rules({ origin: 'coordinator' }))
  assert.equal(accepted(verdict).length, two().length)
})

test('a batch that claims append time keeps it when its codec changes', () => {
  const sent = batchOf({ timestampType: batch.TimestampType.logAppendTime, appendTimeMs: NOW + 9 })
  const stored = accepted(validateForAppend(sent, rules({ compressionType: 'zstd' })))
  assert.deepEqual(
    readRecords(stored).map((r) => r.timestamp),
    [NOW + 9, NOW + 9],
  )
})

test('nothing to append is accepted as nothing', () => {
  const verdict = validateForAppend(Buffer.alloc(0), rules())
  assert.equal(verdict.error, Errors.NONE)
  assert.equal(verdict.records.length, 0)
})

test('a size below the minimum is corrupt, in words', () => {
  const sent = batchOf()
  sent.writeInt32BE(5, 8)
  assert.deepEqual(checkProduceRecords(sent, 9), {
    error: Errors.CORRUPT_MESSAGE,
    errorMessage: 'Record size 5 is less than the minimum record overhead (14)',
  })
})
