// Finding records by time, and the aborted transactions of a range.
import { readRecords } from '../wire/records/read-records.ts'
import * as batch from '../wire/records/batch.ts'
import { readLegacyRecords } from '../wire/records/legacy.ts'
import { newestTimestampOf } from './batch-scan.ts'
import { rebuildIndex, soundIndex } from './index-repair.ts'
import type { LogState } from './log-state.ts'
import type { AbortedTransaction, TimestampOffset } from './log-types.ts'
import type { Segment } from './segment.ts'
import { findBatch } from './segment-read.ts'
import { lastOffsetOf } from './tail-cache.ts'
import { collectAborted } from './transaction-index.ts'
import type { AbortedEntry } from './transaction-index.ts'

export const EARLIEST_TIMESTAMP = -2
export const LATEST_TIMESTAMP = -1
export const MAX_TIMESTAMP = -3

/** See `Log.offsetForTimestamp`. */
export async function offsetForTimestamp(
  log: LogState,
  timestamp: number,
): Promise<TimestampOffset | undefined> {
  if (timestamp === EARLIEST_TIMESTAMP) return atOffset(log, log.logStartOffset)
  if (timestamp === LATEST_TIMESTAMP) return atOffset(log, log.logEndOffset)
  if (timestamp === MAX_TIMESTAMP) return await newestRecord(log)
  for (const segment of log.segments.all) {
    if (needsRepair(segment)) await soundIndex(log, segment)
    if (newestReadable(log, segment) < timestamp) continue
    const found = await firstAtOrAfter(log, segment, timestamp)
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * Where segments begin, and the log end, newest first: of those not changed after `timestamp`
 * (-1: of all; -2: the oldest), at most `count`. What ListOffsets answered before there were
 * timestamps in records.
 */
export function offsetsBefore(log: LogState, timestamp: number, count: number): number[] {
  const places = log.segments.all.map((segment) => ({
    offset: Math.max(segment.baseOffset, log.logStartOffset),
    changedMs: () => segment.changedMs,
  }))
  const { clock } = log.context.platform
  if (log.segments.active.sizeBytes > 0) {
    places.push({ offset: log.logEndOffset, changedMs: () => clock.nowMs() })
  }
  const newest =
    timestamp === LATEST_TIMESTAMP
      ? places.length - 1
      : timestamp === EARLIEST_TIMESTAMP
        ? 0
        : places.findLastIndex(({ changedMs }) => changedMs() <= timestamp)
  const found = places.slice(Math.max(0, newest + 1 - count), newest + 1)
  return found.map(({ offset }) => offset).reverse()
}

function atOffset(log: LogState, offset: number): TimestampOffset {
  return { timestamp: -1, offset, leaderEpoch: log.epochs.epochForOffset(offset) }
}

/** Looking for the newest timestamp is what finds a missing index. */
function needsRepair(segment: Segment): boolean {
  return segment.newest.timestamp < 0 && segment.index.damage !== undefined
}

function newestReadable(log: LogState, segment: Segment): number {
  return segment.baseOffset >= log.logEndOffset ? -1 : segment.newest.timestamp
}

async function newestRecord(log: LogState): Promise<TimestampOffset | undefined> {
  let best: Segment | undefined
  for (const segment of log.segments.all) {
    if (needsRepair(segment)) await soundIndex(log, segment)
    const timestamp = newestReadable(log, segment)
    if (timestamp >= 0 && timestamp > (best?.newest.timestamp ?? -1)) best = segment
  }
  if (best === undefined) return undefined
  const found = await firstAtOrAfter(log, best, best.newest.timestamp)
  return found ?? (await newestLeft(log))
}

/** When the record that had the newest timestamp was deleted, and others of its segment were not. */
async function newestLeft(log: LogState): Promise<TimestampOffset | undefined> {
  // Those below it may not have been removed yet.
  const [first, ...later] = log.segments.all.slice(log.segments.floorIndex(log.logStartOffset))
  if (first === undefined) return undefined
  const { offset } = await soundIndex(log, first)
  let newest = -1
  await findBatch(first, offset.positionFor(log.logStartOffset), (b, p) => {
    if (lastOffsetOf(b, p) >= log.logStartOffset) newest = Math.max(newest, newestFrom(log, b, p))
    return false
  })
  let best = first
  for (const segment of later) {
    const timestamp = newestReadable(log, segment)
    if (timestamp <= newest) continue
    newest = timestamp
    best = segment
  }
  return newest < 0 ? undefined : await firstAtOrAfter(log, best, newest)
}

/** Newest timestamp of those records of a batch that are not deleted. */
function newestFrom(log: LogState, b: Buffer, p: number): number {
  const isWhole =
    batch.magic(b, p) === batch.CURRENT_MAGIC && batch.baseOffset(b, p) >= log.logStartOffset
  if (isWhole) return newestTimestampOf(b, p)
  const records = recordsOf(b.subarray(p, p + batch.sizeInBytes(b, p)))
  let newest = -1
  for (const { offset, timestamp } of records) {
    if (offset >= log.logStartOffset) newest = Math.max(newest, timestamp)
  }
  return newest
}

async function firstAtOrAfter(
  log: LogState,
  segment: Segment,
  timestamp: number,
  isIndexNew = false,
): Promise<TimestampOffset | undefined> {
  const { time, offset } = await soundIndex(log, segment)
  const entry = time.entryBefore(timestamp)
  const from = offset.positionFor(Math.max(entry?.offset ?? 0, log.logStartOffset))
  // The batch that the entry speaks of is passed anyway, and tells whether it is right.
  let isProven = isIndexNew || entry === undefined || entry.offset < log.logStartOffset
  const found = await findBatch(segment, from, (b, p) => {
    const newest = newestTimestampOf(b, p)
    if (!isProven && entry !== undefined && lastOffsetOf(b, p) >= entry.offset) {
      if (newest !== entry.timestamp) return true
      isProven = true
    }
    const mayHold = newest >= timestamp && lastOffsetOf(b, p) >= log.logStartOffset
    return mayHold && newestFrom(log, b, p) >= timestamp
  })
  if (!isProven) {
    await rebuildIndex(log, segment, `it has no batch as new as ${entry?.timestamp} where it says`)
    return await firstAtOrAfter(log, segment, timestamp, true)
  }
  if (found.bytes === undefined) return undefined
  for (const record of recordsOf(found.bytes)) {
    if (record.timestamp < timestamp || record.offset < log.logStartOffset) continue
    const leaderEpoch = epochOf(found.bytes)
    return { timestamp: record.timestamp, offset: record.offset, leaderEpoch }
  }
  return undefined
}

function epochOf(bytes: Buffer): number {
  const modern = batch.magic(bytes, 0) === batch.CURRENT_MAGIC
  return modern ? batch.partitionLeaderEpoch(bytes, 0) : -1
}

function recordsOf(bytes: Buffer): Iterable<{ timestamp: number; offset: number }> {
  if (batch.magic(bytes, 0) === batch.CURRENT_MAGIC) return readRecords(bytes, 0)
  return readLegacyRecords(bytes)
}

/** The aborted transactions that overlap [fromOffset, upperOffset). */
export function abortedTransactions(
  log: LogState,
  fromOffset: number,
  upperOffset: number,
): AbortedTransaction[] {
  const found: AbortedEntry[] = []
  const { segments } = log
  for (let index = segments.floorIndex(fromOffset); index < segments.length; index += 1) {
    const segment = segments.at(index)
    if (segment === undefined) break
    if (collectAborted(segment.aborted, fromOffset, upperOffset, found)) break
  }
  return found.map(({ producerId, firstOffset }) => ({ producerId, firstOffset }))
}
