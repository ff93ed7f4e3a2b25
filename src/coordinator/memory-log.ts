// A replicated log in memory, for tests: the high watermark follows appends, or is held back, and
// appends can be refused. It survives coordinators, so that one can be replaced by the next.
import { Errors } from '../wire/errors.ts'
import {
  baseOffset,
  lastOffset,
  lastOffsetDelta,
  sizeInBytes,
  writeBaseOffset,
  writeLeaderEpoch,
} from '../wire/records/batch.ts'
import type { AppendOutcome, ReplicatedLog } from './replicated-log.ts'

export class MemoryLog implements ReplicatedLog {
  readonly logStartOffset = 0
  logEndOffset = 0
  highWatermark = 0
  /** What appends answer; 0: they succeed. */
  refusal: number = Errors.NONE
  readonly #batches: Buffer[] = []
  readonly #listeners = new Set<(highWatermark: number) => void>()
  #isHeld = false

  get batches(): readonly Buffer[] {
    return this.#batches
  }

  /** A log that holds these batches already. */
  static of(bytes: Buffer): MemoryLog {
    const log = new MemoryLog()
    for (let position = 0; position < bytes.length;) {
      const size = sizeInBytes(bytes, position)
      const batch = bytes.subarray(position, position + size)
      log.#batches.push(batch)
      log.logEndOffset = lastOffset(batch, 0) + 1
      position += size
    }
    log.highWatermark = log.logEndOffset
    return log
  }

  append(records: Buffer): AppendOutcome {
    if (this.refusal !== 0) return { error: this.refusal, lastOffset: -1 }
    const batch = Buffer.from(records)
    writeBaseOffset(batch, 0, this.logEndOffset)
    writeLeaderEpoch(batch, 0, 0)
    this.#batches.push(batch)
    this.logEndOffset += lastOffsetDelta(batch, 0) + 1
    if (!this.#isHeld) this.#advance()
    return { error: Errors.NONE, lastOffset: this.logEndOffset - 1 }
  }

  /** A few batches at a time, as a log gives them. */
  async read(fromOffset: number, maxBytes: number): Promise<Buffer> {
    const wanted: Buffer[] = []
    let bytes = 0
    for (const batch of this.#batches) {
      if (lastOffset(batch, 0) < fromOffset) continue
      if (wanted.length > 0 && bytes + batch.length > maxBytes) break
      wanted.push(batch)
      bytes += batch.length
    }
    return Buffer.concat(wanted)
  }

  onHighWatermark(listener: (highWatermark: number) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Followers have stopped: nothing more is committed. */
  hold(): void {
    this.#isHeld = true
  }

  /** Followers have caught up. */
  release(): void {
    this.#isHeld = false
    this.#advance()
  }

  /** What is not committed is lost, as when another replica becomes leader. */
  truncateToHighWatermark(): void {
    while (baseOffset(this.#batches.at(-1) ?? EMPTY_BATCH, 0) >= this.highWatermark) {
      this.#batches.pop()
    }
    this.logEndOffset = this.highWatermark
  }

  #advance(): void {
    if (this.highWatermark === this.logEndOffset) return
    this.highWatermark = this.logEndOffset
    for (const listener of this.#listeners) listener(this.highWatermark)
  }
}

/** Its base offset is below every high watermark. */
const EMPTY_BATCH = Buffer.from('ffffffffffffffff', 'hex')
