// Whether a transactional batch may be appended (KIP-890): the first of a transaction in a partition
// only after the coordinator has said that the partition is part of it. A batch that was delayed
// past the end of its transaction cannot open another one.
import { errorByCode, Errors } from '../wire/errors.ts'
import * as batch from '../wire/records/batch.ts'
import { failedAppend } from './append-results.ts'
import type { AppendResult } from '../log/log-types.ts'
import type { Partition } from './partition.ts'

/** Supplied by whoever can reach transaction coordinators. */
export interface TransactionVerifier {
  /** Calls `done` later, once, with an error (or 0) for each partition. */
  verify(question: TransactionQuestion, done: (errors: readonly number[]) => void): void
}

export interface TransactionQuestion {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  /** The client understands TRANSACTION_ABORTABLE (Produce version 11). */
  readonly knowsAbortable: boolean
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[]
}

/** First version of Produce whose clients know TRANSACTION_ABORTABLE. */
export const KNOWS_ABORTABLE = 11

/** Whether `records` begin a transaction here, as far as the log knows. */
export function needsVerification(partition: Partition, records: Buffer): boolean {
  const isBatch = records.length >= batch.RECORD_BATCH_OVERHEAD && batch.magic(records, 0) === 2
  if (!isBatch || !batch.isTransactional(records, 0)) return false
  const { log } = partition
  if (log === undefined || !partition.isLeader) return false
  return !log.hasOngoingTransaction(batch.producerId(records, 0), batch.producerEpoch(records, 0))
}

/** What a producer gets whose partition the coordinator did not confirm. */
export function unverified(error: number): AppendResult {
  switch (error) {
    case Errors.INVALID_TXN_STATE:
      return failedAppend(error, 'Partition was not added to the transaction')
    case Errors.TRANSACTION_ABORTABLE:
      return failedAppend(error)
    case Errors.CONCURRENT_TRANSACTIONS:
    case Errors.COORDINATOR_LOAD_IN_PROGRESS:
    case Errors.COORDINATOR_NOT_AVAILABLE:
    case Errors.NOT_COORDINATOR:
      // Clients of every age retry this one.
      return failedAppend(Errors.NOT_ENOUGH_REPLICAS, unable(error))
    default:
      return failedAppend(error, unable(error))
  }
}

function unable(error: number): string {
  const reason = errorByCode(error).name
  return `Unable to verify the partition has been added to the transaction. Underlying error: ${reason}`
}
