// The lines that `kafka-dump-log.sh` prints for the files beside a log file: indexes and producer
// snapshots; and the check of indexes against the log file.
import * as batch from '../wire/records/batch.ts'
import { newestTimestampOf } from './batch-scan.ts'
import { readEntry } from './dump-log.ts'
import type { FileReader } from './dump-log.ts'
import type { DumpProblems } from './dump-problems.ts'
import { OffsetIndex } from './offset-index.ts'
import { decodeSnapshot } from './producer-snapshot.ts'
import { lastOffsetOf } from './tail-cache.ts'
import { TimeIndex } from './time-index.ts'
import { decodeAborted } from './transaction-index.ts'

export interface DumpIndexOptions {
  /** Checks against the log file and prints nothing else. */
  readonly verifyOnly?: boolean
  /** Checks what a start of the broker checks, and nothing else. */
  readonly sanityOnly?: boolean
}

export function* dumpOffsetIndex(
  path: string,
  bytes: Buffer,
  baseOffset: number,
  log: FileReader,
  options: DumpIndexOptions,
  problems: DumpProblems,
): Generator<string> {
  yield `Dumping ${path}`
  const index = OffsetIndex.decode(bytes, baseOffset, log.sizeBytes)
  if (index === undefined) return yield `${path} is damaged.`
  if (options.sanityOnly === true) return yield `${path} passed sanity check.`
  if (index.count === 0) return yield `${path} is empty.`
  for (let entry = 0; entry < index.count; entry += 1) {
    const offset = index.offsetAt(entry)
    const position = index.positionAt(entry)
    const found = readEntry(log, position)
    const last = found === undefined ? -1 : lastOffsetOf(found, 0)
    if (last !== offset) problems.indexMismatch(path, offset, last)
    if (options.verifyOnly !== true) yield `offset: ${offset} position: ${position}`
  }
}

export function* dumpTimeIndex(
  path: string,
  bytes: Buffer,
  baseOffset: number,
  log: FileReader,
  options: DumpIndexOptions,
  problems: DumpProblems,
): Generator<string> {
  yield `Dumping ${path}`
  const index = TimeIndex.decode(bytes, baseOffset)
  if (index === undefined) return yield `${path} is damaged.`
  if (options.sanityOnly === true) return yield `${path} passed sanity check.`
  const batches = timestampsByOffset(log)
  let previous = -1
  for (let entry = 0; entry < index.count; entry += 1) {
    const { timestamp, offset } = index.entryAt(entry)
    const inLog = batches.get(offset) ?? -1
    if (inLog !== timestamp) problems.timestampMismatch(path, timestamp, inLog)
    if (previous >= timestamp) problems.timestampOutOfOrder(path, timestamp, previous)
    previous = timestamp
    if (options.verifyOnly !== true) yield `timestamp: ${timestamp} offset: ${offset}`
  }
}

/** Newest timestamp of each batch, by its last offset. */
function timestampsByOffset(log: FileReader): Map<number, number> {
  const timestamps = new Map<number, number>()
  let position = 0
  for (;;) {
    const bytes = position < log.sizeBytes ? readEntry(log, position) : undefined
    if (bytes === undefined) return timestamps
    timestamps.set(lastOffsetOf(bytes, 0), newestTimestampOf(bytes, 0))
    position += batch.sizeInBytes(bytes, 0)
  }
}

export function* dumpTransactionIndex(
  path: string,
  bytes: Buffer,
  baseOffset: number,
): Generator<string> {
  yield `Dumping ${path}`
  const entries = decodeAborted(bytes, baseOffset)
  if (entries === undefined) return yield `${path} is damaged.`
  for (const { producerId, firstOffset, lastOffset, lastStableOffset } of entries) {
    yield (
      `version: 0 producerId: ${producerId} firstOffset: ${firstOffset} ` +
      `lastOffset: ${lastOffset} lastStableOffset: ${lastStableOffset}`
    )
  }
}

export function* dumpSnapshot(path: string, bytes: Buffer): Generator<string> {
  yield `Dumping ${path}`
  const entries = decodeSnapshot(bytes)
  if (entries === undefined) return yield `Snapshot failed CRC validation: ${path}`
  for (const entry of entries) {
    const open = entry.currentTxnFirstOffset
    const last = entry.batches.at(-1)
    const head =
      `producerId: ${entry.producerId} producerEpoch: ${entry.epoch} ` +
      `coordinatorEpoch: ${entry.coordinatorEpoch} currentTxnFirstOffset: ` +
      `${open < 0 ? 'OptionalLong.empty' : `OptionalLong[${open}]`} ` +
      `lastTimestamp: ${entry.lastTimestamp}`
    if (last === undefined) yield head
    else {
      yield (
        `${head} firstSequence: ${last.firstSequence} lastSequence: ${last.lastSequence} ` +
        `lastOffset: ${last.lastOffset} offsetDelta: ${last.lastOffset - last.firstOffset} ` +
        `timestamp: ${last.timestamp}`
      )
    }
  }
}
