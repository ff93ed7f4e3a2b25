// A Produce over many partitions after its appends: waits until each is acknowledged, or refused,
// or the time is over. Hot: one entry per partition, no promise.
import { Errors } from '../wire/errors.ts'
import type { AppendResult } from '../log/log-types.ts'
import { unacknowledged } from './append-results.ts'
import type { Deadlines, Expiring } from './deadlines.ts'
import type { Requester } from './fetch-types.ts'
import type { Partition } from './partition.ts'
import type { AppendWait } from './wait-queue.ts'

class PendingAppend implements AppendWait {
  readonly partition: Partition
  readonly lastOffset: number
  readonly #operation: ProduceOperation
  readonly #place: number
  isOver = false

  constructor(operation: ProduceOperation, place: number, partition: Partition, last: number) {
    this.#operation = operation
    this.#place = place
    this.partition = partition
    this.lastOffset = last
  }

  complete(error: number): void {
    this.isOver = true
    this.#operation.onSettled(this.#place, error)
  }

  expire(error: number): void {
    this.isOver = true
    this.#operation.replaceError(this.#place, error)
  }
}

export class ProduceOperation implements Expiring {
  deadlineSlot = 0
  deadlineMs = 0
  readonly #acks: number
  readonly #requester: Requester | undefined
  readonly #results: AppendResult[]
  readonly #deadlines: Deadlines
  readonly #done: (results: readonly AppendResult[]) => void
  readonly #pending: PendingAppend[] = []
  #unsettled = 0
  #over = false

  constructor(
    acks: number,
    requester: Requester | undefined,
    deadlines: Deadlines,
    results: AppendResult[],
    done: (results: readonly AppendResult[]) => void,
  ) {
    this.#acks = acks
    this.#requester = requester
    this.#deadlines = deadlines
    this.#results = results
    this.#done = done
  }

  get isAbandoned(): boolean {
    return this.#requester?.isClosed === true
  }

  /** The append at `place` of the results is queued in the log of `partition`. */
  await(place: number, partition: Partition, lastOffset: number): void {
    const wait = new PendingAppend(this, place, partition, lastOffset)
    if (partition.awaitAppend(wait, this.#acks)) {
      const error = this.#acks === -1 ? partition.commitError : Errors.NONE
      if (error !== Errors.NONE) this.replaceError(place, error)
      return
    }
    this.#pending.push(wait)
    this.#unsettled += 1
  }

  /** After the last `await`: answers if nothing is left to wait for. */
  start(timeoutMs: number): void {
    if (this.#unsettled === 0) this.#finish()
    else this.#deadlines.add(this, timeoutMs)
  }

  onSettled(place: number, error: number): void {
    if (error !== Errors.NONE) this.replaceError(place, error)
    this.#unsettled -= 1
    if (this.#unsettled > 0 || this.#over) return
    this.#deadlines.remove(this)
    this.#finish()
  }

  replaceError(place: number, error: number): void {
    const result = this.#results[place]
    if (result !== undefined) this.#results[place] = unacknowledged(result, error)
  }

  onDeadline(): void {
    if (this.#over) return
    this.#abandon(Errors.REQUEST_TIMED_OUT)
    this.#finish()
  }

  #abandon(error: number): void {
    for (const wait of this.#pending) {
      if (wait.isOver) continue
      wait.expire(error)
      wait.partition.onAppendWaitOver(this.#acks)
    }
  }

  #finish(): void {
    this.#over = true
    this.#done(this.#results)
  }
}
