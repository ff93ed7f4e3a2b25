// The newest batches of a log by reference, so that readers at the tail need no file. Bounded per
// log, and together over all logs: the log that has written nothing for the longest gives first.
// Holds only what is readable. Runs follow one another without a hole in offsets.
import * as batch from '../wire/records/batch.ts'

const MAX_BYTES_PER_LOG = 4 * 1024 * 1024
/** What is left after the oldest have been dropped: many at a time, so that each costs little. */
const KEPT_BYTES_PER_LOG = 3 * 1024 * 1024

/** The memory of all tails of a broker. */
export class TailMemory {
  readonly #limit: number
  /** In the order of their last append. */
  readonly #tails = new Set<TailCache>()
  #bytes = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get bytes(): number {
    return this.#bytes
  }

  appended(tail: TailCache, bytes: number): void {
    this.#bytes += bytes
    this.#tails.delete(tail)
    this.#tails.add(tail)
    for (const oldest of this.#tails) {
      if (this.#bytes <= this.#limit) return
      oldest.clear()
    }
  }

  released(tail: TailCache, bytes: number, empty: boolean): void {
    this.#bytes -= bytes
    if (empty) this.#tails.delete(tail)
  }
}

interface Run {
  /** Offsets from here to `endOffset` are in this run, or in no batch at all. */
  readonly startOffset: number
  readonly endOffset: number
  readonly bytes: Buffer
}

export interface TailRead {
  readonly segments: Buffer[]
  readonly sizeBytes: number
}

export class TailCache {
  readonly #memory: TailMemory
  #runs: Run[] = []
  #bytes = 0

  constructor(memory: TailMemory) {
    this.#memory = memory
  }

  append(startOffset: number, endOffset: number, bytes: Buffer): void {
    if (bytes.length > MAX_BYTES_PER_LOG) return this.clear()
    if (this.#runs.length > 0 && this.#runs.at(-1)?.endOffset !== startOffset) this.clear()
    this.#runs.push({ startOffset, endOffset, bytes })
    this.#bytes += bytes.length
    this.#memory.appended(this, bytes.length)
    this.#dropOldest()
  }

  clear(): void {
    this.#runs = []
    const bytes = this.#bytes
    this.#bytes = 0
    this.#memory.released(this, bytes, true)
  }

  /** Undefined when the tail does not reach back to `fetchOffset`. */
  read(
    fetchOffset: number,
    maxBytes: number,
    maxOffset: number,
    minOneBatch: boolean,
  ): TailRead | undefined {
    const first = this.#runs[0]
    if (first === undefined || fetchOffset < first.startOffset) return undefined
    const segments: Buffer[] = []
    let sizeBytes = 0
    for (let index = this.#runOf(fetchOffset); index < this.#runs.length; index += 1) {
      const run = this.#runs[index]
      if (run === undefined || run.startOffset >= maxOffset) break
      const slice = sliceBatches(run.bytes, 0, fetchOffset, maxOffset, {
        maxBytes: maxBytes - sizeBytes,
        minOneBatch: minOneBatch && sizeBytes === 0,
      })
      if (slice.bytes.length > 0) segments.push(slice.bytes)
      sizeBytes += slice.bytes.length
      if (slice.full) break
    }
    return { segments, sizeBytes }
  }

  #runOf(offset: number): number {
    let low = 0
    let high = this.#runs.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#runs[middle]?.startOffset ?? 0) <= offset) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  #dropOldest(): void {
    if (this.#bytes <= MAX_BYTES_PER_LOG) return
    let dropped = 0
    let bytes = 0
    while (dropped < this.#runs.length - 1 && this.#bytes - bytes > KEPT_BYTES_PER_LOG) {
      bytes += this.#runs[dropped]?.bytes.length ?? 0
      dropped += 1
    }
    if (dropped === 0) return
    this.#runs.splice(0, dropped)
    this.#bytes -= bytes
    this.#memory.released(this, bytes, this.#runs.length === 0)
  }
}

export interface BatchSlice {
  /** Whole batches that follow one another; empty when none is wanted. */
  readonly bytes: Buffer
  /** Position in the input after the last batch looked at and taken, or passed over. */
  readonly end: number
  /** More batches are there than fit, or than may be seen. */
  readonly full: boolean
}

/** Offset of the last record of a batch or message of any magic. */
export function lastOffsetOf(b: Buffer, p: number): number {
  return batch.magic(b, p) === batch.CURRENT_MAGIC ? batch.lastOffset(b, p) : batch.baseOffset(b, p)
}

/**
 * The batches in `b` from `p` on that end at or after `fetchOffset` and before `maxOffset`, as
 * many as fit into `maxBytes`. Stops before an incomplete batch, with `full` false.
 */
export function sliceBatches(
  b: Buffer,
  p: number,
  fetchOffset: number,
  maxOffset: number,
  limits: { readonly maxBytes: number; readonly minOneBatch: boolean },
): BatchSlice {
  let position = p
  while (batch.isComplete(b, position) && lastOffsetOf(b, position) < fetchOffset) {
    position += batch.sizeInBytes(b, position)
  }
  const start = position
  let full = false
  while (batch.isComplete(b, position)) {
    const size = batch.sizeInBytes(b, position)
    const fits = position + size - start <= limits.maxBytes
    const forced = limits.minOneBatch && position === start
    full = (!fits && !forced) || lastOffsetOf(b, position) >= maxOffset
    if (full) break
    position += size
  }
  const bytes = start === 0 && position === b.length ? b : b.subarray(start, position)
  return { bytes, end: position, full }
}
