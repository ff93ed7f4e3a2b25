// The producers of one log: which batch is a retry, which a gap, which transactions are open.
// Changes only by `append`, `complete` and `load`, in the order of the log, live and in replay.
//
//   open          from a transaction's first batch to its marker
//   unreplicated  from the marker until the high watermark has passed it
// The last stable offset cannot pass the first offset of either.
import { Errors } from '../wire/errors.ts'
import * as batch from '../wire/records/batch.ts'
import { ControlType, readControl } from '../wire/records/control-batch.ts'
import type { AppendOrigin } from '../wire/records/validate-batch.ts'
import type { ActiveProducer } from './log-types.ts'
import { ProducerEntry } from './producer-entry.ts'
import type { SequencedBatch } from './producer-entry.ts'
import { packProducerEnds } from './producer-ends.ts'
import { encodeSnapshot } from './producer-snapshot.ts'

export interface CompletedTransaction {
  readonly producerId: number
  readonly firstOffset: number
  /** Of the marker. */
  readonly lastOffset: number
  readonly aborted: boolean
}

export class ProducerStates {
  readonly #producers = new Map<number, ProducerEntry>()
  /** First offset → producer. Transactions open in offset order, so the first key is the oldest. */
  readonly #open = new Map<number, number>()
  /** In the order of their markers. */
  readonly #unreplicated: CompletedTransaction[] = []

  get size(): number {
    return this.#producers.size
  }

  /** -1 when every transaction has ended below the high watermark. */
  get firstUnstableOffset(): number {
    let first = this.#oldestOpen()
    for (const { firstOffset } of this.#unreplicated) {
      if (first < 0 || firstOffset < first) first = firstOffset
    }
    return first
  }

  /** The batch that this one repeats. */
  duplicateOf(b: Buffer, p: number): SequencedBatch | undefined {
    const entry = this.#producers.get(batch.producerId(b, p))
    if (entry === undefined || batch.isControl(b, p)) return undefined
    return entry.duplicate(
      batch.producerEpoch(b, p),
      batch.baseSequence(b, p),
      batch.lastSequence(b, p),
    )
  }

  /** 0, or why the batch must not be appended by a leader. Followers take what leaders took. */
  check(b: Buffer, p: number, origin: AppendOrigin): number {
    if (origin === 'replication') return Errors.NONE
    const entry = this.#producers.get(batch.producerId(b, p))
    if (entry === undefined) return Errors.NONE
    const epoch = batch.producerEpoch(b, p)
    if (epoch < entry.epoch) return Errors.INVALID_PRODUCER_EPOCH
    if (batch.isControl(b, p)) return checkMarker(entry, b, p)
    if (origin === 'client') {
      const error = entry.sequenceError(epoch, batch.baseSequence(b, p))
      if (error !== Errors.NONE) return error
    }
    const open = entry.currentTxnFirstOffset >= 0
    return open && !batch.isTransactional(b, p) ? Errors.INVALID_TXN_STATE : Errors.NONE
  }

  /** Takes in a batch that has its offsets. Returns the transaction that its marker ends. */
  append(b: Buffer, p: number): CompletedTransaction | undefined {
    const producerId = batch.producerId(b, p)
    let entry = this.#producers.get(producerId)
    if (entry === undefined) {
      entry = new ProducerEntry(producerId)
      this.#producers.set(producerId, entry)
    }
    entry.enterEpoch(batch.producerEpoch(b, p))
    entry.lastTimestamp = batch.maxTimestamp(b, p)
    if (batch.isControl(b, p)) return this.#appendMarker(entry, b, p)
    this.#appendData(entry, b, p)
    return undefined
  }

  /** Ends a transaction. Returns the last stable offset right after its marker. */
  complete(transaction: CompletedTransaction): number {
    this.#open.delete(transaction.firstOffset)
    this.#unreplicated.push(transaction)
    const oldest = this.#oldestOpen()
    return oldest < 0 ? transaction.lastOffset + 1 : oldest
  }

  onHighWatermark(highWatermark: number): void {
    let done = 0
    for (const { lastOffset } of this.#unreplicated) {
      if (lastOffset >= highWatermark) break
      done += 1
    }
    if (done > 0) this.#unreplicated.splice(0, done)
  }

