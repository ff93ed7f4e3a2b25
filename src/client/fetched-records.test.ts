import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'

import { TimestampType } from '../wire/records/batch.ts'
import { buildBatch } from '../wire/records/build-batch.ts'
import { ControlType, controlBatch } from '../wire/records/control-batch.ts'
import { recordsFrom } from './fetched-records.ts'

function batch(baseOffset: number, values: string[], producerId?: number): Buffer {
  const records = values.map((value) => ({ key: null, value: Buffer.from(value), timestamp: 7 }))
  if (producerId === undefined) return buildBatch({ baseOffset, records })
  const producer = { producerId, producerEpoch: 0, baseSequence: 0, transactional: true }
  return buildBatch({ baseOffset, records, ...producer })
}

function marker(baseOffset: number, producerId: number, type: ControlType): Buffer {
  return controlBatch({
    baseOffset,
    producerId,
    producerEpoch: 0,
    coordinatorEpoch: 0,
    type,
    timestamp: 7,
  })
}

function read(buffer: Buffer, from: number, aborted: Parameters<typeof recordsFrom>[2]) {
  const { records, nextOffset } = recordsFrom(buffer, from, aborted)
  return { values: records.map(({ value }) => String(value)), nextOffset }
}

test('begins at the position, inside a batch too', () => {
  const buffer = Buffer.concat([batch(10, ['a', 'b', 'c']), batch(13, ['d'])])
  assert.deepEqual(read(buffer, 11, null), { values: ['b', 'c', 'd'], nextOffset: 14 })
})

test('a batch that is cut off is left for the next fetch', () => {
  const second = batch(1, ['b'])
  const buffer = Buffer.concat([batch(0, ['a']), second.subarray(0, second.length - 1)])
  assert.deepEqual(read(buffer, 0, null), { values: ['a'], nextOffset: 1 })
  assert.deepEqual(read(second.subarray(0, 10), 1, null), { values: [], nextOffset: 1 })
})

test('markers are never records, and yet are passed', () => {
  const buffer = Buffer.concat([batch(0, ['a'], 5), marker(1, 5, ControlType.commit)])
  assert.deepEqual(read(buffer, 0, null), { values: ['a'], nextOffset: 2 })
})

test('what was aborted is hidden from those who read what is committed', () => {
  const buffer = Buffer.concat([
    batch(0, ['aborted'], 5),
    batch(1, ['other'], 6),
    marker(2, 5, ControlType.abort),
    batch(3, ['again'], 5),
    batch(4, ['plain']),
    marker(5, 5, ControlType.commit),
  ])
  const aborted = [{ producerId: 5, firstOffset: 0 }]
  assert.deepEqual(read(buffer, 0, aborted).values, ['other', 'again', 'plain'])
  assert.deepEqual(read(buffer, 0, null).values, ['aborted', 'other', 'again', 'plain'])
})

test('a transaction that was aborted later hides only what comes after its start', () => {
  const buffer = Buffer.concat([
    batch(0, ['first'], 5),
    marker(1, 5, ControlType.commit),
    batch(2, ['second'], 5),
  ])
  assert.deepEqual(read(buffer, 0, [{ producerId: 5, firstOffset: 2 }]), {
    values: ['first'],
    nextOffset: 3,
  })
})

test('a batch with a wrong checksum is not handed out', () => {
  const buffer = batch(0, ['a'])
  buffer.writeUInt8(buffer.readUInt8(buffer.length - 2) ^ 1, buffer.length - 2)
  assert.throws(() => recordsFrom(buffer, 0, null), /checksum/)
})

test('tells who set the timestamp', () => {
  const records = [{ key: null, value: null, timestamp: 7 }]
  const created = buildBatch({ baseOffset: 0, records })
  const appended = buildBatch({
    baseOffset: 1,
    records,
    timestampType: TimestampType.logAppendTime,
    appendTimeMs: 9,
  })
  const { records: found } = recordsFrom(Buffer.concat([created, appended]), 0, null)
  assert.deepEqual(
    found.map(({ timestampType, timestamp }) => [timestampType, timestamp]),
    [
      ['CreateTime', 7],
      ['LogAppendTime', 9],
    ],
  )
})

test('old message sets are read, from the position on', () => {
  // Magic 0: offset, size, checksum, magic, attributes, key (null), value.
  const message = (offset: string) =>
    `${offset}0000000f` + 'CRC' + '0000' + 'ffffffff' + '00000001' + '61'
  const bytes = ['0000000000000004', '0000000000000005'].map((offset) => {
    const [head = '', body = ''] = message(offset).split('CRC')
    const checksum = crc32(Buffer.from(body, 'hex')).toString(16).padStart(8, '0')
    return Buffer.from(head + checksum + body, 'hex')
  })
  const { records, nextOffset } = recordsFrom(Buffer.concat(bytes), 5, null)
  assert.equal(nextOffset, 6)
  assert.deepEqual(
    records.map(({ offset, timestampType, value }) => [offset, timestampType, String(value)]),
    [[5, 'NoTimestampType', 'a']],
  )
})
