// The second step of a compaction, once for each group of segments: writes what is left of them
// into one, beside them (`.cleaned`), and makes that durable. Runs in a worker thread.
import type { TaskWorld, WorkerTask } from '../platform/worker.ts'
import * as batch from '../wire/records/batch.ts'
import { newestTimestampOf } from './batch-scan.ts'
import { BatchCleaner } from './clean-batch.ts'
import { CleanControl, Pace } from './clean-control.ts'
import { scanSegment } from './clean-scan.ts'
import type { PlannedSegment } from './clean-scan.ts'
import { CleanedTransactions } from './cleaned-transactions.ts'
import type { TransactionsProgress } from './cleaned-transactions.ts'
import { CLEANED_SUFFIX } from './file-names.ts'
import { OffsetMap } from './offset-map.ts'
import type { SharedOffsetMap } from './offset-map.ts'
import { ProducerEnds } from './producer-ends.ts'
import { Residency } from './residency.ts'
import { Segment } from './segment.ts'
import { lastOffsetOf } from './tail-cache.ts'

const WRITE_BYTES = 1024 * 1024

export interface RewriteInput {
  readonly directory: string
  readonly group: readonly PlannedSegment[]
  readonly map: SharedOffsetMap
  /** Of `packAborted`. */
  readonly aborted: Float64Array
  /** What the groups before have left. */
  readonly transactions: TransactionsProgress | undefined
  /** Of `packProducerEnds`. */
  readonly producerEnds: Float64Array
  readonly nowMs: number
  readonly deleteRetentionMs: number
  readonly indexIntervalBytes: number
  readonly control: SharedArrayBuffer
}

export interface Rewritten {
  readonly bytes: number
  readonly transactions: TransactionsProgress
  readonly bytesRead: number
}

export const rewriteSegments: WorkerTask<RewriteInput, Rewritten> = {
  name: 'rewrite segments',
  async run(input, world) {
    const cleaned = emptySegment(input, world)
    try {
      return await rewrite(input, world, cleaned)
    } finally {
      cleaned.close()
    }
  },
}

function emptySegment({ directory, group }: RewriteInput, { disk }: TaskWorld): Segment {
  const files = new Residency(1)
  const cleaned = new Segment(
    { platform: { disk }, openFiles: files, indexTables: new Residency(Number.MAX_VALUE) },
    {
      directory,
      baseOffset: group[0]?.baseOffset ?? 0,
      sizeBytes: 0,
      modifiedMs: 0,
      isNew: true,
      suffix: CLEANED_SUFFIX,
    },
  )
  // Of a run that came to no end.
  for (const path of cleaned.existingFiles()) disk.removeSync(path)
  return cleaned
}

async function rewrite(
  input: RewriteInput,
  world: TaskWorld,
  cleaned: Segment,
): Promise<Rewritten> {
  const pace = new Pace(world.clock, new CleanControl(input.control))
  const transactions = new CleanedTransactions(input.aborted, input.transactions)
  const ends = new ProducerEnds(input.producerEnds)
  const cleaner = new BatchCleaner({
    map: new OffsetMap(input.map),
    nowMs: input.nowMs,
    deleteRetentionMs: input.deleteRetentionMs,
    isLastOfProducer: (b, p) => ends.isLast(b, p),
  })
  const output = new CleanedOutput(cleaned, input.indexIntervalBytes, pace)
  let bytesRead = 0
  for (const segment of input.group) {
    const scan = { world, directory: input.directory, segment, from: 0, pace }
    bytesRead += await scanSegment(scan, (b, p) => {
      const isLegacy = batch.magic(b, p) !== batch.CURRENT_MAGIC
      const left = isLegacy
        ? b.subarray(p, p + batch.sizeInBytes(b, p))
        : cleaner.clean(b, p, transactions.isObsolete(b, p))
      if (left !== undefined) output.add(left)
      return false
    })
  }
  output.flush()
  if (cleaned.sizeBytes > 0) cleaned.finishIndex()
  cleaned.setAborted(transactions.kept)
  makeDurable(world, [cleaned.files.log, ...cleaned.persist()])
  return { bytes: cleaned.sizeBytes, transactions: transactions.progress, bytesRead }
}

function makeDurable({ disk }: TaskWorld, paths: readonly string[]): void {
  for (const path of paths) {
    const file = disk.openSync(path, 'write')
    try {
      file.syncSync()
    } finally {
      file.closeSync()
    }
  }
}

/** Collects batches of a cleaned segment and writes many at once. */
class CleanedOutput {
  readonly #segment: Segment
  readonly #indexIntervalBytes: number
  readonly #pace: Pace
  readonly #pending = Buffer.allocUnsafeSlow(WRITE_BYTES)
  #pendingBytes = 0
  #writtenBytes = 0

  constructor(segment: Segment, indexIntervalBytes: number, pace: Pace) {
    this.#segment = segment
    this.#indexIntervalBytes = indexIntervalBytes
    this.#pace = pace
    // Also one that nothing is left for has a file.
    segment.log.file.truncateSync(0)
  }

  /** Takes a copy. */
  add(b: Buffer): void {
    this.#segment.append(
      lastOffsetOf(b, 0),
      newestTimestampOf(b, 0),
      b.length,
      this.#indexIntervalBytes,
    )
    if (this.#pendingBytes + b.length > WRITE_BYTES) this.flush()
    if (b.length > WRITE_BYTES) this.#write(b)
    else {
      b.copy(this.#pending, this.#pendingBytes)
      this.#pendingBytes += b.length
    }
  }

  flush(): void {
    if (this.#pendingBytes > 0) this.#write(this.#pending.subarray(0, this.#pendingBytes))
    this.#pendingBytes = 0
  }

  #write(bytes: Buffer): void {
    this.#segment.log.file.writeSync(bytes, this.#writtenBytes)
    this.#writtenBytes += bytes.length
    this.#pace.owe(bytes.length)
  }
}
