// What records of the internal topics say, as `ottla dump-log` prints them: offsets and groups as
// JSON with the fields of their version, transactions as one line.
import type { RecordText } from '../log/dump-log.ts'
import { CodecError } from '../wire/api.ts'
import {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
} from '../wire/messages/consumer-protocol.ts'
import {
  GroupMetadataKey,
  GroupMetadataValue,
  OffsetCommitKey,
  OffsetCommitValue,
} from '../wire/messages/group-records.ts'
import { TransactionLogKey, TransactionLogValue } from '../wire/messages/transaction-records.ts'
import type { DecodedRecord } from '../wire/records/read-records.ts'

const DELETED = '<DELETE>'
const GROUP_KIND = 2
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

/** A record of __consumer_offsets. */
export function describeGroupRecord({ offset, key, value }: DecodedRecord): RecordText {
  return readable(offset, () => {
    const kind = key?.readInt16BE() ?? -1
    if (key === null || kind < 0 || kind > GROUP_KIND) {
      return {
        key: undefined,
        payload: `Unknown record type ${kind} at offset ${offset}, skipping.`,
      }
    }
    const isGroup = kind === GROUP_KIND
    const { value: named } = isGroup
      ? GroupMetadataKey.decodeVersioned(key)
      : OffsetCommitKey.decodeVersioned(key)
    const payload = value === null ? DELETED : isGroup ? groupText(value) : offsetText(value)
    return { key: JSON.stringify({ type: String(kind), data: named }), payload }
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

function versioned(version: number, data: object): string {
  return JSON.stringify({ version: String(version), data })
}

function offsetText(bytes: Buffer): string {
  const { version, value } = OffsetCommitValue.decodeVersioned(bytes)
  const { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp } = value
  return versioned(version, {
    offset,
    ...(version >= 3 ? { leaderEpoch } : {}),
    metadata,
    commitTimestamp,
    ...(version === 1 ? { expireTimestamp } : {}),
  })
}

function groupText(bytes: Buffer): string {
  const { version, value } = GroupMetadataValue.decodeVersioned(bytes)
  const { protocolType, generation, protocol, leader, currentStateTimestamp, members } = value
  const isConsumer = protocolType === 'consumer'
  return versioned(version, {
    protocolType,
    generation,
    protocol,
    leader,
    ...(version >= 2 ? { currentStateTimestamp } : {}),
    members: members.map((member) => ({
      memberId: member.memberId,
      ...(version >= 3 ? { groupInstanceId: member.groupInstanceId } : {}),
      clientId: member.clientId,
      clientHost: member.clientHost,
      ...(version >= 1 ? { rebalanceTimeout: member.rebalanceTimeout } : {}),
      sessionTimeout: member.sessionTimeout,
      subscription: isConsumer
        ? orBase64(subscriptionOf, member.subscription)
        : base64(member.subscription),
      assignment: isConsumer
        ? orBase64(assignmentOf, member.assignment)
        : base64(member.assignment),
    })),
  })
}

function base64(bytes: Buffer | null): string | null {
  return bytes?.toString('base64') ?? null
}

/** Members may send each other what they like. */
function orBase64(read: (bytes: Buffer) => unknown, bytes: Buffer): unknown {
  try {
    return read(bytes)
  } catch (error) {
    if (error instanceof CodecError) return base64(bytes)
    throw error
  }
}

function subscriptionOf(bytes: Buffer): unknown {
  if (bytes.length === 0) return ''
  const { version, value } = ConsumerProtocolSubscription.decodeVersioned(bytes)
  const { topics, userData, ownedPartitions, generationId, rackId } = value
  return {
    topics,
    userData: base64(userData),
    ...(version >= 1 ? { ownedPartitions } : {}),
    ...(version >= 2 ? { generationId } : {}),
    ...(version >= 3 ? { rackId } : {}),
  }
}

function assignmentOf(bytes: Buffer): unknown {
  if (bytes.length === 0) return ''
  const { assignedPartitions, userData } = ConsumerProtocolAssignment.decodeVersioned(bytes).value
  return { assignedPartitions, userData: base64(userData) }
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
