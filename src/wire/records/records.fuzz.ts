// Damages batches, message sets and compressed bytes, and gives them to everything that reads
// them. Readers may answer or throw their own errors, may not hang, and may not produce more than
// the limit they are given.
import assert from 'node:assert/strict'
import { Errors } from '../errors.ts'
import * as batch from './batch.ts'
import { buildBatch, type RecordInput } from './build-batch.ts'
import { checkProduceRecords } from './check-produce.ts'
import { compress, Compression, decompress, DecompressionError } from './compression.ts'
import { crc32 } from './crc32.ts'
import { downConvert, DownConversionError } from './down-convert.ts'
import { LegacyFormatError, readLegacyRecords } from './legacy.ts'
import { lz4DecompressPortable } from './lz4-frame.ts'
import { readRecords } from './read-records.ts'
import { RecordFormatError } from './record-cursor.ts'
import { type AppendRules, validateForAppend } from './validate-batch.ts'

export interface FuzzRandom {
  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number
}

/** What readers may make of anything. */
const MAX_BYTES = 1024 * 1024
const EXPECTED = [DecompressionError, RecordFormatError, LegacyFormatError, DownConversionError]
const codecs = Object.values(Compression)

const rules: AppendRules = {
  topic: 'fuzz',
  partition: 0,
  origin: 'client',
  nowMs: 1_700_000_000_000,
  maxMessageBytes: MAX_BYTES,
  compressionType: 'producer',
  timestampType: batch.TimestampType.createTime,
  timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
  timestampAfterMaxMs: Number.MAX_SAFE_INTEGER,
  compacted: false,
  maxDecompressedBytes: MAX_BYTES,
}

/** Runs `iterations` damaged inputs through all readers; throws what none of them may throw. */
export function fuzzRecords(random: FuzzRandom, iterations: number): void {
  for (let index = 0; index < iterations; index += 1) {
    fuzzCodec(random)
    const whole = randomBatch(random)
    const damaged = damage(random, whole)
    // With the checksum put right, the damage gets past it.
    if (below(random, 2) === 0 && isLong(damaged)) batch.writeCrc(damaged, 0)
    fuzzBatch(damaged)
    const legacy = downConvert(
      randomBatch(random, Compression.zstd),
      below(random, 2) === 0 ? 0 : 1,
    )
    fuzzLegacy(random, damage(random, legacy))
  }
}

function fuzzCodec(random: FuzzRandom): void {
  const codec = codecs[below(random, codecs.length)] ?? Compression.none
  const bytes = damage(random, compress(codec, randomBytes(random, below(random, 3000))))
  tolerate(() => {
    assert.ok(decompress(codec, bytes, MAX_BYTES).length <= MAX_BYTES)
  })
  if (codec !== Compression.lz4) return
  tolerate(() => {
    assert.ok(lz4DecompressPortable(bytes, MAX_BYTES).length <= MAX_BYTES)
  })
}

function fuzzBatch(bytes: Buffer): void {
  tolerate(() => readRecords(bytes, 0, { maxBytes: MAX_BYTES }))
  checkProduceRecords(bytes, 9)
  const verdict = validateForAppend(bytes, rules)
  if (verdict.error !== Errors.NONE || verdict.records.length === 0) return
  assert.ok(batch.isCrcValid(verdict.records, 0))
  const records = readRecords(verdict.records)
  assert.equal(records.length, batch.recordCount(verdict.records, 0))
  assert.deepEqual(
    records.map(({ offset }) => offset),
    records.map((_, place) => place),
  )
}

function fuzzLegacy(random: FuzzRandom, bytes: Buffer): void {
  const isLongEnough = bytes.length >= 26 && batch.sizeInBytes(bytes, 0) <= bytes.length
  if (isLongEnough && batch.sizeInBytes(bytes, 0) > 16 && below(random, 2) === 0) {
    bytes.writeUInt32BE(crc32(bytes, 16, batch.sizeInBytes(bytes, 0)), 12)
  }
  tolerate(() => readLegacyRecords(bytes, MAX_BYTES))
  tolerate(() => downConvert(bytes, 0))
  validateForAppend(bytes, rules)
}

function tolerate(read: () => unknown): void {
  try {
    read()
  } catch (error) {
    if (!EXPECTED.some((kind) => error instanceof kind)) throw error
  }
}

function randomBatch(random: FuzzRandom, except?: Compression): Buffer {
  const chosen = codecs[below(random, codecs.length)] ?? Compression.none
  const records: RecordInput[] = Array.from({ length: 1 + below(random, 5) }, () => ({
    key: below(random, 4) === 0 ? null : randomBytes(random, below(random, 20)),
    value: below(random, 4) === 0 ? null : randomBytes(random, below(random, 400)),
    timestamp: 1_700_000_000_000 + below(random, 100_000),
    headers: below(random, 3) === 0 ? [{ key: 'h', value: randomBytes(random, 3) }] : undefined,
  }))
  return buildBatch({ records, compression: chosen === except ? Compression.none : chosen })
}

/** Runs of the same byte, so that codecs find something to do. */
function randomBytes(random: FuzzRandom, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length;) {
    const run = 1 + below(random, 12)
    bytes.fill(below(random, 256), at, Math.min(length, at + run))
    at += run
  }
  return bytes
}

function damage(random: FuzzRandom, bytes: Buffer): Buffer {
  let damaged = Buffer.from(bytes)
  for (let times = below(random, 4); times > 0 && damaged.length > 0; times -= 1) {
    const at = below(random, damaged.length)
    switch (below(random, 5)) {
      case 0:
        damaged[at] = below(random, 256)
        break
      case 1:
        damaged[at] = (damaged[at] ?? 0) ^ (1 << below(random, 8))
        break
      case 2:
        damaged.fill(below(random, 2) === 0 ? 0xff : 0x7f, at, Math.min(damaged.length, at + 4))
        break
      case 3:
        damaged = Buffer.from(damaged.subarray(0, at))
        break
      default:
        damaged = Buffer.concat([damaged.subarray(0, at), damaged])
    }
  }
  return damaged
}

function isLong(bytes: Buffer): boolean {
  const size = bytes.length >= batch.RECORD_BATCH_OVERHEAD ? batch.sizeInBytes(bytes, 0) : 0
  return size >= batch.RECORD_BATCH_OVERHEAD && size <= bytes.length
}

function below(random: FuzzRandom, limit: number): number {
  return random.uint32() % limit
}
