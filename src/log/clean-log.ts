// One compaction of one log. Worker threads read the dirty part into a map of newest offsets, then
// rewrite all segments up to its end into fewer, beside the old ones (`.cleaned`). What may be
// touched, and the exchange, are decided here: the new segment becomes, complete and durable, the
// replacement (`.swap`), then gets the final name. A crash at any point leaves either the old
// segments or the new ones.
import { CleaningCancelled } from './clean-control.ts'
import type { CleanControl } from './clean-control.ts'
import type { PlannedSegment } from './clean-scan.ts'
import { packAborted } from './cleaned-transactions.ts'
import type { TransactionsProgress } from './cleaned-transactions.ts'
import { CLEANED_SUFFIX, SWAP_SUFFIX } from './file-names.ts'
import type { LogState } from './log-state.ts'
import { mapKeys } from './map-keys.ts'
import type { MappedKeys } from './map-keys.ts'
import { removeLater } from './retention.ts'
import { rewriteSegments } from './rewrite-segments.ts'
import type { RewriteInput } from './rewrite-segments.ts'
import { inBackground } from './roll.ts'
import { pathsOf, Segment, segmentFiles } from './segment.ts'

export interface CleanTask {
  readonly firstDirtyOffset: number
  readonly firstUncleanableOffset: number
}

export interface CleanLimits {
  /** For the offset map. */
  readonly maxMapBytes: number
  /** How much of the map may be taken. */
  readonly load: number
  readonly control: CleanControl
}

export interface CleanResult {
  /** Everything below has been compacted. */
  readonly endOffset: number
  readonly bytesRead: number
  readonly bytesWritten: number
  /** How much of the offset map was taken, 0 to 1. */
  readonly mapLoad: number
}

/** The log was truncated, moved, or lost segments, while it was being cleaned; or it was to end. */
export class CleaningAborted extends Error {}

/** Only one at a time for a log. */
export async function cleanLog(
  log: LogState,
  task: CleanTask,
  limits: CleanLimits,
): Promise<CleanResult> {
  const run = new Cleaning(log, task, limits)
  try {
    return await run.clean()
  } catch (error) {
    // Files that were cut or removed under the run are no damage.
    const isHarmless = error instanceof Error && error.name === CleaningCancelled.name
    if (isHarmless || !run.isUnchanged) throw new CleaningAborted()
    throw error
  }
}

class Cleaning {
  readonly #log: LogState
  readonly #task: CleanTask
  readonly #limits: CleanLimits
  readonly #generation: number
  readonly #directory: string
  #bytesRead = 0
  #bytesWritten = 0

  constructor(log: LogState, task: CleanTask, limits: CleanLimits) {
    this.#log = log
    this.#task = task
    this.#limits = limits
    this.#generation = log.generation
    this.#directory = log.directory
  }

  get isUnchanged(): boolean {
    const log = this.#log
    return this.#generation === log.generation && this.#directory === log.directory && !log.isClosed
  }

  async clean(): Promise<CleanResult> {
    const log = this.#log
    const aborted = packAborted(log.segments.all.flatMap((segment) => [...segment.aborted]))
    const { map, groups, bytesRead } = await this.#mapKeys(aborted)
    this.#bytesRead += bytesRead
    const common = {
      directory: this.#directory,
      map,
      aborted,
      producerEnds: log.producers.ends(),
      nowMs: log.context.platform.clock.nowMs(),
      deleteRetentionMs: log.config.deleteRetentionMs,
      indexIntervalBytes: log.config.indexIntervalBytes,
      control: this.#limits.control.memory,
    }
    // One for all groups: a transaction may begin in one and end in another.
    let transactions: TransactionsProgress | undefined
    for (const group of groups) {
      transactions = await this.#cleanGroup({ ...common, group, transactions })
    }
    return {
      endOffset: map.latestOffset + 1,
      bytesRead: this.#bytesRead,
      bytesWritten: this.#bytesWritten,
      mapLoad: map.size / map.places.length,
    }
  }

