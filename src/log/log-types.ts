// What goes into a log and comes out of it: the values that `Log` exchanges with its owner.
import type { AppendOrigin, RecordError } from '../wire/records/validate-batch.ts'

export interface AppendOptions {
  readonly leaderEpoch: number
  readonly origin: AppendOrigin
  /** Version of the Produce request; Infinity for records of the broker itself. */
  readonly requestVersion: number
  readonly nowMs: number
}

export interface AppendResult {
  /** A code of wire/errors.ts; 0: queued. Acknowledge once `logEndOffset > lastOffset`. */
  readonly error: number
  readonly errorMessage: string | null
  readonly recordErrors: readonly RecordError[]
  /** -1 with an error. */
  readonly firstOffset: number
  readonly lastOffset: number
  /** -1 unless the topic stamps records with the time of their append. */
  readonly appendTimeMs: number
  /** -1 where the answer must not name it. */
  readonly logStartOffset: number
  /** The batch was there already; the offsets are those of the first time. */
  readonly duplicate: boolean
}

export interface ReadOptions {
  readonly fetchOffset: number
  readonly maxBytes: number
  /** Exclusive; the log end when absent. Batches that reach beyond it are left out. */
  readonly maxOffset?: number | undefined
  /** Gives the first batch whole even when it is larger than `maxBytes`. */
  readonly minOneBatch: boolean
  /** Gives batches whose checksum is wrong as well: the caller checks, and goes on behind them. */
  readonly givesDamaged?: boolean | undefined
}

export interface ReadResult {
  /** 0, OFFSET_OUT_OF_RANGE or KAFKA_STORAGE_ERROR. */
  readonly error: number
  /** Whole batches, the first of which holds `fetchOffset`; never to be changed. */
  readonly segments: readonly Buffer[]
  readonly sizeBytes: number
  /** What the segments are views of, to be given back (`Logs.giveBack`) when they have been sent. */
  readonly lent?: Buffer | undefined
}

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

export interface TimestampOffset {
  readonly timestamp: number
  readonly offset: number
  /** -1 when the log knows none. */
  readonly leaderEpoch: number
}

export interface EpochEnd {
  readonly epoch: number
  readonly endOffset: number
}

/** One row of DescribeProducers. */
export interface ActiveProducer {
  readonly producerId: number
  readonly producerEpoch: number
  readonly lastSequence: number
  readonly lastTimestamp: number
  readonly coordinatorEpoch: number
  /** -1 when no transaction is open. */
  readonly currentTxnStartOffset: number
}
