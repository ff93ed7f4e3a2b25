// Walks the batches of a log file in order, from a position to a position.
// Used where every batch has to be seen: recovery, replay of producers, compaction, dumps.
import * as batch from '../wire/records/batch.ts'
import { readInt64 } from '../wire/records/int64.ts'
import { isLegacyCrcValid } from '../wire/records/legacy.ts'
import type { LazyFile } from './lazy-file.ts'

const CHUNK_BYTES = 1024 * 1024
/** Position of the timestamp in a message of magic 1. */
const LEGACY_TIMESTAMP = 18
/** A batch of magic 0 has this many bytes at least. */
const MIN_ENTRY_BYTES = batch.LOG_OVERHEAD + 14

export interface ScanRange {
  readonly from: number
  readonly to: number
  /** Checks structure and checksum of each batch. */
  readonly verify: boolean
  /** Bytes that are read, and walked through without a pause. */
  readonly chunkBytes?: number | undefined
  /** In a thread of its own: reads without the detour over the pool that others wait for too. */
  readonly blocks?: boolean | undefined
  /** Awaited between two chunks. */
  readonly pause?: ((bytes: number) => Promise<void>) | undefined
}

/** Why a scan ended before `to`. */
export interface ScanStop {
  readonly position: number
  readonly problem: string
}

/**
 * Calls `visit` with each batch: the buffer and position in it, valid only during the call, and the
 * position in the file. `visit` may return a problem to end the scan before that batch.
 */
export async function scanBatches(
  file: LazyFile,
  range: ScanRange,
  visit: (b: Buffer, p: number, filePosition: number) => string | undefined | void,
): Promise<ScanStop | undefined> {
  const open = file.pin()
  try {
    let position = range.from
    const chunkBytes = range.chunkBytes ?? CHUNK_BYTES
    let wanted = chunkBytes
    let spare: Buffer | undefined
    while (position < range.to) {
      const length = Math.min(wanted, range.to - position)
      const chunk = spare !== undefined && spare.length >= length ? spare : allocate(length)
      spare = chunk
      const filled =
        range.blocks === true
          ? open.readSync(chunk, 0, length, position)
          : await open.read(chunk, 0, length, position)
      if (filled === 0) return { position, problem: 'the file ends early' }
      const walked = walk(chunk.subarray(0, filled), position, range, visit)
      if (typeof walked !== 'number') return walked
      position += walked
      wanted = walked === 0 ? Math.max(chunkBytes, neededBytes(chunk)) : chunkBytes
      if (walked === 0 && (wanted <= filled || filled < length)) {
        return { position, problem: 'the batch is incomplete' }
      }
      await range.pause?.(walked)
    }
    return undefined
  } finally {
    file.unpin()
  }
}

function allocate(length: number): Buffer {
  return Buffer.allocUnsafeSlow(length)
}

/** Bytes of the batch at the start of the chunk, as its header says. */
function neededBytes(chunk: Buffer): number {
  return batch.sizeInBytes(chunk, 0)
}

/** Bytes of the whole batches in the chunk, or why the scan ends. */
function walk(
  chunk: Buffer,
  chunkPosition: number,
  range: ScanRange,
  visit: (b: Buffer, p: number, filePosition: number) => string | undefined | void,
): number | ScanStop {
  let p = 0
  while (p + batch.LOG_OVERHEAD <= chunk.length) {
    const position = chunkPosition + p
    const size = batch.sizeInBytes(chunk, p)
    if (size < MIN_ENTRY_BYTES) return { position, problem: `size ${size} is too small` }
    if (position + size > range.to) return { position, problem: 'the batch is incomplete' }
    if (p + size > chunk.length) return p
    const problem =
      (range.verify ? batchProblem(chunk, p) : magicProblem(chunk, p)) ?? visit(chunk, p, position)
    if (typeof problem === 'string') return { position, problem }
    p += size
  }
  const atEnd = chunkPosition + chunk.length === range.to
  if (p < chunk.length && atEnd && p + batch.LOG_OVERHEAD > chunk.length) {
    return { position: chunkPosition + p, problem: 'the batch is incomplete' }
  }
  return p
}

function magicProblem(b: Buffer, p: number): string | undefined {
  const magic = batch.magic(b, p)
  if (magic < 0 || magic > batch.CURRENT_MAGIC) return `unknown magic ${magic}`
  if (magic === batch.CURRENT_MAGIC && batch.sizeInBytes(b, p) < batch.RECORD_BATCH_OVERHEAD) {
    return `size ${batch.sizeInBytes(b, p)} is too small`
  }
  return undefined
}

/** What is wrong with the complete batch at `p`; undefined when its checksum holds. */
export function batchProblem(b: Buffer, p: number): string | undefined {
  const problem = magicProblem(b, p)
  if (problem !== undefined) return problem
  const legacy = batch.magic(b, p) !== batch.CURRENT_MAGIC
  const valid = legacy ? isLegacyCrcValid(b, p) : batch.isCrcValid(b, p)
  if (!valid) return 'the checksum does not match'
  if (!legacy && batch.lastOffsetDelta(b, p) < 0) return 'the last offset is before the first'
  return undefined
}

/** Newest timestamp of a batch of any magic, -1 without one. */
export function newestTimestampOf(b: Buffer, p: number): number {
  const magic = batch.magic(b, p)
  if (magic === batch.CURRENT_MAGIC) return batch.maxTimestamp(b, p)
  return magic === 1 ? readInt64(b, p + LEGACY_TIMESTAMP) : -1
}