  hasOpenTransaction(producerId: number, epoch: number): boolean {
    const entry = this.#producers.get(producerId)
    return entry !== undefined && entry.currentTxnFirstOffset >= 0 && entry.epoch === epoch
  }

  /** Forgets producers that were silent for `expirationMs`. */
  expire(nowMs: number, expirationMs: number): void {
    for (const [producerId, entry] of this.#producers) {
      if (isExpired(entry, nowMs, expirationMs)) this.#producers.delete(producerId)
    }
  }

  active(): ActiveProducer[] {
    return Array.from(this.#producers.values(), (entry) => ({
      producerId: entry.producerId,
      producerEpoch: entry.epoch,
      lastSequence: entry.lastSequence,
      lastTimestamp: entry.lastTimestamp,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTxnStartOffset: entry.currentTxnFirstOffset,
    }))
  }

  /** Last batch of each live producer: what compaction must keep (KAFKA-5490). */
  ends(): Float64Array {
    return packProducerEnds(this.#producers.size, this.#producers.values())
  }

  /** Replaces everything by the content of a snapshot. */
  load(entries: readonly ProducerEntry[], nowMs: number, expirationMs: number): void {
    this.clear()
    for (const entry of entries) {
      if (!isExpired(entry, nowMs, expirationMs)) this.#producers.set(entry.producerId, entry)
    }
    const open = entries.filter((entry) => entry.currentTxnFirstOffset >= 0)
    open.sort((a, b) => a.currentTxnFirstOffset - b.currentTxnFirstOffset)
    for (const entry of open) this.#open.set(entry.currentTxnFirstOffset, entry.producerId)
  }

  /** Adds older batches of a known producer; `found` must end with the one known as the last. */
  recall(found: ProducerEntry): void {
    const entry = this.#producers.get(found.producerId)
    if (entry === undefined || entry.epoch !== found.epoch) return
    if (entry.lastOffset !== found.lastOffset) return
    entry.batches.splice(0, entry.batches.length, ...found.batches)
  }

  clear(): void {
    this.#producers.clear()
    this.#open.clear()
    this.#unreplicated.length = 0
  }

  snapshot(): Buffer {
    return encodeSnapshot(this.#producers.values(), this.#producers.size)
  }

  #oldestOpen(): number {
    for (const firstOffset of this.#open.keys()) return firstOffset
    return -1
  }

  #appendData(entry: ProducerEntry, b: Buffer, p: number): void {
    const firstOffset = batch.baseOffset(b, p)
    entry.remember({
      firstSequence: batch.baseSequence(b, p),
      lastSequence: batch.lastSequence(b, p),
      firstOffset,
      lastOffset: batch.lastOffset(b, p),
      timestamp: entry.lastTimestamp,
    })
    if (batch.isTransactional(b, p) && entry.currentTxnFirstOffset < 0) {
      entry.currentTxnFirstOffset = firstOffset
      this.#open.set(firstOffset, entry.producerId)
    }
  }

  #appendMarker(entry: ProducerEntry, b: Buffer, p: number): CompletedTransaction | undefined {
    const control = readControl(b, p)
    if (control === undefined) return undefined
    const firstOffset = entry.currentTxnFirstOffset
    entry.currentTxnFirstOffset = -1
    entry.coordinatorEpoch = control.coordinatorEpoch
    if (firstOffset < 0) return undefined
    return {
      producerId: entry.producerId,
      firstOffset,
      lastOffset: batch.baseOffset(b, p),
      aborted: control.type === ControlType.abort,
    }
  }
}

function checkMarker(entry: ProducerEntry, b: Buffer, p: number): number {
  const coordinatorEpoch = readControl(b, p)?.coordinatorEpoch ?? -1
  return coordinatorEpoch < entry.coordinatorEpoch
    ? Errors.TRANSACTION_COORDINATOR_FENCED
    : Errors.NONE
}

function isExpired(entry: ProducerEntry, nowMs: number, expirationMs: number): boolean {
  return entry.currentTxnFirstOffset < 0 && nowMs - entry.lastTimestamp >= expirationMs
}
