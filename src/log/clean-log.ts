// One compaction of one log. Reads the dirty part into a map of newest offsets, then rewrites all
// segments up to its end into fewer: first beside the old ones (`.cleaned`), then, complete and
// durable, as their replacement (`.swap`), then under the final name. A crash at any point leaves
// either the old segments or the new ones.
import * as batch from '../wire/records/batch.ts'
import { RecordCursor } from '../wire/records/record-cursor.ts'
import { recordSection } from '../wire/records/read-records.ts'
import { newestTimestampOf, scanBatches } from './batch-scan.ts'
import { cleanBatch } from './clean-batch.ts'
import type { CleanRules } from './clean-batch.ts'
import { CleanedTransactions } from './cleaned-transactions.ts'
import { CLEANED_SUFFIX, SWAP_SUFFIX } from './file-names.ts'
import type { LogState } from './log-state.ts'
import { OffsetMap } from './offset-map.ts'
import { removeLater } from './retention.ts'
import { inBackground } from './roll.ts'
import { Segment } from './segment.ts'
import { syncFiles } from './sync-files.ts'
import { lastOffsetOf } from './tail-cache.ts'

/** Small, so that the event loop is not held up by one. */
const CHUNK_BYTES = 64 * 1024
const WRITE_BYTES = 1024 * 1024
const MAX_OFFSET_SPAN = 2 ** 31 - 1

export interface CleanTask {
  readonly firstDirtyOffset: number
  readonly firstUncleanableOffset: number
}

export interface CleanLimits {
  /** For the offset map. */
  readonly maxMapBytes: number
  /** Awaited after so many bytes read or written: keeps the pace, and lets others run. */
  readonly pause: (bytes: number) => Promise<void>
}

export interface CleanResult {
  /** Everything below has been compacted. */
  readonly endOffset: number
  readonly bytesRead: number
  readonly bytesWritten: number
}

/** The log was truncated, or lost segments, while it was being cleaned: nothing was changed. */
export class CleaningAborted extends Error {}

export async function cleanLog(
  log: LogState,
  task: CleanTask,
  limits: CleanLimits,
): Promise<CleanResult> {
  const { generation } = log
  const run = new Cleaning(log, task, limits)
  try {
    return await run.clean()
  } catch (error) {
    // Files that were cut or removed under the run are no damage.
    if (generation !== log.generation || log.isClosed) throw new CleaningAborted()
    throw error
  }
}

class Cleaning {
  readonly #log: LogState
  readonly #task: CleanTask
  readonly #limits: CleanLimits
  readonly #generation: number
  #bytesRead = 0
  #bytesWritten = 0

  constructor(log: LogState, task: CleanTask, limits: CleanLimits) {
    this.#log = log
    this.#task = task
    this.#limits = limits
    this.#generation = log.generation
  }

