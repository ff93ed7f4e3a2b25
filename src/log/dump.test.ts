// What Apache Kafka's own tool printed for the same files.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { dumpFiles } from './dump.ts'
import type { FileReader } from './dump.ts'
import { FIXTURES } from './support.test.ts'

/** `DIR/logs/NAME/…`, as the captured text calls the files. */
function open(path: string): FileReader {
  const [, , name, file] = path.split('/')
  const bytes = readFileSync(join(FIXTURES, name ?? '', file ?? ''))
  const read = (position: number, length: number) => bytes.subarray(position, position + length)
  return { path, sizeBytes: bytes.length, read }
}

function lines(name: string, files: string[], options: object): string[] {
  const paths = files.map((file) => `DIR/logs/${name}/${file}`)
  return Array.from(dumpFiles(paths, options, open), ({ text }) => text)
}

function captured(name: string, file: string): string[] {
  return readFileSync(join(FIXTURES, name, file), 'utf8')
    .trimEnd()
    .split('\n')
}

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
