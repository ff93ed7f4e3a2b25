// Makes the producers' state of a log at an offset: from the newest snapshot before it, and the
// headers of the batches between.
import * as batch from '../wire/records/batch.ts'
import { scanBatches } from './batch-scan.ts'
import type { LogContext } from './log-context.ts'
import type { ProducerStates } from './producer-state.ts'
import type { Segment } from './segment.ts'
import type { SnapshotFiles } from './snapshot-files.ts'
import { lastOffsetOf } from './tail-cache.ts'

export interface ReplaySource {
  readonly context: LogContext
  readonly segments: { readonly all: readonly Segment[] }
  readonly snapshots: SnapshotFiles
  readonly producers: ProducerStates
}

export async function replayProducers(source: ReplaySource, endOffset: number): Promise<void> {
  const { context, snapshots, producers } = source
  const damaged = (path: string) => {
    context.logger.warn(`Removed the producer snapshot ${path}: it is damaged`)
  }
  const snapshot = snapshots.newestUpTo(endOffset, damaged)
  const nowMs = context.platform.clock.nowMs()
  producers.load(snapshot?.entries ?? [], nowMs, context.producerIdExpirationMs)
  // Also what lies below the log start counts, as long as it is there: sequences go on from it.
  const from = snapshot?.offset ?? 0
  if (from >= endOffset) return
  for (const [index, segment] of source.segments.all.entries()) {
    const next = source.segments.all[index + 1]
    if (segment.baseOffset >= endOffset) return
    if (next !== undefined && next.baseOffset <= from) continue
    await replaySegment(segment, producers, from, endOffset)
  }
}

async function replaySegment(
  segment: Segment,
  producers: ProducerStates,
  from: number,
  endOffset: number,
): Promise<void> {
  if (segment.readableBytes === 0) return
  const start = segment.index.load(segment.sizeBytes).offset.positionFor(from)
  const range = { from: start, to: segment.readableBytes, verify: false }
  await scanBatches(segment.log, range, (b, p) => {
    const lastOffset = lastOffsetOf(b, p)
    if (lastOffset >= endOffset) return 'the end'
    if (lastOffset < from || batch.magic(b, p) !== batch.CURRENT_MAGIC) return undefined
    if (!batch.hasProducerId(b, p)) return undefined
    const completed = producers.append(b, p)
    if (completed !== undefined) producers.complete(completed)
    return undefined
  })
}
