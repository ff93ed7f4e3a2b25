// Beginning a new segment, and what has to become durable behind it. The order survives power loss:
// log file, indexes, snapshot and leader epochs are synced, then the names in the directory, and
// only then does the recovery point move past them.
import { makeNamesDurable } from './log-names.ts'
import type { LogState, RolledSegment } from './log-state.ts'
import { Segment } from './segment.ts'
import { syncFiles } from './sync-files.ts'

/** Makes a new segment at `baseOffset` the active one. Files follow later. */
export function rollTo(log: LogState, baseOffset: number, nowMs: number): void {
  const old = log.segments.active
  if (old.sizeBytes === 0) {
    dropEmpty(log, old)
  } else {
    old.finishIndex()
    log.unfinished.push(old)
    const snapshot = log.producers.snapshot()
    void inBackground(log, () => finish(log, { segment: old, endOffset: baseOffset, snapshot }))
  }
  log.segments.push(newSegment(log, baseOffset, nowMs))
  log.rollJitterMs = log.drawRollJitter()
  log.isClean = false
}

export function newSegment(log: LogState, baseOffset: number, nowMs: number): Segment {
  return new Segment(log.context, {
    directory: log.directory,
    baseOffset,
    sizeBytes: 0,
    modifiedMs: nowMs,
    isNew: true,
  })
}

/** Runs `work` when everything before has ended. Its failure is the log's. */
export function inBackground(log: LogState, work: () => Promise<void>): Promise<void> {
  log.background = log.background.then(async () => {
    if (log.failed) return
    try {
      await work()
    } catch (error) {
      log.writer.fail(error)
    }
  })
  return log.background
}

/** Makes everything appended so far durable. Throws when the log has failed. */
export async function flush(log: LogState): Promise<void> {
  const endOffset = log.nextOffset
  await log.writer.published(endOffset)
  await inBackground(log, async () => {
    if (endOffset <= log.recoveryPoint) return
    const { active } = log.segments
    if (active.sizeBytes > 0) await syncLog(active)
    await makeNamesDurable(log)
    log.writer.synced(endOffset)
    log.advanceRecoveryPoint(Math.min(endOffset, log.logEndOffset))
  })
  log.requireHealthy()
}

async function finish(log: LogState, rolled: RolledSegment): Promise<void> {
  await log.writer.published(rolled.endOffset)
  if (log.failed) return
  if (log.segments.all.includes(rolled.segment)) await makeDurable(log, rolled)
  log.unfinished.shift()
  log.advanceRecoveryPoint(Math.min(rolled.endOffset, log.logEndOffset))
}

async function makeDurable(log: LogState, rolled: RolledSegment): Promise<void> {
  rolled.segment.trim()
  const written = rolled.segment.persist()
  written.push(log.snapshots.write(rolled.endOffset, rolled.snapshot))
  await syncLog(rolled.segment)
  await syncWritten(log, written)
  await makeNamesDurable(log)
  rolled.segment.index.complete()
  log.writer.synced(rolled.endOffset)
}

function dropEmpty(log: LogState, segment: Segment): void {
  log.segments.removeFrom(segment.baseOffset)
  segment.close()
  const { disk } = log.context.platform
  for (const path of segment.existingFiles()) disk.removeSync(path)
}

export async function syncLog(segment: Segment): Promise<void> {
  const file = segment.log.pin()
  try {
    await file.sync()
  } finally {
    segment.log.unpin()
  }
}

export async function syncWritten(log: LogState, paths: readonly string[]): Promise<void> {
  // Also files that were found empty, and stay so, have got a name.
  log.namesVersion += 1
  await syncFiles(log.context.platform.disk, paths)
}
