// Records of __consumer_offsets and __transaction_state as documents, with the fields that their
// version has.
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

export interface Versioned {
  readonly version: number
  readonly data: object
}

export const GROUP_KIND = 2

/** What a record is about; undefined for a kind that is not known. Throws CodecError. */
export function readGroupKey(key: Buffer | null): Versioned | undefined {
  if (key === null || key.length < 2) return undefined
  const kind = key.readInt16BE()
  if (kind < 0 || kind > GROUP_KIND) return undefined
  const { value } =
    kind === GROUP_KIND
      ? GroupMetadataKey.decodeVersioned(key)
      : OffsetCommitKey.decodeVersioned(key)
  return { version: kind, data: value }
}

/**
 * `readsMembers`: what members sent and were given is read where it is of consumers, instead of
 * shown as it lies there.
 */
export function readGroupValue(kind: number, value: Buffer, readsMembers: boolean): Versioned {
  return kind === GROUP_KIND ? groupValue(value, readsMembers) : offsetValue(value)
}

function offsetValue(bytes: Buffer): Versioned {
  const { version, value } = OffsetCommitValue.decodeVersioned(bytes)
  const { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp } = value
  const data = {
    offset,
    ...(version >= 3 ? { leaderEpoch } : {}),
    metadata,
    commitTimestamp,
    ...(version === 1 ? { expireTimestamp } : {}),
  }
  return { version, data }
}

function groupValue(bytes: Buffer, readsMembers: boolean): Versioned {
  const { version, value } = GroupMetadataValue.decodeVersioned(bytes)
  const { protocolType, generation, protocol, leader, currentStateTimestamp, members } = value
  const isReadable = readsMembers && protocolType === 'consumer'
  const data = {
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
      subscription: isReadable
        ? orBase64(subscriptionOf, member.subscription)
        : base64(member.subscription),
      assignment: isReadable
        ? orBase64(assignmentOf, member.assignment)
        : base64(member.assignment),
    })),
  }
  return { version, data }
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
