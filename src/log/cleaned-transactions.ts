// Follows the transactions while a log is read for compaction: which batches were aborted and go,
// and which markers still have records of their transaction in front of them and stay.
import * as batch from '../wire/records/batch.ts'
import { ControlType, readControl } from '../wire/records/control-batch.ts'
import type { AbortedEntry } from './transaction-index.ts'

const FIELDS = 4

/** Aborted transactions by first offset, in memory that threads share. */
export function packAborted(entries: readonly AbortedEntry[]): Float64Array {
  const packed = new Float64Array(new SharedArrayBuffer(entries.length * FIELDS * 8))
  const byFirst = entries.toSorted((a, b) => a.firstOffset - b.firstOffset)
  for (const [index, entry] of byFirst.entries()) {
    const { producerId, firstOffset, lastOffset, lastStableOffset } = entry
    packed.set([producerId, firstOffset, lastOffset, lastStableOffset], index * FIELDS)
  }
  return packed
}

/** Where the walk has come to: a transaction may begin in one run of segments and end in another. */
export interface TransactionsProgress {
  readonly next: number
  readonly openAborted: readonly OpenAborted[]
  readonly openCommitted: readonly number[]
}

interface OpenAborted {
  readonly entry: AbortedEntry
  /** A batch of it was met: its marker must stay. */
  seen: boolean
}

export class CleanedTransactions {
  readonly #aborted: Float64Array
  #next: number
  readonly #openAborted: Map<number, OpenAborted>
  readonly #openCommitted: Set<number>
  /** The aborted transactions whose marker stayed. */
  readonly kept: AbortedEntry[] = []

  constructor(aborted: Float64Array, from?: TransactionsProgress) {
    this.#aborted = aborted
    this.#next = from?.next ?? 0
    const open = from?.openAborted ?? []
    this.#openAborted = new Map(open.map((one) => [one.entry.producerId, one]))
    this.#openCommitted = new Set(from?.openCommitted)
  }

  get progress(): TransactionsProgress {
    return {
      next: this.#next,
      openAborted: [...this.#openAborted.values()],
      openCommitted: [...this.#openCommitted],
    }
  }

  /** Whether the batch is of no more use: an aborted one, or a marker without its transaction. */
  isObsolete(b: Buffer, p: number): boolean {
    if (!batch.isTransactional(b, p)) return false
    this.#openUpTo(batch.lastOffset(b, p))
    return batch.isControl(b, p) ? this.#isObsoleteMarker(b, p) : this.#isAborted(b, p)
  }

  #isAborted(b: Buffer, p: number): boolean {
    const producerId = batch.producerId(b, p)
    const open = this.#openAborted.get(producerId)
    if (open === undefined) {
      this.#openCommitted.add(producerId)
      return false
    }
    open.seen = true
    return true
  }

  #isObsoleteMarker(b: Buffer, p: number): boolean {
    const producerId = batch.producerId(b, p)
    const type = readControl(b, p)?.type
    if (type === ControlType.commit) return !this.#openCommitted.delete(producerId)
    if (type !== ControlType.abort) return false
    const open = this.#openAborted.get(producerId)
    this.#openAborted.delete(producerId)
    if (open === undefined || !open.seen) return true
    this.kept.push(open.entry)
    return false
  }

  #openUpTo(offset: number): void {
    const aborted = this.#aborted
    for (let at = this.#next * FIELDS; at < aborted.length; at += FIELDS) {
      const [producerId = 0, firstOffset = 0, lastOffset = 0, lastStableOffset = 0] =
        aborted.subarray(at, at + FIELDS)
      if (firstOffset > offset) return
      const entry = { producerId, firstOffset, lastOffset, lastStableOffset }
      this.#openAborted.set(producerId, { entry, seen: false })
      this.#next += 1
    }
  }
}
