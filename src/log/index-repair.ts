// Indexes that turn out to be missing or wrong are made anew from their log file.
import type { LogState } from './log-state.ts'
import type { IndexEntries } from './segment-index.ts'
import type { Segment } from './segment.ts'

/** The entries of a segment's indexes, made anew when the files cannot be used. */
export async function soundIndex(log: LogState, segment: Segment): Promise<IndexEntries> {
  segment.index.load(segment.sizeBytes)
  const { damage } = segment.index
  if (damage !== undefined) await rebuildIndex(log, segment, damage)
  return segment.index.load(segment.sizeBytes)
}

/** Of the segment that holds `offset`. */
export async function repairIndexes(log: LogState, offset: number): Promise<void> {
  const segment = log.segments.at(log.segments.floorIndex(offset))
  if (segment !== undefined) await soundIndex(log, segment)
}

export async function rebuildIndex(log: LogState, segment: Segment, why: string): Promise<void> {
  const { offset } = segment.files
  log.context.logger.warn(`The indexes beside ${offset} are made anew: ${why}`)
  await segment.rebuildIndex(log.config.indexIntervalBytes)
  log.isClean = false
  if (segment !== log.segments.active) segment.persist()
}
