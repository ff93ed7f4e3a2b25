// Key and value of the records in __transaction_state. A null value deletes the transactional id.
import { message } from '../../codec/api.ts'
import { NEVER, array, int16, int32, int64, int8, nullable, string } from '../../codec/language.ts'

/** The transactional id that a record is about. */
export const TransactionLogKey = message({
  name: 'TransactionLogKey',
  versions: [0, 0],
  flexible: NEVER,
  fields: {
    transactionalId: string,
  },
})

/** State of a transactional id after a step of its transaction. */
export const TransactionLogValue = message({
  name: 'TransactionLogValue',
  versions: [0, 1],
  flexible: 1,
  fields: {
    producerId: int64,
    producerEpoch: int16,
    transactionTimeoutMs: int32,
    transactionStatus: int8,
    transactionPartitions: nullable(
      array({
        topic: string,
        partitionIds: array(int32),
      }),
    ),
    transactionLastUpdateTimestampMs: int64,
    transactionStartTimestampMs: int64,
  },
})
