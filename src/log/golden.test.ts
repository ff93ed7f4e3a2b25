// Directories that Apache Kafka wrote: ours reads them, and writes the same bytes for the same
// appends.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import * as batch from '../wire/records/batch.ts'
import {
  createLog,
  DIRECTORY,
  goldenBatches,
  goldenFiles,
  installGolden,
  newContext,
  newPlatform,
  reopenLog,
  settle,
} from './support.test.ts'

/** Their broker was killed and started again before the last batch. */
const KILLED = new Set(['3.9-segments-0', '3.9-epochs-0'])

const BROKER = { indexIntervalBytes: 200, segmentIndexBytes: 4096 }

/** Directory, settings that were not the broker's, log end offset. */
const written = [
  ['3.9-codec-none-0', {}, 50],
  ['3.9-codec-gzip-0', {}, 50],
  ['3.9-codec-snappy-0', {}, 50],
  ['3.9-codec-lz4-0', {}, 50],
  ['3.9-codec-zstd-0', {}, 50],
  ['3.9-broker-gzip-0', {}, 5],
  ['3.9-broker-uncompressed-0', {}, 5],
  ['3.9-idem-0', {}, 10],
  ['3.9-headers-0', {}, 2],
  ['3.9-append-time-0', {}, 6],
  ['3.9-segments-0', { segmentBytes: 1000 }, 61],
  ['3.9-epochs-0', {}, 2],
  ['3.9-txn-0', {}, 16],
  ['3.9-__consumer_offsets-0', {}, 15],
  ['3.9-__transaction_state-0', {}, 14],
  ['4.1-k1-1', {}, 4],
] as const

for (const [name, settings, endOffset] of written) {
  test(`${name}: the same appends give the same files`, async () => {
    const platform = newPlatform()
    const context = newContext(platform)
    const expected = goldenFiles(name)
    const config = { ...BROKER, ...settings }
    let log = createLog(context, config)
    log.assignEpochStartOffset(0, 0)
    const batches = goldenBatches(name)
    for (const bytes of batches) {
      if (KILLED.has(name) && bytes === batches.at(-1)) {
        await log.flush()
        log = await reopenLog(newContext(platform), config)
      }
      assert.equal(log.appendAsFollower(bytes).error, 0)
      await settle(platform)
    }
    assert.equal(log.logEndOffset, endOffset)
    await log.close()
    const files = platform.disk.contents()
    for (const [file, content] of expected) {
      if (file === 'partition.metadata') continue
      const path = join(DIRECTORY, file)
      assert.deepEqual(files.get(path)?.toString('hex'), content.toString('hex'), file)
      files.delete(path)
    }
    assert.deepEqual([...files.keys()], [join(DIRECTORY, 'partition.metadata')])
  })

  test(`${name}: opened after a clean stop, and after a kill`, async () => {
    for (const clean of [true, false]) {
      const platform = newPlatform()
      installGolden(platform, name)
      const before = platform.disk.contents()
      const log = await reopenLog(newContext(platform), { ...BROKER, ...settings }, { clean })
      assert.equal(log.logEndOffset, endOffset)
      assert.equal(Buffer.concat(await readBatches(log)).length, logBytes(name))
      await log.close()
      if (clean) assert.deepEqual(platform.disk.contents(), before)
    }
  })
}

async function readBatches(log: Awaited<ReturnType<typeof reopenLog>>): Promise<Buffer[]> {
  const found: Buffer[] = []
  let fetchOffset = log.logStartOffset
  while (fetchOffset < log.logEndOffset) {
    const result = await log.read({ fetchOffset, maxBytes: 300, minOneBatch: true })
    assert.equal(result.error, 0)
    for (const bytes of result.segments) {
      for (let p = 0; p < bytes.length; p += batch.sizeInBytes(bytes, p)) {
        found.push(bytes.subarray(p, p + batch.sizeInBytes(bytes, p)))
        const modern = batch.magic(bytes, p) === 2
        fetchOffset = 1 + (modern ? batch.lastOffset(bytes, p) : batch.baseOffset(bytes, p))
      }
    }
  }
  return found
}

function logBytes(name: string): number {
  return goldenBatches(name).reduce((sum, bytes) => sum + bytes.length, 0)
}

for (const [name, endOffset] of [
  ['3.9-compacted-0', 24],
  ['ibp26-fmt-v0-0', 22],
  ['ibp26-fmt-v1-0', 22],
  ['ibp26-fmt-v2-0', 22],
  ['4.1-__consumer_offsets-0', 87],
] as const) {
  test(`${name}: every batch is read`, async () => {
    for (const clean of [true, false]) {
      const platform = newPlatform()
      installGolden(platform, name)
      const log = await reopenLog(newContext(platform), BROKER, { clean })
      assert.equal(log.logEndOffset, endOffset)
      assert.equal(Buffer.concat(await readBatches(log)).length, logBytes(name))
    }
  })
}
