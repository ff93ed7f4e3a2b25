// What a log knows of one producer: the last five batches (for telling a retry from a gap), its
// epoch, and the transaction that it has open here.
import { Errors } from '../wire/errors.ts'
import { addSequence } from '../wire/records/batch.ts'

/** Retries of that many last batches are recognised. */
export const REMEMBERED_BATCHES = 5
export const NO_SEQUENCE = -1
const NO_EPOCH = -1
const NO_OFFSET = -1

export interface SequencedBatch {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly firstOffset: number
  readonly lastOffset: number
  readonly timestamp: number
}

export class ProducerEntry {
  readonly producerId: number
  epoch = NO_EPOCH
  coordinatorEpoch = -1
  /** Time of the last batch or marker. */
  lastTimestamp = -1
  /** -1 when no transaction is open. */
  currentTxnFirstOffset = NO_OFFSET
  /** Oldest first. */
  readonly batches: SequencedBatch[] = []

  constructor(producerId: number) {
    this.producerId = producerId
  }

  get lastSequence(): number {
    return this.batches.at(-1)?.lastSequence ?? NO_SEQUENCE
  }

  get lastOffset(): number {
    return this.batches.at(-1)?.lastOffset ?? NO_OFFSET
  }

  /** The remembered batch of the same epoch and sequences. */
  duplicate(epoch: number, first: number, last: number): SequencedBatch | undefined {
    if (epoch !== this.epoch) return undefined
    return this.batches.find(
      (batch) => batch.firstSequence === first && batch.lastSequence === last,
    )
  }

  /** 0, or why a batch that begins with `firstSequence` cannot be the next of this producer. */
  sequenceError(epoch: number, firstSequence: number): number {
    if (epoch < this.epoch) return Errors.INVALID_PRODUCER_EPOCH
    // Nothing left of it (retention, DeleteRecords): any sequence may follow.
    if (this.epoch === NO_EPOCH) return Errors.NONE
    if (epoch !== this.epoch) {
      return firstSequence === 0 ? Errors.NONE : Errors.OUT_OF_ORDER_SEQUENCE_NUMBER
    }
    return firstSequence === addSequence(this.lastSequence, 1)
      ? Errors.NONE
      : Errors.OUT_OF_ORDER_SEQUENCE_NUMBER
  }

  /** Takes over `epoch`; the batches of another one are no longer looked at. */
  enterEpoch(epoch: number): void {
    if (epoch === this.epoch) return
    this.batches.length = 0
    this.epoch = epoch
  }

  remember(batch: SequencedBatch): void {
    if (this.batches.length === REMEMBERED_BATCHES) this.batches.shift()
    this.batches.push(batch)
  }
}