  async #mapKeys(aborted: Float64Array): Promise<MappedKeys> {
    const { platform } = this.#log.context
    const { firstDirtyOffset, firstUncleanableOffset } = this.#task
    const mapped = await platform.worker.run(mapKeys, {
      directory: this.#directory,
      segments: this.#plan(),
      firstDirtyOffset,
      firstUncleanableOffset,
      aborted,
      maxMapBytes: this.#limits.maxMapBytes,
      load: this.#limits.load,
      seed: platform.random.uint32(),
      segmentBytes: this.#log.config.segmentBytes,
      segmentIndexBytes: this.#log.config.segmentIndexBytes,
      control: this.#limits.control.memory,
    })
    this.#requireUnchanged()
    return mapped
  }

  /** The finished segments below the first uncleanable offset. */
  #plan(): PlannedSegment[] {
    const { all } = this.#log.segments
    const planned: PlannedSegment[] = []
    for (const [at, segment] of all.entries()) {
      const next = all[at + 1]
      if (next === undefined || segment.baseOffset >= this.#task.firstUncleanableOffset) break
      const { baseOffset, readableBytes } = segment
      planned.push({ baseOffset, endOffset: next.baseOffset, bytes: readableBytes })
    }
    return planned
  }

  async #cleanGroup(input: RewriteInput): Promise<TransactionsProgress> {
    const log = this.#log
    const bases = new Set(input.group.map(({ baseOffset }) => baseOffset))
    const group = log.segments.all.filter(({ baseOffset }) => bases.has(baseOffset))
    const [first] = group
    const { disk, worker } = log.context.platform
    let isSwapped = false
    try {
      const { bytes, bytesRead, transactions } = await worker.run(rewriteSegments, input)
      this.#bytesRead += bytesRead
      this.#bytesWritten += bytes
      this.#requireUnchanged()
      const cleaned = new Segment(log.context, {
        directory: log.directory,
        baseOffset: first?.baseOffset ?? 0,
        sizeBytes: bytes,
        modifiedMs: group.at(-1)?.createdMs ?? 0,
        isNew: false,
        suffix: CLEANED_SUFFIX,
      })
      // Each batch was checked on its way.
      cleaned.uncheckedBytes = 0
      isSwapped = await this.#swap(group, cleaned)
      if (!isSwapped) throw new CleaningAborted()
      return transactions
    } finally {
      if (!isSwapped && !log.failed) {
        const files = segmentFiles(this.#directory, first?.baseOffset ?? 0, CLEANED_SUFFIX)
        for (const path of pathsOf(files)) {
          if (disk.statSync(path) !== undefined) disk.removeSync(path)
        }
      }
    }
  }

  // ---- the exchange

  /** False when the log has changed meanwhile, and keeps what it has. */
  async #swap(group: readonly Segment[], cleaned: Segment): Promise<boolean> {
    const log = this.#log
    const { disk } = log.context.platform
    let isSwapped = false
    await inBackground(log, async () => {
      if (!this.isUnchanged) return
      isSwapped = true
      await cleaned.changeSuffixDurably(SWAP_SUFFIX)
      log.segments.replace(group, cleaned)
      log.tail.clear()
      const removed = group.flatMap((segment) => removalOf(log, segment, cleaned))
      await disk.syncDirectory(log.directory)
      await cleaned.changeSuffixDurably('')
      removeLater(log, removed)
    })
    log.requireHealthy()
    return isSwapped
  }

  #requireUnchanged(): void {
    if (!this.isUnchanged) throw new CleaningAborted()
  }
}

/** The files of a segment that has been replaced, and its snapshot unless another needs it. */
function removalOf(log: LogState, segment: Segment, cleaned: Segment): string[] {
  segment.close()
  const paths = segment.markDeleted()
  if (segment.baseOffset === cleaned.baseOffset) return paths
  const snapshot = log.snapshots.forget(segment.baseOffset)
  return snapshot === undefined ? paths : [...paths, snapshot]
}
