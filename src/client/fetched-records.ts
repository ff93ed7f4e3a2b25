// The records that a consumer sees in what a fetch brought: from its position on, without markers,
// and without aborted transactions when it reads only what is committed.
import {
  LOG_OVERHEAD,
  TimestampType,
  isComplete,
  isControl,
  isCrcValid,
  isTransactional,
  lastOffset,
  magic,
  producerId,
  sizeInBytes,
  timestampType,
} from '../wire/records/batch.ts'
import { ControlType, readControl } from '../wire/records/control-batch.ts'
import { readLegacyRecords } from '../wire/records/legacy.ts'
import { readRecords } from '../wire/records/read-records.ts'
import type { DecodedRecord } from '../wire/records/read-records.ts'

/** A transaction that was aborted, and where it began. */
export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

/** A record, and who set its timestamp. */
export interface FetchedRecord extends DecodedRecord {
  readonly timestampType: TimestampKind
}

/** Names as tools print them. Messages of magic 0 have no time. */
export type TimestampKind = 'CreateTime' | 'LogAppendTime' | 'NoTimestampType'

export interface FetchedRecords {
  readonly records: FetchedRecord[]
  /** Where to go on: after everything that was read, hidden batches included. */
  readonly nextOffset: number
}

const MAGIC_2 = 2
/** Up to here, magic and all, a batch of any format can be told apart. */
const MAGIC_END = 17
/** In the attributes of a message of magic 1, which follow its magic. */
const LEGACY_APPEND_TIME = 0x08

/**
 * Reads whole batches; a last one that is cut off is left for the next fetch. `aborted` is what the
 * broker lists for reading committed records; null for reading all. Throws for a batch whose
 * checksum is wrong.
 */
export function recordsFrom(
  buffer: Buffer,
  fromOffset: number,
  aborted: readonly AbortedTransaction[] | null,
): FetchedRecords {
  const records: FetchedRecord[] = []
  const hidden = new AbortedProducers(aborted ?? [])
  let nextOffset = fromOffset
  let position = 0
  while (buffer.length - position > MAGIC_END && isComplete(buffer, position)) {
    if (magic(buffer, position) < MAGIC_2) {
      const end = position + LOG_OVERHEAD + buffer.readInt32BE(position + 8)
      const old = readLegacyRecords(buffer.subarray(position, end))
      append(records, old, fromOffset, timestampKind(buffer, position))
      nextOffset = Math.max(nextOffset, (old.at(-1)?.offset ?? -1) + 1)
      position = end
      continue
    }
    if (!isCrcValid(buffer, position)) throw new Error('a fetched batch has the wrong checksum')
    if (!hidden.hides(buffer, position)) {
      append(records, readRecords(buffer, position), fromOffset, timestampKind(buffer, position))
    }
    nextOffset = Math.max(nextOffset, lastOffset(buffer, position) + 1)
    position += sizeInBytes(buffer, position)
  }
  return { records, nextOffset }
}

function append(
  records: FetchedRecord[],
  decoded: readonly DecodedRecord[],
  fromOffset: number,
  timestampType: TimestampKind,
): void {
  for (const { offset, timestamp, key, value, headers } of decoded) {
    if (offset < fromOffset) continue
    records.push({ offset, timestamp, key, value, headers, timestampType })
  }
}

function timestampKind(buffer: Buffer, position: number): TimestampKind {
  const format = magic(buffer, position)
  if (format === 0) return 'NoTimestampType'
  if (format < MAGIC_2) {
    const isAppendTime = (buffer.readUInt8(position + MAGIC_END) & LEGACY_APPEND_TIME) !== 0
    return isAppendTime ? 'LogAppendTime' : 'CreateTime'
  }
  const isAppendTime = timestampType(buffer, position) === TimestampType.logAppendTime
  return isAppendTime ? 'LogAppendTime' : 'CreateTime'
}

/** Producers inside an aborted transaction, while batches go by in the order of offsets. */
class AbortedProducers {
  readonly #aborted: AbortedTransaction[]
  readonly #inside = new Set<number>()

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#aborted = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  }

  /** Whether the batch at `position` is none of the reader's business. */
  hides(buffer: Buffer, position: number): boolean {
    const last = lastOffset(buffer, position)
    for (;;) {
      const [next] = this.#aborted
      if (next === undefined || next.firstOffset > last) break
      this.#inside.add(next.producerId)
      this.#aborted.shift()
    }
    if (isControl(buffer, position)) {
      const isAbort = readControl(buffer, position)?.type === ControlType.abort
      if (isAbort) this.#inside.delete(producerId(buffer, position))
      return true
    }
    return isTransactional(buffer, position) && this.#inside.has(producerId(buffer, position))
  }
}
