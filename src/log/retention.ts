// Which of the oldest segments may go, and their removal. Only whole segments, never past the high
// watermark, and only ever from the old end.
import { Errors } from '../wire/errors.ts'
import type { LogState } from './log-state.ts'
import { inBackground, rollTo } from './roll.ts'
import type { Segment } from './segment.ts'

/** Removes what the settings no longer keep. Returns how many segments went. */
export function applyRetention(log: LogState, nowMs: number): number {
  if (log.failed || log.isClosed) return 0
  const { config } = log
  let count = expiredByStart(log)
  if (config.cleanupPolicy.delete) {
    count = Math.max(count, expiredByTime(log, nowMs), expiredBySize(log))
  }
  if (count > 0) removeOldest(log, count, nowMs)
  return count
}

/** Moves the log start offset; segments follow with the next retention. Returns an error code. */
export function deleteRecordsBefore(log: LogState, offset: number): number {
  if (offset > log.highWatermark) return Errors.OFFSET_OUT_OF_RANGE
  advanceLogStart(log, offset)
  return Errors.NONE
}

export function advanceLogStart(log: LogState, offset: number): void {
  if (offset <= log.logStartOffset) return
  log.logStartOffset = offset
  log.epochs.truncateFromStart(offset)
}

function expiredByStart(log: LogState): number {
  return countOldest(log, (_segment, endOffset) => endOffset <= log.logStartOffset)
}

function expiredByTime(log: LogState, nowMs: number): number {
  const { retentionMs } = log.config
  if (retentionMs < 0) return 0
  return countOldest(log, (segment) => nowMs - segment.largestTimestamp > retentionMs)
}

function expiredBySize(log: LogState): number {
  const { retentionBytes } = log.config
  if (retentionBytes < 0) return 0
  let excess = log.segments.sizeBytes() - retentionBytes
  return countOldest(log, (segment) => {
    if (excess < segment.sizeBytes) return false
    excess -= segment.sizeBytes
    return true
  })
}

/** How many of the oldest segments all satisfy `expired` and lie below the high watermark. */
function countOldest(
  log: LogState,
  expired: (segment: Segment, endOffset: number) => boolean,
): number {
  let count = 0
  for (const [index, segment] of log.segments.all.entries()) {
    const next = log.segments.at(index + 1)
    const endOffset = next?.baseOffset ?? log.nextOffset
    const removable =
      endOffset <= log.highWatermark && (next !== undefined || segment.sizeBytes > 0)
    if (!removable || !expired(segment, endOffset)) break
    count += 1
  }
  return count
}

function removeOldest(log: LogState, count: number, nowMs: number): void {
  if (count === log.segments.length) rollTo(log, log.nextOffset, nowMs)
  log.generation += 1
  const removed = log.segments.removeOldest(count)
  log.removing += 1
  advanceLogStart(log, log.segments.first.baseOffset)
  void inBackground(log, async () => {
    await nameActive(log)
    // Durable first: whichever names a power cut brings back, they lie below it.
    await log.hooks.onLogStartMoved()
    const paths = removed.flatMap((segment) => removalOf(log, segment))
    await log.context.platform.disk.syncDirectory(log.directory)
    log.removing -= 1
    removeLater(log, paths)
  })
}

/** The log must be found to go on at the active segment, also when that has no record yet. */
async function nameActive(log: LogState): Promise<void> {
  const { active } = log.segments
  if (active.sizeBytes > 0) return
  void active.log.file
  await log.context.platform.disk.syncDirectory(log.directory)
}

function removalOf(log: LogState, segment: Segment): string[] {
  const snapshot = log.snapshots.forget(segment.baseOffset)
  segment.close()
  const paths = segment.markDeleted()
  return snapshot === undefined ? paths : [...paths, snapshot]
}

/** Removes files after `file.delete.delay.ms`; those that are gone by then are gone. */
export function removeLater(log: LogState, paths: readonly string[]): void {
  const { clock, disk } = log.context.platform
  if (paths.length === 0) return
  const timer = clock.setTimer(log.config.fileDeleteDelayMs, () => {
    log.removals.delete(timer)
    for (const path of paths) {
      try {
        if (disk.statSync(path) !== undefined) disk.removeSync(path)
      } catch (error) {
        log.context.logger.warn(`Cannot remove ${path}`, error)
      }
    }
  })
  log.removals.add(timer)
}
