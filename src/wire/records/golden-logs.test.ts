// Segments written by Apache Kafka, read back and compared with what its own DumpLogSegments
// printed about them.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import * as batch from './batch.ts'
import { ControlType, readControl } from './control-batch.ts'
import { Compression } from './compression.ts'
import { isLegacyCrcValid, readLegacyRecords } from './legacy.ts'
import { type DecodedRecord, readRecords } from './read-records.ts'

const logs = path.join(import.meta.dirname, '../../../test/fixtures/records/logs')

interface DumpedRecord {
  offset: number
  timestamp: number
  keySize: number
  valueSize: number
  key: string | undefined
  payload: string | undefined
}

/** Lines of the dump by the segment that they are about. */
function dumpOf(directory: string): Map<string, string[]> {
  const bySegment = new Map<string, string[]>()
  let lines: string[] = []
  for (const line of fs.readFileSync(path.join(directory, 'dump-log.txt'), 'utf8').split('\n')) {
    const segment = /^Dumping .*\/([0-9]+\.log)$/.exec(line)?.[1]
    if (segment === undefined) lines.push(line)
    else bySegment.set(segment, (lines = []))
  }
  return bySegment
}

function numberIn(line: string, label: string): number {
  const match = new RegExp(`\\b${label}: (-?[0-9]+)`).exec(line)
  assert.ok(match, `${label} in ${line}`)
  return Number(match[1])
}

function timestampIn(line: string): number {
  return Number(/(?:CreateTime|LogAppendTime|NoTimestampType): (-?[0-9]+)/.exec(line)?.[1])
}

function recordsIn(lines: string[]): DumpedRecord[] {
  return lines
    .filter((line) => line.startsWith('| '))
    .map((line) => ({
      offset: numberIn(line, 'offset'),
      timestamp: timestampIn(line),
      keySize: numberIn(line, 'keySize'),
      valueSize: numberIn(line, 'valueSize'),
      key: / key: (.*?)(?: payload: |$)/.exec(line)?.[1],
      payload: / payload: (.*)$/.exec(line)?.[1],
    }))
}

function assertSame(actual: DecodedRecord[], expected: DumpedRecord[]): void {
  assert.equal(actual.length, expected.length)
  for (const [index, record] of actual.entries()) {
    const dumped = expected[index]!
    assert.equal(record.offset, dumped.offset)
    assert.equal(record.timestamp, dumped.timestamp)
    assert.equal(record.key?.length ?? -1, dumped.keySize)
    assert.equal(record.value?.length ?? -1, dumped.valueSize)
    if (dumped.key !== undefined) assert.equal(record.key?.toString(), dumped.key)
    if (dumped.payload !== undefined) assert.equal(record.value?.toString(), dumped.payload)
  }
}

function assertHeader(bytes: Buffer, position: number, line: string): void {
  assert.equal(batch.baseOffset(bytes, position), numberIn(line, 'baseOffset'))
  assert.equal(batch.lastOffset(bytes, position), numberIn(line, 'lastOffset'))
  assert.equal(batch.recordCount(bytes, position), numberIn(line, 'count'))
  assert.equal(batch.baseSequence(bytes, position), numberIn(line, 'baseSequence'))
  // A control batch has no sequence, and the tool prints none.
  assert.equal(batch.lastSequence(bytes, position), numberIn(line, 'lastSequence'))
  assert.equal(batch.producerId(bytes, position), numberIn(line, 'producerId'))
  assert.equal(batch.producerEpoch(bytes, position), numberIn(line, 'producerEpoch'))
  assert.equal(batch.partitionLeaderEpoch(bytes, position), numberIn(line, 'partitionLeaderEpoch'))
  assert.equal(batch.isTransactional(bytes, position), line.includes('isTransactional: true'))
  assert.equal(batch.isControl(bytes, position), line.includes('isControl: true'))
  assert.equal(position, numberIn(line, 'position'))
  assert.equal(batch.maxTimestamp(bytes, position), timestampIn(line))
  assert.equal(batch.timestampType(bytes, position) === 1, line.includes(' LogAppendTime: '))
  assert.equal(batch.sizeInBytes(bytes, position), numberIn(line, 'size'))
  assert.equal(batch.crc(bytes, position), numberIn(line, 'crc'))
  const codec = /compresscodec: (\w+)/.exec(line)?.[1]
  const [name] = Object.entries(Compression).find(
    ([, code]) => code === batch.compressionOf(bytes, position),
  )!
  assert.equal(name, codec)
  assert.ok(batch.isCrcValid(bytes, position))
}

function checkModern(bytes: Buffer, lines: string[]): void {
  const headers = lines.filter((line) => line.startsWith('baseOffset: '))
  const records: DecodedRecord[] = []
  let position = 0
  for (const header of headers) {
    assertHeader(bytes, position, header)
    records.push(...readRecords(bytes, position))
    position += batch.sizeInBytes(bytes, position)
  }
  assert.equal(position, bytes.length)
  assertSame(records, recordsIn(lines))
}

function checkLegacy(bytes: Buffer, lines: string[]): void {
  for (const line of lines.filter((text) => text.startsWith('offset: '))) {
    const position = numberIn(line, 'position')
    assert.ok(isLegacyCrcValid(bytes, position))
    assert.equal(batch.sizeInBytes(bytes, position), numberIn(line, 'size'))
  }
  assertSame(readLegacyRecords(bytes), recordsIn(lines))
}

for (const name of fs.readdirSync(logs)) {
  test(`reads ${name} as DumpLogSegments does`, () => {
    const directory = path.join(logs, name)
    for (const [segment, lines] of dumpOf(directory)) {
      const bytes = fs.readFileSync(path.join(directory, segment))
      if (bytes.length === 0) continue
      if (batch.magic(bytes, 0) === 2) checkModern(bytes, lines)
      else checkLegacy(bytes, lines)
    }
  })
}

test('reads the headers of records', () => {
  const file = path.join(logs, '3.9-headers-0/00000000000000000000.log')
  const [first] = readRecords(fs.readFileSync(file))
  assert.deepEqual(
    first?.headers.map(({ key, value }) => [key, value?.length ?? null]),
    [
      ['h1', first?.headers[0]?.value?.length],
      ['empty', 0],
      ['nul', null],
    ],
  )
})

test('reads transaction markers', () => {
  const file = path.join(logs, '3.9-txn-0/00000000000000000003.log')
  const bytes = fs.readFileSync(file)
  assert.deepEqual(readControl(bytes, 0), { type: ControlType.commit, coordinatorEpoch: 0 })
  assert.equal(readControl(bytes, 78), undefined)
  assert.deepEqual(readControl(bytes, 172), { type: ControlType.abort, coordinatorEpoch: 0 })
})
