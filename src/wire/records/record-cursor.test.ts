// The short way through ordinary records must see what the long way sees.
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { RECORD_BATCH_OVERHEAD } from './batch.ts'
import { buildBatch } from './build-batch.ts'
import { readRecords, readSection } from './read-records.ts'
import { RecordFormatError } from './record-cursor.ts'

const bytes = fc.option(
  fc.oneof(fc.uint8Array({ maxLength: 80 }), fc.uint8Array({ minLength: 8000, maxLength: 9000 })),
)

const record = fc.record({
  key: bytes,
  value: bytes,
  timestamp: fc.oneof(fc.nat(100), fc.nat(20_000), fc.nat(2 ** 31 - 1)),
  hasHeader: fc.boolean(),
})

test('records of every size come back as they were built', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 8 }), (inputs) => {
      const records = inputs.map(({ key, value, timestamp, hasHeader }) => ({
        key: key && Buffer.from(key),
        value: value && Buffer.from(value),
        timestamp,
        headers: hasHeader ? [{ key: 'h', value: Buffer.from('v') }] : [],
      }))
      const read = readRecords(buildBatch({ records }))
      assert.deepEqual(
        read,
        records.map((input, offset) => ({ offset, ...input })),
      )
    }),
  )
})

/** A record with room behind it, so that the short way is tried. */
function single(hex: string): Buffer {
  const filler = buildBatch({ records: [{ key: null, value: Buffer.alloc(40), timestamp: 0 }] })
  return Buffer.concat([Buffer.from(hex, 'hex'), filler.subarray(RECORD_BATCH_OVERHEAD)])
}

test('an ordinary record, and what is wrong with others', () => {
  const [good] = readSection(single('10' + '00' + '00' + '00' + '0261' + '0262' + '00'), 2, 0, 0)
  assert.deepEqual([good?.key?.toString(), good?.value?.toString()], ['a', 'b'])
  for (const [what, hex] of [
    ['negative length', '0f' + '00' + '00' + '00' + '0261' + '0262' + '00'],
    ['length too short', '0e' + '00' + '00' + '00' + '0261' + '0262' + '00'],
    ['length too long', '12' + '00' + '00' + '00' + '0261' + '0262' + '00'],
    ['key length -2', '0e' + '00' + '00' + '00' + '03' + '0262' + '00'],
    ['value length -2', '0e' + '00' + '00' + '00' + '0261' + '03' + '00'],
    ['key beyond the record', '10' + '00' + '00' + '00' + '2061' + '0262' + '00'],
    ['value beyond the record', '10' + '00' + '00' + '00' + '0261' + '2062' + '00'],
    ['header count -1', '10' + '00' + '00' + '00' + '0261' + '0262' + '01'],
    ['varint of six bytes', '8080808080' + '10' + '00' + '00' + '00' + '0261' + '0262' + '00'],
  ] as const) {
    assert.throws(() => readSection(single(hex), 2, 0, 0), RecordFormatError, what)
  }
})
