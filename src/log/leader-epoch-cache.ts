// From which offset on each leader epoch wrote. Entries ascend in both epoch and start offset.
// Followers truncate by it, never by the high watermark (KIP-101).
import type { EpochEntry } from './checkpoint-file.ts'
import type { EpochEnd } from './log-types.ts'

export const UNDEFINED_EPOCH = -1
export const UNDEFINED_OFFSET = -1

const UNDEFINED_END: EpochEnd = { epoch: UNDEFINED_EPOCH, endOffset: UNDEFINED_OFFSET }

export class LeaderEpochCache {
  #entries: EpochEntry[]
  /** Counts changes: whoever writes the checkpoint compares it with what it last wrote. */
  version = 0

  constructor(entries: readonly EpochEntry[] = []) {
    this.#entries = []
    for (const { epoch, startOffset } of entries) this.assign(epoch, startOffset)
    this.version = 0
  }

  get entries(): readonly EpochEntry[] {
    return this.#entries
  }

  get latestEpoch(): number {
    return this.#entries.at(-1)?.epoch ?? UNDEFINED_EPOCH
  }

  /** Records that `epoch` writes from `startOffset`; entries that contradict it go. */
  assign(epoch: number, startOffset: number): void {
    const last = this.#entries.at(-1)
    if (last !== undefined && last.epoch === epoch && startOffset >= last.startOffset) return
    while (this.#entries.length > 0) {
      const end = this.#entries.at(-1)
      if (end === undefined || (end.epoch < epoch && end.startOffset < startOffset)) break
      this.#entries.pop()
    }
    this.#entries.push({ epoch, startOffset })
    this.version += 1
  }

  /** The answer to OffsetForLeaderEpoch: the largest epoch up to the wanted one, and its end. */
  endOffsetFor(epoch: number, logEndOffset: number): EpochEnd {
    if (epoch === UNDEFINED_EPOCH) return UNDEFINED_END
    if (epoch === this.latestEpoch) return { epoch, endOffset: logEndOffset }
    const higher = this.#entries.findIndex((entry) => entry.epoch > epoch)
    const next = this.#entries[higher]
    if (next === undefined) return UNDEFINED_END
    const floor = this.#entries[higher - 1]
    return { epoch: floor?.epoch ?? epoch, endOffset: next.startOffset }
  }

  /** Epoch of the record at `offset`; -1 when the log knows none. */
  epochForOffset(offset: number): number {
    for (let index = this.#entries.length - 1; index >= 0; index -= 1) {
      const entry = this.#entries[index]
      if (entry !== undefined && entry.startOffset <= offset) return entry.epoch
    }
    return UNDEFINED_EPOCH
  }

  truncateFromEnd(endOffset: number): void {
    while ((this.#entries.at(-1)?.startOffset ?? -1) >= endOffset) {
      this.#entries.pop()
      this.version += 1
    }
  }

  /** Forgets epochs that ended at or before `startOffset`; the one that holds it begins there. */
  truncateFromStart(startOffset: number): void {
    let kept = -1
    for (const [index, entry] of this.#entries.entries()) {
      if (entry.startOffset <= startOffset) kept = index
    }
    const first = this.#entries[kept]
    if (first === undefined || (kept === 0 && first.startOffset === startOffset)) return
    this.#entries.splice(0, kept + 1, { epoch: first.epoch, startOffset })
    this.version += 1
  }

  clear(): void {
    if (this.#entries.length === 0) return
    this.#entries = []
    this.version += 1
  }
}