  async clean(): Promise<CleanResult> {
    const { clock } = this.#log.context.platform
    const map = await this.#buildMap()
    const endOffset = map.latestOffset + 1
    const last = this.#log.producers.lastOffsets()
    const rules: CleanRules = {
      map,
      nowMs: clock.nowMs(),
      deleteRetentionMs: this.#log.config.deleteRetentionMs,
      isLastOfProducer: (b, p) => {
        const known = last.get(batch.producerId(b, p))
        if (known === undefined) return false
        if (known.lastOffset >= 0) return known.lastOffset === batch.lastOffset(b, p)
        return batch.isControl(b, p) && known.epoch === batch.producerEpoch(b, p)
      },
    }
    const groups = this.#groups(endOffset)
    // One for all groups: a transaction may begin in one and end in another.
    const transactions = this.#transactionsFrom(groups[0]?.[0])
    for (const group of groups) await this.#cleanGroup(group, transactions, rules)
    return { endOffset, bytesRead: this.#bytesRead, bytesWritten: this.#bytesWritten }
  }

  // ---- the map

  async #buildMap(): Promise<OffsetMap> {
    const { firstDirtyOffset: from, firstUncleanableOffset: to } = this.#task
    const seed = this.#log.context.platform.random.uint32()
    const map = new OffsetMap(to - from, this.#limits.maxMapBytes, seed)
    map.latestOffset = from - 1
    const segments = this.#log.segments.all.filter(
      (segment, index) =>
        segment.baseOffset < to && (this.#log.segments.at(index + 1)?.baseOffset ?? to) > from,
    )
    const transactions = this.#transactionsFrom(segments[0])
    for (const segment of segments) {
      const isFull = await this.#mapSegment(segment, map, transactions)
      if (isFull) return map
      const index = this.#log.segments.all.indexOf(segment)
      const end = this.#log.segments.at(index + 1)?.baseOffset ?? to
      map.latestOffset = Math.max(map.latestOffset, Math.min(end, to) - 1)
    }
    return map
  }

  /** True when the map is full: what follows waits for the next run. */
  async #mapSegment(
    segment: Segment,
    map: OffsetMap,
    transactions: CleanedTransactions,
  ): Promise<boolean> {
    const { firstDirtyOffset, firstUncleanableOffset } = this.#task
    const { offset } = segment.index.load(segment.sizeBytes)
    let isFull = false
    const cursor = new RecordCursor()
    await this.#scan(segment, offset.positionFor(firstDirtyOffset), (b, p) => {
      const lastOffset = lastOffsetOf(b, p)
      if (lastOffset >= firstUncleanableOffset) return 'the end'
      if (batch.magic(b, p) !== batch.CURRENT_MAGIC) return undefined
      const isObsolete = transactions.isObsolete(b, p)
      if (lastOffset < firstDirtyOffset || isObsolete || batch.isControl(b, p)) return undefined
      isFull = !putKeys(map, cursor, b, p, firstDirtyOffset)
      if (isFull) return 'the map is full'
      map.latestOffset = lastOffset
      return undefined
    })
    return isFull
  }

  #transactionsFrom(first: Segment | undefined): CleanedTransactions {
    const from = first?.baseOffset ?? 0
    // Of later segments too: a transaction may begin here and end there.
    const aborted = this.#log.segments.all.flatMap((segment) => [...segment.aborted])
    return new CleanedTransactions(aborted.filter(({ lastOffset }) => lastOffset >= from))
  }

  // ---- the new segments

  /** Runs of segments below `endOffset` that fit into one. */
  #groups(endOffset: number): Segment[][] {
    const { segmentBytes, segmentIndexBytes } = this.#log.config
    const groups: Segment[][] = []
    let bytes = 0
    let indexBytes = 0
    for (const [at, segment] of this.#log.segments.all.entries()) {
      if (segment.baseOffset >= endOffset || segment === this.#log.segments.active) break
      const group = groups.at(-1)
      const end = (this.#log.segments.at(at + 1)?.baseOffset ?? endOffset) - 1
      const entries = segment.index.load(segment.sizeBytes)
      const ownIndexBytes = Math.max(entries.offset.count * 8, entries.time.count * 12)
      const fits =
        group !== undefined &&
        bytes + segment.sizeBytes <= segmentBytes &&
        indexBytes + ownIndexBytes <= segmentIndexBytes &&
        end - (group[0]?.baseOffset ?? 0) <= MAX_OFFSET_SPAN
      if (fits) group.push(segment)
      else groups.push([segment])
      bytes = (fits ? bytes : 0) + segment.sizeBytes
      indexBytes = (fits ? indexBytes : 0) + ownIndexBytes
    }
    return groups
  }

  async #cleanGroup(
    group: readonly Segment[],
    transactions: CleanedTransactions,
    rules: CleanRules,
  ): Promise<void> {
    const [first] = group
    if (first === undefined) return
    const cleaned = new Segment(this.#log.context, {
      directory: this.#log.directory,
      baseOffset: first.baseOffset,
      sizeBytes: 0,
      modifiedMs: group.at(-1)?.createdMs ?? first.createdMs,
      isNew: true,
      suffix: CLEANED_SUFFIX,
    })
    try {
      cleaned.log.file.truncateSync(0)
      const output = new CleanedOutput(cleaned, this.#log.config.indexIntervalBytes)
      for (const segment of group) await this.#rewrite(segment, output, transactions, rules)
      await output.flush()
      if (cleaned.sizeBytes > 0) cleaned.finishIndex()
      cleaned.setAborted(transactions.takeKept())
      this.#bytesWritten += cleaned.sizeBytes
      await syncFiles(this.#log.context.platform.disk, [cleaned.files.log, ...cleaned.persist()])
      await this.#swap(group, cleaned)
    } catch (error) {
      cleaned.close()
      throw error
    }
  }

  async #rewrite(
    segment: Segment,
    output: CleanedOutput,
    transactions: CleanedTransactions,
    rules: CleanRules,
  ): Promise<void> {
    await this.#scan(
      segment,
      0,
      (b, p) => {
        if (batch.magic(b, p) !== batch.CURRENT_MAGIC) {
          output.add(Buffer.from(b.subarray(p, p + batch.sizeInBytes(b, p))))
          return undefined
        }
        const left = cleanBatch(b, p, transactions.isObsolete(b, p), rules)
        // The scan reuses its buffer.
        if (left !== undefined) output.add(left.buffer === b.buffer ? Buffer.from(left) : left)
        return undefined
      },
      () => output.flushIfLarge(),
    )
  }

  async #scan(
    segment: Segment,
    from: number,
    visit: (b: Buffer, p: number) => string | undefined,
    afterChunk: () => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    const pause = async (bytes: number): Promise<void> => {
      this.#bytesRead += bytes
      await afterChunk()
      await this.#limits.pause(bytes)
      this.#requireUnchanged()
    }
    const range = { from, to: segment.readableBytes, verify: true, chunkBytes: CHUNK_BYTES, pause }
    let wasStopped = false
    const stop = await scanBatches(segment.log, range, (b, p) => {
      const reason = visit(b, p)
      wasStopped = reason !== undefined
      return reason
    })
    if (stop === undefined || wasStopped) return
    throw new Error(`${segment.files.log} at byte ${stop.position}: ${stop.problem}`)
  }

  // ---- the exchange

  async #swap(group: readonly Segment[], cleaned: Segment): Promise<void> {
    const log = this.#log
    const { disk } = log.context.platform
    await inBackground(log, async () => {
      if (!this.#isUnchanged()) return
      await cleaned.changeSuffixDurably(SWAP_SUFFIX)
      log.segments.replace(group, cleaned)
      log.tail.clear()
      const removed = group.flatMap((segment) => removalOf(log, segment, cleaned))
      await disk.syncDirectory(log.directory)
      await cleaned.changeSuffixDurably('')
      cleaned.index.complete()
      removeLater(log, removed)
    })
    log.requireHealthy()
    if (cleaned.files.log.endsWith(CLEANED_SUFFIX)) {
      for (const path of cleaned.existingFiles()) disk.removeSync(path)
      throw new CleaningAborted()
    }
  }

  #isUnchanged(): boolean {
    return this.#generation === this.#log.generation && !this.#log.isClosed
  }

  #requireUnchanged(): void {
    if (!this.#isUnchanged()) throw new CleaningAborted()
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

/** False when the map was full before the end of the batch. */
function putKeys(
  map: OffsetMap,
  cursor: RecordCursor,
  b: Buffer,
  p: number,
  from: number,
): boolean {
  const section = recordSection(b, p)
  const baseOffset = batch.baseOffset(b, p)
  const count = batch.recordCount(b, p)
  cursor.open(section, 0, section.length)
  for (let index = 0; index < count; index += 1) {
    cursor.next()
    const offset = baseOffset + cursor.offsetDelta
    if (offset < from || cursor.keyLength < 0) continue
    if (map.isFull) return false
    const key = section.subarray(cursor.keyPosition, cursor.keyPosition + cursor.keyLength)
    map.put(key, offset)
    map.latestOffset = offset
  }
  return true
}

/** Collects batches of a cleaned segment and writes many at once. */
class CleanedOutput {
  readonly #segment: Segment
  readonly #indexIntervalBytes: number
  #pending: Buffer[] = []
  #pendingBytes = 0
  #writtenBytes = 0

  constructor(segment: Segment, indexIntervalBytes: number) {
    this.#segment = segment
    this.#indexIntervalBytes = indexIntervalBytes
  }

  add(b: Buffer): void {
    this.#segment.append(
      lastOffsetOf(b, 0),
      newestTimestampOf(b, 0),
      b.length,
      this.#indexIntervalBytes,
    )
    this.#pending.push(b)
    this.#pendingBytes += b.length
  }

  async flushIfLarge(): Promise<void> {
    if (this.#pendingBytes >= WRITE_BYTES) await this.flush()
  }

  async flush(): Promise<void> {
    if (this.#pending.length === 0) return
    const buffers = this.#pending
    const bytes = this.#pendingBytes
    this.#pending = []
    this.#pendingBytes = 0
    const file = this.#segment.log.pin()
    try {
      for (let at = 0, position = this.#writtenBytes; at < buffers.length; at += 512) {
        const some = buffers.slice(at, at + 512)
        await file.writev(some, position)
        position += some.reduce((sum, { length }) => sum + length, 0)
      }
    } finally {
      this.#segment.log.unpin()
    }
    this.#writtenBytes += bytes
    this.#segment.readableBytes = this.#writtenBytes
  }
}
