// Appends of one partition that wait for an offset to be reached, in the order of their offsets.
// Hot: one entry per batch; an entry whose operation has ended meanwhile is dropped when it comes
// to the front, or with all of its like when they are the majority.
//
//   | dropped   | waiting, lastOffset rising |
//              ^ #head                        ^ #entries.length

/** One appended batch that somebody waits for. */
export interface AppendWait {
  /** Reached when everything up to and including this offset is. */
  readonly lastOffset: number
  /** Answered already, by time or by the loss of the partition. */
  readonly isOver: boolean
  complete(error: number): void
}

const COMPACT_FROM = 256

export class WaitQueue {
  #entries: AppendWait[] = []
  #head = 0
  #over = 0

  get size(): number {
    return this.#entries.length - this.#head
  }

  push(wait: AppendWait): void {
    this.#entries.push(wait)
  }

  /** Completes with `error` those whose records all lie below `endOffset`. */
  release(endOffset: number, error: number): void {
    while (this.#head < this.#entries.length) {
      const wait = this.#entries[this.#head]
      if (wait === undefined) break
      if (!wait.isOver) {
        if (wait.lastOffset >= endOffset) break
        this.#head += 1
        wait.complete(error)
      } else {
        this.#head += 1
        this.#over = Math.max(0, this.#over - 1)
      }
    }
    this.#compact()
  }

  /** Completes all with `error`: the partition is lost. */
  fail(error: number): void {
    const entries = this.#entries
    const head = this.#head
    this.#entries = []
    this.#head = 0
    this.#over = 0
    for (let index = head; index < entries.length; index += 1) {
      const wait = entries[index]
      if (wait !== undefined && !wait.isOver) wait.complete(error)
    }
  }

  /** An entry is over before its turn. */
  onOver(): void {
    this.#over += 1
    if (this.#over < COMPACT_FROM || this.#over * 2 < this.size) return
    this.#entries = this.#entries.slice(this.#head).filter((wait) => !wait.isOver)
    this.#head = 0
    this.#over = 0
  }

  #compact(): void {
    if (this.#head === this.#entries.length) {
      this.#entries.length = 0
      this.#head = 0
    } else if (this.#head >= COMPACT_FROM && this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head)
      this.#head = 0
    }
  }
}
