// What a start does with a log that was not closed: checks every batch from the recovery point on,
// makes indexes, leader epochs and producers' state anew on the way, and cuts at the first byte
// that is not part of an intact batch. What lies below the recovery point was synced before the
// recovery point said so, and is believed.
import * as batch from '../wire/records/batch.ts'
import { newestTimestampOf, scanBatches } from './batch-scan.ts'
import type { LoadingLog, LoadOptions } from './load-log.ts'
import { removeNewestFirst } from './remove-segments.ts'
import { replayProducers } from './producer-replay.ts'
import type { Segment } from './segment.ts'
import { syncFiles } from './sync-files.ts'
import { lastOffsetOf } from './tail-cache.ts'

/** Returns the log end offset. */
export async function recover(loading: LoadingLog, recoveryPoint: number): Promise<number> {
  const { segments, snapshots } = loading
  if (segments.length === 0) return loading.logStartOffset
  const first = segments.at(segments.floorIndex(recoveryPoint))
  if (first === undefined) return loading.logStartOffset
  const start = first.baseOffset
  await replayProducers(loading, start)
  snapshots.removeAbove(start)
  let endOffset = start
  for (const segment of segments.all.slice(segments.floorIndex(start))) {
    if (segment.baseOffset > start)
      snapshots.write(segment.baseOffset, loading.producers.snapshot())
    if (hasGapBefore(loading, segment, endOffset)) {
      await dropFrom(loading, segment, `${endOffset} is missing before it`)
      break
    }
    const checked = await recoverSegment(loading, segment, endOffset)
    endOffset = checked.endOffset
    if (checked.problem === undefined) continue
    loading.context.logger.warn(
      `${segment.files.log} at byte ${segment.sizeBytes}: ${checked.problem}; ` +
        `the log is cut there, at offset ${endOffset}`,
    )
    break
  }
  await persistRecovered(loading, start)
  if (endOffset > start) snapshots.write(endOffset, loading.producers.snapshot())
  return endOffset
}

/** Segments that are not the active one will be believed once the recovery point has passed. */
async function persistRecovered({ context, segments }: LoadingLog, start: number): Promise<void> {
  const written: string[] = []
  for (const segment of segments.all.slice(segments.floorIndex(start), -1)) {
    const { log } = segment.files
    written.push(log, ...segment.persist())
    segment.index.complete()
  }
  await syncFiles(context.platform.disk, written)
}

/**
 * The end of the segment before was lost, and this one was not. A compacted log may have gaps
 * where a follower began a segment.
 */
function hasGapBefore({ options, segments }: LoadingLog, segment: Segment, endOffset: number) {
  if (mayHaveGaps(options) || segment === segments.first) return false
  return segment.baseOffset > endOffset
}

function mayHaveGaps({ config, wasCompacted }: LoadOptions): boolean {
  return config.cleanupPolicy.compact || wasCompacted === true
}

async function dropFrom(loading: LoadingLog, segment: Segment, reason: string): Promise<void> {
  loading.context.logger.warn(`Removed ${segment.files.log} and what follows it: ${reason}`)
  await removeNewestFirst(loading.context, loading.segments.removeFrom(segment.baseOffset))
}

interface Checked {
  readonly endOffset: number
  readonly problem: string | undefined
}

async function recoverSegment(
  loading: LoadingLog,
  segment: Segment,
  endOffset: number,
): Promise<Checked> {
  const bytes = segment.sizeBytes
  segment.restart()
  segment.setAborted([])
  let next = Math.max(endOffset, segment.baseOffset)
  const range = { from: 0, to: bytes, verify: true }
  const stop = await scanBatches(segment.log, range, (b, p) => {
    const problem = orderProblem(segment, next, b, p) ?? gapProblem(loading, next, b, p)
    if (problem !== undefined) return problem
    takeIn(loading, segment, b, p)
    next = lastOffsetOf(b, p) + 1
    return undefined
  })
  segment.readableBytes = segment.sizeBytes
  if (stop !== undefined) {
    // Later segments go first: a crash in between finds the same problem again.
    await removeNewestFirst(loading.context, loading.segments.removeFrom(segment.baseOffset + 1))
  }
  if (segment.sizeBytes < bytes) segment.log.file.truncateSync(segment.sizeBytes)
  if (segment.sizeBytes > 0) segment.finishIndex()
  // A stop writes nothing for an empty log, and the next start would believe what is there.
  else if (segment.index.hasBytes) segment.persist()
  return { endOffset: next, problem: stop?.problem }
}

function orderProblem(segment: Segment, next: number, b: Buffer, p: number): string | undefined {
  const last = lastOffsetOf(b, p)
  const modern = batch.magic(b, p) === batch.CURRENT_MAGIC
  const first = modern ? batch.baseOffset(b, p) : last
  if (first < next) return `offset ${first} comes after ${next - 1}`
  if (!segment.canHold(last)) return `offset ${last} is too far from the segment's base`
  return undefined
}

/**
 * A checksum does not cover a batch's base offset. Where nothing was compacted, a batch that leaves
 * a gap has to be followed by one that goes on from it.
 */
function gapProblem(
  { options }: LoadingLog,
  next: number,
  b: Buffer,
  p: number,
): string | undefined {
  const modern = batch.magic(b, p) === batch.CURRENT_MAGIC
  if (mayHaveGaps(options) || !modern) return undefined
  const first = batch.baseOffset(b, p)
  if (first === next || next === 0) return undefined
  const following = p + batch.sizeInBytes(b, p)
  const goesOn = batch.isComplete(b, following) && batch.baseOffset(b, following) > first
  return goesOn ? undefined : `offset ${first} comes after ${next - 1}, and nothing goes on from it`
}

function takeIn(loading: LoadingLog, segment: Segment, b: Buffer, p: number): void {
  const { epochs, options, producers } = loading
  if (batch.magic(b, p) === batch.CURRENT_MAGIC) {
    const epoch = batch.partitionLeaderEpoch(b, p)
    if (epoch > epochs.latestEpoch) epochs.assign(epoch, batch.baseOffset(b, p))
    if (batch.hasProducerId(b, p)) {
      const completed = producers.append(b, p)
      if (completed !== undefined) {
        const lastStableOffset = producers.complete(completed)
        if (completed.aborted) segment.addAborted({ ...completed, lastStableOffset })
      }
    }
  } else epochs.clear()
  const size = batch.sizeInBytes(b, p)
  const newest = newestTimestampOf(b, p)
  segment.append(lastOffsetOf(b, p), newest, size, options.config.indexIntervalBytes)
  options.onChecked?.(size)
}

/** Reads the leader epochs from the batches of all segments. */
export async function rebuildEpochs({ segments, epochs }: LoadingLog): Promise<void> {
  for (const segment of segments.all) {
    const range = { from: 0, to: segment.sizeBytes, verify: false }
    await scanBatches(segment.log, range, (b, p) => {
      // As when they were appended: earlier epochs do not speak for records without (KAFKA-7897).
      if (batch.magic(b, p) !== batch.CURRENT_MAGIC) return epochs.clear()
      const epoch = batch.partitionLeaderEpoch(b, p)
      if (epoch > epochs.latestEpoch) epochs.assign(epoch, batch.baseOffset(b, p))
    })
  }
}
