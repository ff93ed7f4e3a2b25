// Reads from log files. A read begins at a position that an index, or the read before, has named,
// walks to the batch wanted, and gives whole batches only. It never looks beyond what the log's
// writer has made readable, so that half a batch is never seen (KAFKA-9835).
import * as batch from '../wire/records/batch.ts'
import { batchProblem, newestTimestampOf } from './batch-scan.ts'
import type { ReadOptions, ReadResult } from './log-types.ts'
import type { ReadMemory } from './read-memory.ts'
import type { NewestTimestamp, Segment } from './segment.ts'
import type { SegmentList } from './segment-list.ts'
import { lastOffsetOf, sliceBatches } from './tail-cache.ts'

/** Read on top of what was asked for: what an index entry lies before its batch, at most. */
const LEAD_BYTES = 8 * 1024
const MIN_READ_BYTES = 32 * 1024

export const EMPTY_READ: ReadResult = { error: 0, segments: [], sizeBytes: 0 }

/** A log file that does not hold what its index, its sizes or its checksums say. */
export class CorruptLogError extends Error {
  readonly segment: Segment

  constructor(segment: Segment, position: number, what: string) {
    super(`${segment.files.log} at byte ${position}: ${what}`)
    this.segment = segment
  }
}

export interface FileRead {
  readonly result: ReadResult
  /** Where to go on after the last batch given; undefined when nothing was given. */
  readonly next: (StartPoint & { readonly offset: number }) | undefined
}

export interface StartPoint {
  readonly segment: Segment
  readonly position: number
}

const NOTHING: FileRead = { result: EMPTY_READ, next: undefined }

export interface FileReadOptions extends ReadOptions {
  readonly memory: ReadMemory
  readonly maxOffset: number
  /** Every batch that is readable ends before it. */
  readonly endOffset: number
}

export async function readFromFiles(
  segments: SegmentList,
  options: FileReadOptions,
  start: StartPoint | undefined,
): Promise<FileRead> {
  let index = segments.floorIndex(options.fetchOffset)
  for (let segment = segments.at(index); segment !== undefined; segment = segments.at(index)) {
    if (segment.baseOffset >= options.maxOffset) return NOTHING
    const known = start?.segment === segment ? start.position : undefined
    const read = await readFromSegment(segment, options, known)
    if (read !== undefined) return read
    // The offsets wanted were compacted away at the end of this segment.
    index = segments.floorIndex(segment.baseOffset) + 1
  }
  return NOTHING
}

/** Undefined when the segment has no batch at or after the offset. */
async function readFromSegment(
  segment: Segment,
  options: FileReadOptions,
  known: number | undefined,
): Promise<FileRead | undefined> {
  const end = segment.readableBytes
  let position = known ?? segmentPosition(segment, options.fetchOffset)
  const order = { next: known === undefined ? segment.baseOffset : options.fetchOffset, ...options }
  const wanted = Math.max(options.maxBytes, MIN_READ_BYTES) + (known === undefined ? LEAD_BYTES : 0)
  while (position < end) {
    const length = Math.min(wanted, end - position)
    const lent = options.memory.take(length)
    let chunk = await readChunk(segment, position, lent.subarray(0, length))
    if (known === undefined) checkBoundary(segment, position, chunk)
    if (position < segment.uncheckedBytes) chunk = inOrder(segment, position, chunk, order)
    const found = sliceBatches(chunk, 0, options.fetchOffset, options.maxOffset, options)
    if (found.bytes.length > 0)
      return given(segment, position + found.end, { batches: found.bytes, lent }, options)
    options.memory.giveBack(lent)
    if (found.full) return NOTHING
    position += found.end
    const size = sizeAt(segment, chunk, found.end, position)
    if (position + size > end || (size === 0 && found.end === 0)) {
      throw corrupt(segment, position, 'an incomplete batch')
    }
    if (size > wanted) return await readLargeBatch(segment, position, size, options)
  }
  return undefined
}

/** A batch that is larger than a chunk. */
async function readLargeBatch(
  segment: Segment,
  position: number,
  size: number,
  options: FileReadOptions,
): Promise<FileRead | undefined> {
  const lent = options.memory.take(size)
  const bytes = await readChunk(segment, position, lent.subarray(0, size))
  if (lastOffsetOf(bytes, 0) < options.fetchOffset) {
    return await readFromSegment(segment, options, position + size)
  }
  const allowed = options.minOneBatch && lastOffsetOf(bytes, 0) < options.maxOffset
  if (!allowed) return NOTHING
  return given(segment, position + size, { batches: bytes, lent }, options)
}

/** `end`: position after the batches. Those that were found on disk are checked. */
function given(
  segment: Segment,
  end: number,
  { batches, lent }: { readonly batches: Buffer; readonly lent: Buffer },
  { givesDamaged }: FileReadOptions,
): FileRead {
  const position = end - batches.length
  const isTrusted = position >= segment.uncheckedBytes || givesDamaged === true
  const sound = isTrusted ? batches : soundPart(segment, position, batches)
  const result = { error: 0, segments: [sound], sizeBytes: sound.length, lent }
  const next = { segment, position: position + sound.length, offset: nextOffset(sound) }
  return { result, next }
}

