// What Apache Kafka's own tool printed for the same files.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { dumpFiles } from './dump.ts'
import type { FileReader } from './dump.ts'
import { buildBatch } from '../wire/records/build-batch.ts'
import { batchOf, FIXTURES } from './support.test.ts'

/** `DIR/logs/NAME/…`, as the captured text calls the files. */
function open(path: string): FileReader {
  const [, , name, file] = path.split('/')
  const bytes = readFileSync(join(FIXTURES, name ?? '', file ?? ''))
  const read = (position: number, length: number) => bytes.subarray(position, position + length)
  return { path, sizeBytes: bytes.length, read }
}

function lines(name: string, files: string[], options: object): string[] {
  const paths = files.map((file) => `DIR/logs/${name}/${file}`)
  const here = `${process.cwd()}/`
  return Array.from(dumpFiles(paths, options, open), ({ text }) => text.replace(here, ''))
}

function captured(name: string, file: string): string[] {
  return readFileSync(join(FIXTURES, name, file), 'utf8')
    .trimEnd()
    .split('\n')
}

interface Dumped {
  readonly lines: string[]
  readonly problems: string[]
}

/** Of files in memory. */
function dump(files: ReadonlyMap<string, Buffer>, name: string, options: object = {}): Dumped {
  const read = (path: string): FileReader => {
    const bytes = files.get(path) ?? Buffer.alloc(0)
    const slice = (position: number, length: number) => bytes.subarray(position, position + length)
    return { path, sizeBytes: bytes.length, read: slice }
  }
  const all = [...dumpFiles([name], options, read)]
  const texts = (isProblem: boolean) =>
    all.filter((line) => line.isProblem === isProblem).map(({ text }) => text)
  return { lines: texts(false).slice(1), problems: texts(true) }
}

const SEGMENT = '/t-0/00000000000000000000'

test('without metadata a record is what its key and value leave', () => {
  const records = [
    { key: Buffer.from('k'), value: null, timestamp: 5 },
    { key: null, value: null, timestamp: 5 },
    { key: null, value: Buffer.from('v'), timestamp: 5 },
    { key: Buffer.alloc(0), value: Buffer.alloc(0), timestamp: 5 },
  ]
  const files = new Map([[`${SEGMENT}.log`, buildBatch({ records })]])
  const skip = { skipRecordMetadata: true, deepIteration: true }
  const data = dump(files, `${SEGMENT}.log`, { ...skip, printData: true })
  assert.deepEqual(data.lines.slice(2), ['| key: k', '', ' payload: v', '| key:  payload: '])
  assert.deepEqual(dump(files, `${SEGMENT}.log`, skip).lines.slice(2), ['', '', '', ''])
})

test('a limit of bytes leaves out the batch that it cuts', () => {
  const batches = [batchOf(['a']), batchOf(['b'], { baseOffset: 1 })]
  const [first] = batches
  const files = new Map([[`${SEGMENT}.log`, Buffer.concat(batches)]])
  const within = (maxBytes: number) => dump(files, `${SEGMENT}.log`, { maxBytes }).lines.length - 1
  const size = first?.length ?? 0
  assert.deepEqual(
    [within(size - 1), within(size), within(size * 2 - 1), within(size * 2)],
    [0, 1, 1, 2],
  )
})

test('what is damaged is shown, and said at the end', () => {
  const log = Buffer.concat([batchOf(['a']), batchOf(['b'], { baseOffset: 1 })])
  const size = log.length / 2
  const index = Buffer.alloc(8)
  index.writeInt32BE(7, 0)
  index.writeInt32BE(size, 4)
  const time = Buffer.alloc(24)
  time.writeBigInt64BE(1_700_000_000_001n, 0)
  time.writeBigInt64BE(5n, 12)
  time.writeInt32BE(9, 20)
  const files = new Map([
    [`${SEGMENT}.log`, log],
    [`${SEGMENT}.index`, index],
    [`${SEGMENT}.timeindex`, time],
    [`${SEGMENT}.snapshot`, Buffer.alloc(10)],
  ])
  assert.deepEqual(dump(files, `${SEGMENT}.index`), {
    lines: [`offset: 7 position: ${size}`],
    problems: [`Mismatches in :${SEGMENT}.index`, '  Index offset: 7, log offset: 1'],
  })
  assert.deepEqual(dump(files, `${SEGMENT}.timeindex`), {
    lines: ['timestamp: 1700000000001 offset: 0', 'timestamp: 5 offset: 9'],
    problems: [
      `Found timestamp mismatch in :${SEGMENT}.timeindex`,
      '  Index timestamp: 1700000000001, log timestamp: 1700000000000',
      'The following indexed offsets are not found in the log.',
      'Indexed offset: 9, found log offset: -1',
    ],
  })
  const [crc = ''] = dump(files, `${SEGMENT}.snapshot`).problems
  assert.match(
    crc,
    /^Snapshot is corrupt \(CRC is no longer valid\)\. Stored crc: 0\. Computed crc: \d+$/,
  )
  log[log.length - 2] = 1 ^ (log[log.length - 2] ?? 0)
  const shown = dump(files, `${SEGMENT}.log`, { printData: true }).lines
  assert.equal(shown.filter((line) => line.startsWith('| ')).length, 2)
  assert.match(shown[3] ?? '', /isvalid: false$/)
})

test('an index without entries is empty before it is sound', () => {
  const files = new Map([[`${SEGMENT}.index`, Buffer.alloc(0)]])
  const said = dump(files, `${SEGMENT}.index`, { sanityOnly: true }).lines
  assert.deepEqual(said, [`${SEGMENT}.index is empty.`])
})

const directories = readdirSync(FIXTURES).filter((name) => !name.startsWith('datadir'))

for (const name of directories) {
  const files = readdirSync(join(FIXTURES, name)).sort()
  // Decoders of internal topics belong to the tool, not to this folder.
  if (!name.includes('__')) {
    test(`${name}: log files`, () => {
      const logs = files.filter((file) => file.endsWith('.log'))
      assert.deepEqual(lines(name, logs, { printData: true }), captured(name, 'dump-log.txt'))
    })
  }
  if (!files.includes('dump-index.txt')) continue
  test(`${name}: indexes and snapshots`, () => {
    const others = files.filter((file) => /\.(index|timeindex|txnindex|snapshot)$/.test(file))
    assert.deepEqual(lines(name, others, {}), captured(name, 'dump-index.txt'))
    assert.equal(basename(others[0] ?? '').length > 0, true)
  })
}
