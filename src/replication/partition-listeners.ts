// Who wants to know what of one partition: readers that wait for more, coordinators for the high
// watermark, deletions for the low watermark.

/** Waits on a partition for more to read, or for anything that changes the answer. */
export interface PartitionReader {
  /** Sees all that is written, as followers do; else up to the high watermark. */
  readonly seesLogEnd: boolean
  /** `bytes`, at most, have become readable. */
  onReadable(bytes: number): void
  /** Leadership, epoch or availability changed: the answer may be an error now. */
  onStateChange(): void
}

/** Given to listeners of the high watermark when the partition is no longer led here. */
export const NO_LONGER_LEADER = -1

export class PartitionListeners {
  readonly #readers = new Set<PartitionReader>()
  readonly #highWatermark = new Set<(offset: number) => void>()
  readonly #lowWatermark = new Set<() => void>()
  /** Bytes appended since readers of the log end, and of committed records, were woken. */
  #unseenByLogEnd = 0
  #unseenByHighWatermark = 0

  addReader(reader: PartitionReader): void {
    this.#readers.add(reader)
  }

  removeReader(reader: PartitionReader): void {
    this.#readers.delete(reader)
  }

  onHighWatermark(listener: (offset: number) => void): () => void {
    this.#highWatermark.add(listener)
    return () => this.#highWatermark.delete(listener)
  }

  onLowWatermark(listener: () => void): () => void {
    this.#lowWatermark.add(listener)
    return () => this.#lowWatermark.delete(listener)
  }

  appended(bytes: number): void {
    this.#unseenByLogEnd += bytes
    this.#unseenByHighWatermark += bytes
  }

  written(): void {
    const bytes = this.#unseenByLogEnd
    this.#unseenByLogEnd = 0
    for (const reader of this.#readers) if (reader.seesLogEnd) reader.onReadable(bytes)
  }

  /** `isEnd`: nothing that was appended lies beyond the high watermark. */
  committed(isEnd: boolean): void {
    const bytes = this.#unseenByHighWatermark
    // While something lies beyond, nobody knows how much of it was counted: count it again.
    if (isEnd) this.#unseenByHighWatermark = 0
    for (const reader of this.#readers) if (!reader.seesLogEnd) reader.onReadable(bytes)
  }

  stateChanged(): void {
    for (const reader of this.#readers) reader.onStateChange()
  }

  highWatermarkMoved(offset: number): void {
    for (const listener of this.#highWatermark) listener(offset)
  }

  resigned(): void {
    this.highWatermarkMoved(NO_LONGER_LEADER)
    this.#highWatermark.clear()
    this.lowWatermarkMoved()
  }

  lowWatermarkMoved(): void {
    for (const listener of this.#lowWatermark) listener()
  }
}