/** The batches before the first damaged one; throws when that is the first. */
function soundPart(segment: Segment, position: number, batches: Buffer): Buffer {
  for (let p = 0; p < batches.length; p += batch.sizeInBytes(batches, p)) {
    const problem = batchProblem(batches, p)
    if (problem === undefined) continue
    if (p === 0) throw corrupt(segment, position, problem)
    return batches.subarray(0, p)
  }
  return batches
}

/**
 * The part of a chunk in which offsets ascend and stay below the end: no checksum covers them.
 * Throws when they do not from the beginning.
 */
function inOrder(
  segment: Segment,
  position: number,
  chunk: Buffer,
  order: { next: number; readonly endOffset: number },
): Buffer {
  for (let p = 0; batch.isComplete(chunk, p); p += batch.sizeInBytes(chunk, p)) {
    const last = lastOffsetOf(chunk, p)
    const isInOrder = last >= order.next && last < order.endOffset
    const isWhole =
      batch.magic(chunk, p) !== batch.CURRENT_MAGIC || batch.baseOffset(chunk, p) <= last
    if (!isInOrder || !isWhole) {
      if (p === 0) throw corrupt(segment, position, `the offset ${last} is out of order`)
      return chunk.subarray(0, p)
    }
    order.next = last + 1
  }
  return chunk
}

/** An index entry that is wrong leads into the middle of a batch. */
function checkBoundary(segment: Segment, position: number, chunk: Buffer): void {
  if (position === 0 || chunk.length < batch.RECORD_BATCH_OVERHEAD) return
  const magic = batch.magic(chunk, 0)
  const first = batch.baseOffset(chunk, 0)
  const isPlausible = magic >= 0 && magic <= batch.CURRENT_MAGIC && first >= segment.baseOffset
  if (!isPlausible || lastOffsetOf(chunk, 0) > segment.baseOffset + 2 ** 31) {
    throw corrupt(segment, position, 'no batch begins here')
  }
}

/** The offset after the last of the whole batches in `bytes`. */
function nextOffset(bytes: Buffer): number {
  let last = 0
  for (let p = 0; p < bytes.length; p += batch.sizeInBytes(bytes, p)) last = p
  return lastOffsetOf(bytes, last) + 1
}

/** Size of the batch at `p`, 0 when its header is not in the chunk. */
function sizeAt(segment: Segment, chunk: Buffer, p: number, position: number): number {
  if (p + batch.LOG_OVERHEAD > chunk.length) return 0
  const size = batch.sizeInBytes(chunk, p)
  if (size <= batch.LOG_OVERHEAD) throw corrupt(segment, position, `a batch of ${size} bytes`)
  return size
}

function corrupt(segment: Segment, position: number, what: string): CorruptLogError {
  return new CorruptLogError(segment, position, what)
}

/** Fills `chunk` from the log file. */
async function readChunk(segment: Segment, position: number, chunk: Buffer): Promise<Buffer> {
  const { length } = chunk
  const file = segment.log.pin()
  try {
    const filled = await file.read(chunk, 0, length, position)
    if (filled < length) throw corrupt(segment, position + filled, 'the file ends early')
  } finally {
    segment.log.unpin()
  }
  return chunk
}

function segmentPosition(segment: Segment, offset: number): number {
  return segment.index.load(segment.sizeBytes).offset.positionFor(offset)
}

export interface FoundBatch {
  /** Undefined when no batch is wanted. */
  readonly bytes: Buffer | undefined
  /** Of the batch, or of the end of the last whole one. */
  readonly position: number
  /** Newest among the batches passed before it. */
  readonly newestBefore: NewestTimestamp
}

/** The first batch in `segment` for which `wanted` holds, looked for from `from` on. */
export async function findBatch(
  segment: Segment,
  from: number,
  wanted: (b: Buffer, p: number) => boolean,
): Promise<FoundBatch> {
  const end = segment.readableBytes
  let position = from
  let length = MIN_READ_BYTES
  const newest = { timestamp: -1, offset: segment.baseOffset }
  while (position < end) {
    const room = Buffer.allocUnsafeSlow(Math.min(length, end - position))
    const chunk = await readChunk(segment, position, room)
    let p = 0
    while (batch.isComplete(chunk, p)) {
      if (wanted(chunk, p)) {
        const bytes = chunk.subarray(p, p + batch.sizeInBytes(chunk, p))
        const { timestamp, offset } = newest
        return { bytes, position: position + p, newestBefore: { timestamp, offset } }
      }
      const timestamp = newestTimestampOf(chunk, p)
      if (timestamp > newest.timestamp) {
        newest.timestamp = timestamp
        newest.offset = lastOffsetOf(chunk, p)
      }
      p += batch.sizeInBytes(chunk, p)
    }
    const size = sizeAt(segment, chunk, p, position + p)
    position += p
    if (p === 0 && position + Math.max(size, chunk.length + 1) > end) break
    length = Math.max(MIN_READ_BYTES, size)
  }
  return { bytes: undefined, position, newestBefore: newest }
}
