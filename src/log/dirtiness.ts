// How much of a log compaction could deal with.
//   logStart … cleanedUpTo        clean: compacted before
//   cleanedUpTo … uncleanable     dirty
//   uncleanable … logEnd          not yet: unstable, active, too new, or not durable
import type { CleanTask } from './clean-log.ts'
import type { LogState } from './log-state.ts'
import type { Segment } from './segment.ts'

export interface Dirtiness extends CleanTask {
  readonly dirtyBytes: number
  /** Of the clean and the dirty part together, 0 to 1. */
  readonly ratio: number
  /** For how long it has been overdue by `max.compaction.lag.ms`. */
  readonly delayMs: number
  /** The ratio is above `min.cleanable.dirty.ratio`, or the oldest record waits for too long. */
  readonly isDue: boolean
}

export function dirtinessOf(log: LogState, cleanedUpTo: number, nowMs: number): Dirtiness {
  const inRange = cleanedUpTo >= log.logStartOffset && cleanedUpTo <= log.logEndOffset
  const firstDirtyOffset = inRange ? cleanedUpTo : log.logStartOffset
  const firstUncleanableOffset = Math.max(firstDirtyOffset, firstUncleanable(log, nowMs))
  let cleanBytes = 0
  let dirtyBytes = 0
  let oldest: Segment | undefined
  for (const segment of log.segments.all) {
    if (segment.baseOffset >= firstUncleanableOffset) break
    if (segment.baseOffset < firstDirtyOffset) cleanBytes += segment.sizeBytes
    else {
      dirtyBytes += segment.sizeBytes
      oldest ??= segment
    }
  }
  const total = cleanBytes + dirtyBytes
  const ratio = total === 0 ? 0 : dirtyBytes / total
  const waitedMs = oldest === undefined ? 0 : nowMs - oldest.largestTimestamp
  const delayMs = dirtyBytes > 0 ? Math.max(0, waitedMs - log.config.maxCompactionLagMs) : 0
  const isDue = dirtyBytes > 0 && (ratio > log.config.minCleanableDirtyRatio || delayMs > 0)
  return { firstDirtyOffset, firstUncleanableOffset, dirtyBytes, ratio, delayMs, isDue }
}

/** Nothing at or above it may be touched (KAFKA-13194). */
function firstUncleanable(log: LogState, nowMs: number): number {
  const { minCompactionLagMs } = log.config
  const limit = Math.min(log.lastStableOffset, log.segments.active.baseOffset, log.recoveryPoint)
  if (minCompactionLagMs <= 0) return limit
  for (const segment of log.segments.all) {
    if (segment.baseOffset >= limit) break
    if (segment.largestTimestamp > nowMs - minCompactionLagMs) return segment.baseOffset
  }
  return limit
}
