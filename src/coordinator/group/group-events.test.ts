import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  baseTimestamp,
  isControl,
  isTransactional,
  producerEpoch,
  producerId,
  sizeInBytes,
} from '../../wire/records/batch.ts'
import { readRecords, type DecodedRecord } from '../../wire/records/read-records.ts'
import { decodeGroupRecord, encodeGroupEvents, type GroupEvent } from './group-events.ts'

const GOLDEN = readFileSync(
  new URL('../../../test/fixtures/groups/consumer-offsets-3.9.batches', import.meta.url),
)

function* goldenBatches(): Generator<Buffer> {
  for (let position = 0; position < GOLDEN.length;) {
    const size = sizeInBytes(GOLDEN, position)
    yield GOLDEN.subarray(position, position + size)
    position += size
  }
}

function decode(record: DecodedRecord): GroupEvent {
  const key = record.key ?? Buffer.alloc(0)
  const value = record.value ?? Buffer.alloc(0)
  const event = decodeGroupRecord({
    buffer: Buffer.concat([key, value]),
    keyPosition: 0,
    keyLength: key.length,
    valuePosition: key.length,
    valueLength: record.value === null ? -1 : value.length,
  })
  assert(event !== undefined)
  return event
}

test('the records of Kafka 3.9 come out byte for byte as they went in', () => {
  let compared = 0
  for (const batch of goldenBatches()) {
    if (isControl(batch, 0)) continue
    const events = readRecords(batch).map(decode)
    const producer = isTransactional(batch, 0)
      ? { id: producerId(batch, 0), epoch: producerEpoch(batch, 0) }
      : undefined
    const wallMs = baseTimestamp(batch, 0)
    const decision = { events, touches: [], effects: [], producer }
    const encoded = encodeGroupEvents(decision, { wallMs, monotonicMs: 0 })
    assert.equal(encoded.length, 1)
    // Base offset and leader epoch are the log's to write.
    assert.deepEqual(encoded[0]?.subarray(16), batch.subarray(16))
    compared++
  }
  assert.equal(compared, 13)
})

test('KAFKA-8069: an offset of value version 1 keeps its own expiry, others have none', () => {
  const events = [...goldenBatches()].flatMap((batch) =>
    isControl(batch, 0) ? [] : readRecords(batch).map(decode),
  )
  const expiries = events.flatMap((event) => (event.kind === 'offset' ? [event] : []))
  const own = expiries.filter(({ value }) => value.expireTimestampMs !== -1)
  assert.deepEqual(
    own.map(({ groupId }) => groupId),
    ['simple-v2'],
  )
  assert.equal(own[0]?.value.expireTimestampMs, 1795431454685)
})

test('a record that does not hold what it announces is refused', () => {
  const key = Buffer.from('0001000561', 'hex')
  const record = { buffer: key, keyPosition: 0, valuePosition: 5, valueLength: -1 }
  assert.throws(() => decodeGroupRecord({ ...record, keyLength: key.length }), /length 5/)
  assert.throws(() => decodeGroupRecord({ ...record, keyLength: 1 }), /missing/)
})

test('the kinds of later protocols mean nothing here', () => {
  const key = Buffer.from('00030001', 'hex')
  const record = { buffer: key, keyPosition: 0, keyLength: 4, valuePosition: 4, valueLength: -1 }
  assert.equal(decodeGroupRecord(record), undefined)
})
