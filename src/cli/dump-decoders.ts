// What records of the internal topics say, as `ottla dump-log` prints them: offsets and groups as
// JSON, transactions as one line.
import type { RecordText } from '../log/dump-log.ts'
import { TransactionLogKey, TransactionLogValue } from '../wire/messages/transaction-records.ts'
import type { DecodedRecord } from '../wire/records/read-records.ts'
import { readGroupKey, readGroupValue } from './internal-records.ts'

const DELETED = '<DELETE>'
const TRANSACTION_STATES = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
]

const DECODERS: ReadonlyMap<string, (bytes: Buffer) => string> = new Map([
  ['String', (bytes) => bytes.toString()],
  ['Long', (bytes) => String(bytes.readBigInt64BE())],
  ['Integer', (bytes) => String(bytes.readInt32BE())],
])

/** Of Kafka's class of that name; undefined when it is not one of those that we have. */
export function decoderOf(className: string): ((bytes: Buffer) => string) | undefined {
  const match = /^(?:org\.apache\.kafka\.tools\.api|kafka\.serializer)\.(\w+)Decoder$/.exec(
    className,
  )
  return DECODERS.get(match?.[1] ?? '')
}

/** A record of __consumer_offsets. */
export function describeGroupRecord({ offset, key, value }: DecodedRecord): RecordText {
  return readable(offset, () => {
    const named = readGroupKey(key)
    if (named === undefined) {
      const kind = key === null || key.length < 2 ? 'null' : key.readInt16BE()
      return {
        key: undefined,
        payload: `Unknown record type ${kind} at offset ${offset}, skipping.`,
      }
    }
    const read = value === null ? undefined : readGroupValue(named.version, value, true)
    return {
      key: JSON.stringify({ type: String(named.version), data: named.data }),
      payload:
        read === undefined
          ? DELETED
          : JSON.stringify({ version: String(read.version), data: read.data }),
    }
  })
}

/** A record of __transaction_state. */
export function describeTransactionRecord({ offset, key, value }: DecodedRecord): RecordText {
  return readable(offset, () => {
    if (key === null) return { key: undefined, payload: undefined }
    const { transactionalId } = TransactionLogKey.decodeVersioned(key).value
    const payload = value === null ? DELETED : transactionText(value)
    return { key: `transaction_metadata::transactionalId=${transactionalId}`, payload }
  })
}

function readable(offset: number, read: () => RecordText): RecordText {
  try {
    return read()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { key: undefined, payload: `Error at offset ${offset}, skipping. ${reason}` }
  }
}

function transactionText(bytes: Buffer): string {
  const { value } = TransactionLogValue.decodeVersioned(bytes)
  const state = TRANSACTION_STATES[value.transactionStatus] ?? String(value.transactionStatus)
  const partitions = (value.transactionPartitions ?? []).flatMap(({ topic, partitionIds }) =>
    partitionIds.map((id) => `${topic}-${id}`),
  )
  return (
    `producerId:${value.producerId},producerEpoch:${value.producerEpoch},state=${state},` +
    `partitions=[${partitions.join(',')}],` +
    `txnLastUpdateTimestamp=${value.transactionLastUpdateTimestampMs},` +
    `txnTimeoutMs=${value.transactionTimeoutMs}`
  )
}
