// DeleteRecords over many partitions: the leader moves its log start at once, the answer waits until
// the live replicas have followed, or the time is over.
import { Errors } from '../wire/errors.ts'
import type { Deadlines, Expiring } from './deadlines.ts'
import type { Requester } from './fetch-types.ts'
import type { Partition } from './partition.ts'

export interface DeletionTarget {
  readonly topic: string
  readonly partition: number
  /** Records below it go; -1: all up to the high watermark. */
  readonly offset: number
}

export interface DeletionResult {
  readonly error: number
  /** The first offset that any live replica still has; -1 with an error. */
  readonly lowWatermark: number
}

const HIGH_WATERMARK = -1

export function failedDeletion(error: number): DeletionResult {
  return { error, lowWatermark: -1 }
}

interface Pending {
  readonly partition: Partition
  readonly offset: number
  readonly place: number
  readonly stopListening: () => void
}

export class DeleteRecordsOperation implements Expiring {
  deadlineSlot = 0
  deadlineMs = 0
  readonly #requester: Requester
  readonly #deadlines: Deadlines
  readonly #results: DeletionResult[] = []
  readonly #pending = new Set<Pending>()
  readonly #done: (results: readonly DeletionResult[]) => void
  #started = false

  constructor(
    requester: Requester,
    deadlines: Deadlines,
    done: (results: readonly DeletionResult[]) => void,
  ) {
    this.#requester = requester
    this.#deadlines = deadlines
    this.#done = done
  }

  get isAbandoned(): boolean {
    return this.#requester.isClosed
  }

  /** The next result: a partition, or the error that stands for it. */
  add(partition: Partition | number, requestedOffset: number): void {
    const place = this.#results.length
    if (typeof partition === 'number') {
      this.#results.push(failedDeletion(partition))
      return
    }
    const offset = requestedOffset === HIGH_WATERMARK ? partition.highWatermark : requestedOffset
    const error = deleteOnLeader(partition, offset)
    this.#results.push(
      error === Errors.NONE ? failedDeletion(Errors.REQUEST_TIMED_OUT) : failedDeletion(error),
    )
    if (error !== Errors.NONE) return
    const pending: Pending = {
      partition,
      offset,
      place,
      stopListening: partition.listeners.onLowWatermark(() => this.#check(pending)),
    }
    this.#pending.add(pending)
    this.#check(pending)
  }

  start(timeoutMs: number): void {
    this.#started = true
    if (this.#pending.size === 0) this.#done(this.#results)
    else this.#deadlines.add(this, timeoutMs)
  }

  onDeadline(): void {
    if (this.#pending.size === 0) return
    for (const { stopListening } of this.#pending) stopListening()
    this.#pending.clear()
    this.#done(this.#results)
  }

  #check(pending: Pending): void {
    const { partition, offset, place } = pending
    if (!partition.isLeader) {
      this.#settle(pending, failedDeletion(Errors.NOT_LEADER_OR_FOLLOWER))
      return
    }
    const { lowWatermark } = partition
    if (lowWatermark < offset) {
      this.#results[place] = { error: Errors.REQUEST_TIMED_OUT, lowWatermark }
      return
    }
    this.#settle(pending, { error: Errors.NONE, lowWatermark })
  }

  #settle(pending: Pending, result: DeletionResult): void {
    pending.stopListening()
    this.#pending.delete(pending)
    this.#results[pending.place] = result
    if (!this.#started || this.#pending.size > 0) return
    this.#deadlines.remove(this)
    this.#done(this.#results)
  }
}

function deleteOnLeader(partition: Partition, offset: number): number {
  const { log } = partition
  if (log === undefined || !partition.isLeader) return Errors.NOT_LEADER_OR_FOLLOWER
  if (!log.config.cleanupPolicy.delete) return Errors.POLICY_VIOLATION
  if (offset < 0) return Errors.OFFSET_OUT_OF_RANGE
  return log.deleteRecordsBefore(offset)
}
