// A partition as its follower fetches it: where it stands, and how it comes to terms with its
// leader's log before and while it copies.
//   What is beyond the point where the two logs part goes, found by leader epochs (KIP-101, KIP-279,
//   KIP-595's form in Fetch); only a log without epochs falls back to its high watermark.
import type { Log } from '../log/log.ts'
import type { EpochEnd } from '../log/log-types.ts'
import { Errors } from '../wire/errors.ts'
import type { Partition } from './partition.ts'
import { startBefore } from './unaligned-start.ts'
import type { AppendWait } from './wait-queue.ts'

const UNKNOWN = -1

export class FollowedPartition {
  readonly partition: Partition
  readonly leaderEpoch: number
  fetchOffset = 0
  /** Epoch of the last record in the log; -1: none, and divergence is not checked. */
  lastFetchedEpoch = UNKNOWN
  /** Not fetched before (monotonic): after an error, or while its bytes are being written. */
  delayedUntilMs = 0
  /** In a row, without an answer between them that brought it on. */
  delays = 0
  /** The place to fetch from is known. */
  isPositioned = false
  /** How far behind the leader's high watermark it was; -1 before the first answer. */
  lag = UNKNOWN

  constructor(partition: Partition) {
    this.partition = partition
    this.leaderEpoch = partition.leaderEpoch
  }

  /** Still what the controller wants: same epoch, still a follower, still on disk. */
  get isCurrent(): boolean {
    const { partition } = this
    return (
      !partition.isLeader &&
      partition.log !== undefined &&
      partition.leaderEpoch === this.leaderEpoch
    )
  }

  isAt(fetchOffset: number, lastFetchedEpoch: number): boolean {
    return this.fetchOffset === fetchOffset && this.lastFetchedEpoch === lastFetchedEpoch
  }

  get log(): Log {
    const { log } = this.partition
    if (log === undefined) throw new Error('a partition without log is not fetched')
    return log
  }

  /** Finds where to begin. Without epochs nothing above the high watermark can be trusted. */
  async position(): Promise<void> {
    await this.partition.settled
    await written(this.partition, this.log.nextOffset - 1)
    const { log } = this
    if (log.latestEpoch === UNKNOWN && log.logEndOffset > log.highWatermark) {
      await this.#change((current) => current.truncateTo(current.highWatermark))
    }
    this.moveToEnd()
  }

  /**
   * The leader's log parted from this one at or before `leaderEnd`: cuts as much as is certain. The
   * next fetch shows whether more has to go (KIP-279). Answers the new end.
   */
  async truncateAt(leaderEnd: EpochEnd): Promise<number> {
    await this.#change((log) => {
      const own = log.endOffsetForEpoch(leaderEnd.epoch)
      const ownEnd = own.endOffset === UNKNOWN ? log.logEndOffset : own.endOffset
      return log.truncateTo(Math.min(ownEnd, leaderEnd.endOffset, log.logEndOffset))
    })
    this.moveToEnd()
    return this.fetchOffset
  }

  /** The leader's log ends before this one begins to differ. */
  async truncateTo(offset: number): Promise<void> {
    await this.#change((log) => log.truncateTo(offset))
    this.moveToEnd()
  }

  /** The leader has nothing left of what is missing here: begins anew where its log begins. */
  async startAt(offset: number): Promise<void> {
    await this.#change((log) => log.truncateFullyAndStartAt(offset))
    this.moveToEnd()
  }

  /** Where the log would have to begin to take the records, if that is earlier than it does. */
  startBefore(records: Buffer | null): number | undefined {
    return records === null ? undefined : startBefore(this.log, records)
  }

  // Another leadership may have come while an earlier change was waited for: then it is not ours
  // to cut any more.
  async #change(change: (log: Log) => Promise<unknown>): Promise<void> {
    await this.partition.truncate(async (log) => {
      if (this.isCurrent) await change(log)
    })
  }

  /** Appends what the leader sent; answers an error, or waits in `write` until it is written. */
  append(records: Buffer, write: FollowerWrites): number {
    const result = this.partition.appendAsFollower(records)
    if (result.error !== Errors.NONE) return result.error
    write.add(this.partition, result.lastOffset)
    return Errors.NONE
  }

  /** Everything appended is written: the next fetch may claim it. */
  moveToEnd(): void {
    if (!this.isCurrent) return
    this.fetchOffset = this.log.logEndOffset
    this.lastFetchedEpoch = this.log.latestEpoch
    this.isPositioned = true
  }
}

/** Resolves when everything up to `lastOffset` is written, or never will be. */
function written(partition: Partition, lastOffset: number): Promise<void> {
  const writes = new FollowerWrites()
  writes.add(partition, lastOffset)
  return writes.finished()
}

/** The writes of one fetch answer: a follower must not claim in a fetch what a kill could take. */
export class FollowerWrites {
  #pending = 0
  #resolve: (() => void) | undefined

  add(partition: Partition, lastOffset: number): void {
    const wait = new FollowerWrite(this, lastOffset)
    if (!partition.awaitAppend(wait, 1)) this.#pending += 1
  }

  /** Resolves when all are written or failed. */
  finished(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  onWritten(): void {
    this.#pending -= 1
    if (this.#pending === 0) this.#resolve?.()
  }
}

class FollowerWrite implements AppendWait {
  readonly lastOffset: number
  readonly #writes: FollowerWrites
  isOver = false

  constructor(writes: FollowerWrites, lastOffset: number) {
    this.#writes = writes
    this.lastOffset = lastOffset
  }

  complete(_error: number): void {
    this.isOver = true
    this.#writes.onWritten()
  }
}
