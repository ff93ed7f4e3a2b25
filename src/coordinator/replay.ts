// Replays a chunk of a log into a machine. Hot (a million offsets load in about a second): records
// are walked in place; what cannot be read is skipped with its offset, and the rest goes on.
import {
  baseOffset,
  compressionOf,
  isComplete,
  isControl,
  isCrcValid,
  isTransactional,
  lastOffset,
  magic,
  producerEpoch,
  producerId,
  RECORD_BATCH_OVERHEAD,
  recordCount,
  sizeInBytes,
} from '../wire/records/batch.ts'
import { Compression } from '../wire/records/compression.ts'
import { ControlType, readControl } from '../wire/records/control-batch.ts'
import { recordSection } from '../wire/records/read-records.ts'
import { RecordCursor } from '../wire/records/record-cursor.ts'
import type { Producer } from './state-machine.ts'

/** A record's key and value within `buffer`; a length of -1 is null. */
export interface RecordView {
  readonly buffer: Buffer
  readonly keyPosition: number
  readonly keyLength: number
  readonly valuePosition: number
  readonly valueLength: number
}

export type RecordDecoder<Event> = (record: RecordView) => Event | undefined

/** The part of a machine that replay drives. */
export interface ReplayTarget<Event> {
  apply(event: Event, offset: number, producer: Producer | undefined): void
  completeTransaction(producerId: number, committed: boolean): void
}

type OnSkipped = (offset: number, reason: string) => void

/** Replays records from `fromOffset` on and returns the offset after the chunk's last batch. */
export function replayChunk<Event>(
  chunk: Buffer,
  fromOffset: number,
  target: ReplayTarget<Event>,
  decode: RecordDecoder<Event>,
  onSkipped: OnSkipped,
): number {
  const replay = { chunk, fromOffset, target, decode, onSkipped, cursor: new RecordCursor() }
  let position = 0
  let next = fromOffset
  while (isComplete(chunk, position)) {
    const size = sizeInBytes(chunk, position)
    const readable = size >= RECORD_BATCH_OVERHEAD && magic(chunk, position) === 2
    const last = readable ? lastOffset(chunk, position) : baseOffset(chunk, position)
    if (!readable) onSkipped(last, 'its message format is not supported here')
    else if (last >= fromOffset) replayBatch(replay, position)
    next = Math.max(next, last + 1)
    position += size
  }
  return next
}

/** One run of `replayChunk`. */
interface Replay<Event> {
  readonly chunk: Buffer
  readonly fromOffset: number
  readonly target: ReplayTarget<Event>
  readonly decode: RecordDecoder<Event>
  readonly onSkipped: OnSkipped
  readonly cursor: RecordCursor
}

function replayBatch<Event>(replay: Replay<Event>, position: number): void {
  const { chunk, fromOffset, cursor, onSkipped } = replay
  const first = baseOffset(chunk, position)
  try {
    assertIntact(chunk, position)
    if (isControl(chunk, position)) {
      replayControl(chunk, position, replay.target)
      return
    }
    openRecords(cursor, chunk, position)
  } catch (error) {
    onSkipped(first, reasonOf(error))
    return
  }
  const producer = isTransactional(chunk, position)
    ? { id: producerId(chunk, position), epoch: producerEpoch(chunk, position) }
    : undefined
  const count = recordCount(chunk, position)
  let offset = first
  for (let index = 0; index < count; index++) {
    try {
      cursor.next()
    } catch (error) {
      // Where the next record starts is unknown: the rest of the batch is lost with it.
      onSkipped(offset, reasonOf(error))
      return
    }
    offset = first + cursor.offsetDelta
    if (offset >= fromOffset) replayRecord(replay, offset, producer)
    offset++
  }
}

/** A flipped bit would read as an offset that nobody has committed; better an older one. */
function assertIntact(chunk: Buffer, position: number): void {
  if (!isCrcValid(chunk, position)) throw new Error('the checksum of its batch is wrong')
}

function openRecords(cursor: RecordCursor, chunk: Buffer, position: number): void {
  if (compressionOf(chunk, position) === Compression.none) {
    cursor.open(chunk, position + RECORD_BATCH_OVERHEAD, position + sizeInBytes(chunk, position))
    return
  }
  const section = recordSection(chunk, position)
  cursor.open(section, 0, section.length)
}

function replayRecord<Event>(
  { cursor, target, decode, onSkipped }: Replay<Event>,
  offset: number,
  producer: Producer | undefined,
): void {
  try {
    const event = decode(cursor)
    if (event !== undefined) target.apply(event, offset, producer)
  } catch (error) {
    onSkipped(offset, reasonOf(error))
  }
}

function replayControl<Event>(chunk: Buffer, position: number, target: ReplayTarget<Event>): void {
  const control = readControl(chunk, position)
  if (control === undefined) return
  if (control.type !== ControlType.commit && control.type !== ControlType.abort) return
  const committed = control.type === ControlType.commit
  target.completeTransaction(producerId(chunk, position), committed)
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
