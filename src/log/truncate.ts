// Cutting a log at its end (a follower that diverged from its leader) or all of it. The recovery
// point goes back, durably, before the files do: what is appended afterwards is then checked
// again after a crash.
import assert from 'node:assert/strict'
import { removeNewestFirst } from './remove-segments.ts'
import { replayProducers } from './producer-replay.ts'
import type { LogState } from './log-state.ts'
import { soundIndex } from './index-repair.ts'
import { makeNamesDurable } from './log-names.ts'
import { inBackground, newSegment } from './roll.ts'
import type { Segment } from './segment.ts'
import { findBatch } from './segment-read.ts'
import { lastOffsetOf } from './tail-cache.ts'

/** Removes every batch that ends at or after `offset`. True when something was removed. */
export async function truncateTo(log: LogState, offset: number): Promise<boolean> {
  assert(offset >= 0)
  if (offset >= log.nextOffset) {
    // A leadership that never appended has left its epoch at the very end: it diverges all the same.
    log.epochs.truncateFromEnd(log.nextOffset)
    return false
  }
  if (offset <= log.segments.first.baseOffset && offset < log.logStartOffset) {
    await truncateFullyAndStartAt(log, offset)
    return true
  }
  await log.writer.published(log.nextOffset)
  await inBackground(log, async () => {
    await lowerRecoveryPoint(log, offset)
    if (offset < log.logStartOffset) await moveLogStart(log, offset)
    await cut(log, offset)
  })
  log.requireHealthy()
  return true
}

/** Removes everything; the next record gets `offset`. */
export async function truncateFullyAndStartAt(log: LogState, offset: number): Promise<void> {
  assert(offset >= 0)
  await log.writer.published(log.nextOffset)
  await inBackground(log, async () => {
    await lowerRecoveryPoint(log, Math.min(offset, log.recoveryPoint))
    log.generation += 1
    await moveLogStart(log, offset)
    await removeNewestFirst(log.context, log.segments.removeFrom(-1))
    for (const snapshot of log.snapshots.offsets) log.snapshots.remove(snapshot)
    const segment = newSegment(log, offset, log.context.platform.clock.nowMs())
    log.segments.push(segment)
    // The name of the empty file says where the log goes on after a restart.
    void segment.log.file
    log.producers.clear()
    log.epochs.clear()
    endAt(log, offset)
    log.highWatermark = offset
    log.recoveryPoint = offset
    log.namesVersion += 1
    await makeNamesDurable(log)
  })
  log.requireHealthy()
}

async function lowerRecoveryPoint(log: LogState, offset: number): Promise<void> {
  if (offset >= log.recoveryPoint) return
  log.recoveryPoint = offset
  await log.hooks.onRecoveryPointLowered()
}

/** A start that a checkpoint still has above the end would empty the log after a crash. */
async function moveLogStart(log: LogState, offset: number): Promise<void> {
  log.logStartOffset = offset
  await log.hooks.onLogStartMoved()
}

async function cut(log: LogState, offset: number): Promise<void> {
  log.generation += 1
  await removeNewestFirst(log.context, log.segments.removeFrom(offset + 1))
  if (log.segments.length === 0) {
    log.segments.push(newSegment(log, offset, log.context.platform.clock.nowMs()))
    void log.segments.active.log.file
  } else {
    await cutSegment(log, log.segments.active, offset)
  }
  log.snapshots.removeAbove(offset)
  log.epochs.truncateFromEnd(offset)
  endAt(log, offset)
  log.highWatermark = Math.min(log.highWatermark, offset)
  await replayProducers(log, offset)
  log.producers.onHighWatermark(log.highWatermark)
  log.namesVersion += 1
  await makeNamesDurable(log)
}

async function cutSegment(log: LogState, segment: Segment, offset: number): Promise<void> {
  const from = (await soundIndex(log, segment)).offset.positionFor(offset)
  const found = await findBatch(segment, from, (b, p) => lastOffsetOf(b, p) >= offset)
  segment.truncateTo(offset, found.position, found.newestBefore)
  const file = segment.log.pin()
  try {
    await file.sync()
  } finally {
    segment.log.unpin()
  }
}

function endAt(log: LogState, offset: number): void {
  log.nextOffset = offset
  log.logEndOffset = offset
  log.isClean = false
  log.tail.clear()
  log.writer.restartAt(offset)
}
