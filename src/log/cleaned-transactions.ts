// Follows the transactions while a log is read for compaction: which batches were aborted and go,
// and which markers still have records of their transaction in front of them and stay.
import * as batch from '../wire/records/batch.ts'
import { ControlType, readControl } from '../wire/records/control-batch.ts'
import type { AbortedEntry } from './transaction-index.ts'

interface OpenAborted {
  readonly entry: AbortedEntry
  /** A batch of it was met: its marker must stay. */
  seen: boolean
}

export class CleanedTransactions {
  /** By first offset. */
  readonly #aborted: readonly AbortedEntry[]
  #next = 0
  readonly #openAborted = new Map<number, OpenAborted>()
  readonly #openCommitted = new Set<number>()
  #kept: AbortedEntry[] = []

  constructor(aborted: readonly AbortedEntry[]) {
    this.#aborted = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset)
  }

  /** The aborted transactions whose marker stayed, since the last call. */
  takeKept(): AbortedEntry[] {
    const kept = this.#kept
    this.#kept = []
    return kept
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
    this.#kept.push(open.entry)
    return false
  }

  #openUpTo(offset: number): void {
    for (;;) {
      const entry = this.#aborted[this.#next]
      if (entry === undefined || entry.firstOffset > offset) return
      this.#openAborted.set(entry.producerId, { entry, seen: false })
      this.#next += 1
    }
  }
}
