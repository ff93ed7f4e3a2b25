// The lines that `kafka-dump-log.sh` prints for the files beside a log file: indexes and producer
// snapshots; and the check of indexes against the log file.
import * as batch from '../wire/records/batch.ts'
import { readInt64 } from '../wire/records/int64.ts'
import { newestTimestampOf } from './batch-scan.ts'
import { readEntry } from './dump-log.ts'
import type { FileReader } from './dump-log.ts'
import type { DumpProblems } from './dump-problems.ts'
import { OFFSET_ENTRY_BYTES } from './offset-index.ts'
import { decodeSnapshot } from './producer-snapshot.ts'
import { lastOffsetOf } from './tail-cache.ts'
import { TIME_ENTRY_BYTES } from './time-index.ts'
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
  if (bytes.length < OFFSET_ENTRY_BYTES) return yield `${path} is empty.`
  if (options.sanityOnly === true) return yield sanity(path, bytes, OFFSET_ENTRY_BYTES)
  for (const at of entriesOf(bytes, OFFSET_ENTRY_BYTES, 0)) {
    const offset = baseOffset + bytes.readInt32BE(at)
    const position = bytes.readInt32BE(at + 4)
    const found = position < 0 ? undefined : readEntry(log, position)
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
  if (options.sanityOnly === true) return yield sanity(path, bytes, TIME_ENTRY_BYTES)
  const batches = timestampsByOffset(log)
  let previous = -1
  for (const at of entriesOf(bytes, TIME_ENTRY_BYTES, 8)) {
    const timestamp = readInt64(bytes, at)
    const offset = baseOffset + bytes.readInt32BE(at + 8)
    const inLog = batches.get(offset)
    if (inLog === undefined) problems.offsetNotFound(path, offset, -1)
    else {
      if (inLog !== timestamp) problems.timestampMismatch(path, timestamp, inLog)
      if (previous >= timestamp) problems.timestampOutOfOrder(path, timestamp, previous)
    }
    previous = timestamp
    if (options.verifyOnly !== true) yield `timestamp: ${timestamp} offset: ${offset}`
  }
}

/** Where entries begin, damaged ones too; the first of the zeros of a file made in advance ends it. */
function* entriesOf(bytes: Buffer, entryBytes: number, offsetAt: number): Generator<number> {
  for (let at = 0; at + entryBytes <= bytes.length; at += entryBytes) {
    if (at > 0 && bytes.readInt32BE(at + offsetAt) === 0) return
    yield at
  }
}

/** All that a start of Apache Kafka looks at. */
function sanity(path: string, bytes: Buffer, entryBytes: number): string {
  const isSound = bytes.length % entryBytes === 0
  return isSound ? `${path} passed sanity check.` : `${path} is damaged.`
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

export function* dumpSnapshot(
  path: string,
  bytes: Buffer,
  problems: DumpProblems,
): Generator<string> {
  yield `Dumping ${path}`
  const entries = decodeSnapshot(bytes)
  if (entries === undefined) return problems.snapshotDamaged(bytes)
  for (const entry of entries) {
    const open = entry.currentTxnFirstOffset
    const last = entry.batches.at(-1)
    const head =
      `producerId: ${entry.producerId} producerEpoch: ${entry.epoch} ` +
      `coordinatorEpoch: ${entry.coordinatorEpoch} currentTxnFirstOffset: ` +
      `${open < 0 ? 'OptionalLong.empty' : `OptionalLong[${open}]`} ` +
      `lastTimestamp: ${entry.lastTimestamp}`
    if (last === undefined) yield `${head} `
    else {
      yield (
        `${head} firstSequence: ${last.firstSequence} lastSequence: ${last.lastSequence} ` +
        `lastOffset: ${last.lastOffset} offsetDelta: ${last.lastOffset - last.firstOffset} ` +
        `timestamp: ${last.timestamp}`
      )
    }
  }
}
