// The records that a consumer sees in what a fetch brought: from its position on, without markers,
// and without aborted transactions when it reads only what is committed.
import {
  LOG_OVERHEAD,
  isComplete,
  isControl,
  isCrcValid,
  isTransactional,
  lastOffset,
  magic,
  producerId,
  sizeInBytes,
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

export interface FetchedRecords {
  readonly records: DecodedRecord[]
  /** Where to go on: after everything that was read, hidden batches included. */
  readonly nextOffset: number
}

const MAGIC_2 = 2
/** Up to here, magic and all, a batch of any format can be told apart. */
const MAGIC_END = 17

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
  const records: DecodedRecord[] = []
  const hidden = new AbortedProducers(aborted ?? [])
  let nextOffset = fromOffset
  let position = 0
  while (buffer.length - position >= MAGIC_END && isComplete(buffer, position)) {
    if (magic(buffer, position) < MAGIC_2) {
      const end = position + LOG_OVERHEAD + buffer.readInt32BE(position + 8)
      const old = readLegacyRecords(buffer.subarray(position, end))
      records.push(...old.filter(({ offset }) => offset >= fromOffset))
      nextOffset = Math.max(nextOffset, (old.at(-1)?.offset ?? -1) + 1)
      position = end
      continue
    }
    if (!isCrcValid(buffer, position)) throw new Error('a fetched batch has the wrong checksum')
    if (!hidden.hides(buffer, position)) {
      for (const record of readRecords(buffer, position)) {
        if (record.offset >= fromOffset) records.push(record)
      }
    }
    nextOffset = Math.max(nextOffset, lastOffset(buffer, position) + 1)
    position += sizeInBytes(buffer, position)
  }
  return { records, nextOffset }
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
