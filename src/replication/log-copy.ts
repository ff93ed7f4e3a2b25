// The copy of one partition's log in another directory of this broker: step by step until it is level
// with the current log, which is written, truncated and shortened meanwhile.
//   The copy is always a prefix of the current log, or is cut until it is one: where the two part is
//   found by leader epochs, as between brokers.
import type { Log } from '../log/log.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import { startBefore } from './unaligned-start.ts'

const STEP_BYTES = 1 << 20
const UNKNOWN = -1

export class LogCopy {
  readonly current: Log
  readonly future: Log

  constructor(current: Log, future: Log) {
    this.current = current
    this.future = future
  }

  /** Nothing is missing in the copy, nor on its way to a file in either. */
  get isLevel(): boolean {
    const { current, future } = this
    const end = current.nextOffset
    return (
      current.logEndOffset === end &&
      future.nextOffset === end &&
      future.logEndOffset === end &&
      future.logStartOffset === current.logStartOffset
    )
  }

  /** Whether everything that was written so far is in the copy. */
  get isClose(): boolean {
    return this.future.logEndOffset >= this.current.logEndOffset
  }

  /** Copies some batches; how many bytes. Throws KafkaError when one of the logs has failed. */
  async step(): Promise<number> {
    const { current, future } = this
    if (current.hasFailed || future.hasFailed) throw new KafkaError(Errors.KAFKA_STORAGE_ERROR)
    await this.#align()
    if (future.nextOffset >= current.logEndOffset) return 0
    const result = await current.read({
      fetchOffset: future.nextOffset,
      maxBytes: STEP_BYTES,
      minOneBatch: true,
    })
    // The current log has moved on under the read: the next step finds out how.
    if (result.error === Errors.OFFSET_OUT_OF_RANGE) return 0
    check(result.error)
    const [records] = result.segments
    const start = records === undefined ? undefined : startBefore(future, records)
    if (start !== undefined) await future.truncateFullyAndStartAt(start)
    // Files and memory may give batches in pieces, which are whole each.
    for (const segment of result.segments) check(future.appendAsFollower(segment).error)
    await this.#written()
    return result.sizeBytes
  }

  /** Makes the copy durable as far as it has come. */
  flush(): Promise<void> {
    return this.future.flush()
  }

  /** What the files do not tell: just before the copy takes the place of the current log. */
  takeOver(): void {
    const { current, future } = this
    // An epoch without records begins at the end.
    if (current.latestEpoch > future.latestEpoch) {
      future.assignEpochStartOffset(current.latestEpoch, current.nextOffset)
    }
    future.updateHighWatermark(current.highWatermark)
  }

  async #align(): Promise<void> {
    const { current, future } = this
    if (future.nextOffset < current.logStartOffset) {
      await future.truncateFullyAndStartAt(current.logStartOffset)
      return
    }
    if (future.nextOffset > future.logStartOffset) {
      const end = this.#commonEnd()
      if (end < future.nextOffset) await future.truncateTo(end)
    }
    if (future.logStartOffset < current.logStartOffset) {
      future.updateHighWatermark(current.logStartOffset)
      future.advanceLogStartOffset(current.logStartOffset)
    }
  }

  #commonEnd(): number {
    const { current, future } = this
    const level = Math.min(future.nextOffset, current.nextOffset)
    if (future.latestEpoch === UNKNOWN) return level
    const end = current.endOffsetForEpoch(future.latestEpoch)
    // Nothing of that epoch is left in the current log, or it never had any: begins anew.
    if (end.endOffset === UNKNOWN) return current.logStartOffset
    const own = future.endOffsetForEpoch(end.epoch).endOffset
    return Math.min(level, end.endOffset, own === UNKNOWN ? level : own)
  }

  /** Resolves when the appended batches are written: no more than a step waits in memory. */
  #written(): Promise<void> {
    const { future } = this
    const target = future.nextOffset
    return new Promise((resolve, reject) => {
      const settle = () => {
        if (future.hasFailed) reject(new KafkaError(Errors.KAFKA_STORAGE_ERROR))
        else if (future.logEndOffset >= target) resolve()
      }
      future.onAdvance = settle
      future.onFailure = settle
      settle()
    })
  }
}

function check(error: number): void {
  if (error !== Errors.NONE) throw new KafkaError(error)
}
