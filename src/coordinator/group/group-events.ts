// What happens to groups, and its form in `__consumer_offsets`: exactly the records that Kafka
// 3.9 writes. The version in front of a key is the record's kind; a null value is a tombstone.
//
//   offset (key 0, 1)  value 3; value 1 when the commit brought its own expiry
//   group  (key 2)     value 3
import { CodecError } from '../../codec/codec-error.ts'
import {
  GroupMetadataKey,
  GroupMetadataValue,
  OffsetCommitKey,
  OffsetCommitValue,
} from '../../wire/messages/group-records.ts'
import { buildBatch } from '../../wire/records/build-batch.ts'
import type { RecordView } from '../replay.ts'
import type { Decision, Moment } from '../state-machine.ts'
import { decodeOffsetKey, decodeOffsetValue } from './offset-records.ts'

export interface CommittedOffset {
  readonly offset: number
  /** -1: not known. */
  readonly leaderEpoch: number
  readonly metadata: string
  readonly commitTimestampMs: number
  /** -1: the broker's retention counts. */
  readonly expireTimestampMs: number
}

export interface OffsetCommitted {
  readonly kind: 'offset'
  readonly groupId: string
  readonly topic: string
  readonly partition: number
  readonly value: CommittedOffset
}

export interface OffsetRemoved {
  readonly kind: 'offsetRemoved'
  readonly groupId: string
  readonly topic: string
  readonly partition: number
}

export interface RecordedMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeout: number
  readonly sessionTimeout: number
  readonly subscription: Buffer
  readonly assignment: Buffer
}

export interface GroupRecorded {
  readonly kind: 'group'
  readonly groupId: string
  readonly protocolType: string
  readonly generation: number
  readonly protocol: string | null
  readonly leader: string | null
  readonly currentStateTimestamp: number
  readonly members: readonly RecordedMember[]
}

export interface GroupRemoved {
  readonly kind: 'groupRemoved'
  readonly groupId: string
}

export type GroupEvent = OffsetCommitted | OffsetRemoved | GroupRecorded | GroupRemoved

const OFFSET_KEY_VERSION = 1
const GROUP_KEY_VERSION = 2
const VALUE_VERSION = 3
/** The only version with an expiry. */
const EXPIRING_VALUE_VERSION = 1
/** Tombstones are spread over batches of about this size, far below any limit of a log. */
const TOMBSTONE_BATCH_BYTES = 256 * 1024

interface EncodedRecord {
  readonly key: Buffer
  readonly value: Buffer | null
}

/** One batch; a decision of tombstones only, which need not be atomic, may take several. */
export function encodeGroupEvents(
  decision: Decision<GroupEvent, unknown, unknown>,
  now: Moment,
): Buffer[] {
  const batches: Buffer[] = []
  let records: (EncodedRecord & { readonly timestamp: number })[] = []
  let bytes = 0
  const isDivisible = decision.isDivisible === true
  const finish = () => {
    batches.push(
      buildBatch({
        records,
        producerId: decision.producer?.id,
        producerEpoch: decision.producer?.epoch,
        transactional: decision.producer !== undefined,
        baseSequence: decision.events[0]?.kind === 'offset' ? 0 : -1,
      }),
    )
    records = []
    bytes = 0
  }
  for (const event of decision.events) {
    const record = encodeGroupEvent(event)
    records.push({ ...record, timestamp: now.wallMs })
    bytes += record.key.length
    if (isDivisible && bytes >= TOMBSTONE_BATCH_BYTES) finish()
  }
  if (records.length > 0) finish()
  return batches
}

/** Key and value of one event's record. */
export function encodeGroupEvent(event: GroupEvent): EncodedRecord {
  switch (event.kind) {
    case 'offset':
      return { key: offsetKey(event), value: offsetValue(event.value) }
    case 'offsetRemoved':
      return { key: offsetKey(event), value: null }
    case 'group':
      return {
        key: groupKey(event.groupId),
        value: GroupMetadataValue.encodeVersioned(VALUE_VERSION, event),
      }
    case 'groupRemoved':
      return { key: groupKey(event.groupId), value: null }
  }
}

function offsetKey(event: OffsetCommitted | OffsetRemoved): Buffer {
  const { groupId: group, topic, partition } = event
  return OffsetCommitKey.encodeVersioned(OFFSET_KEY_VERSION, { group, topic, partition })
}

function offsetValue(value: CommittedOffset): Buffer {
  const { offset, leaderEpoch, metadata, commitTimestampMs: commitTimestamp } = value
  if (value.expireTimestampMs === -1) {
    const fields = { offset, leaderEpoch, metadata, commitTimestamp }
    return OffsetCommitValue.encodeVersioned(VALUE_VERSION, fields)
  }
  const fields = { offset, metadata, commitTimestamp, expireTimestamp: value.expireTimestampMs }
  return OffsetCommitValue.encodeVersioned(EXPIRING_VALUE_VERSION, fields)
}

function groupKey(group: string): Buffer {
  return GroupMetadataKey.encodeVersioned(GROUP_KEY_VERSION, { group })
}

/**
 * The event in a record. Undefined for kinds of later protocols, which 3.9 ignores. Throws
 * CodecError when the record is corrupt.
 */
export function decodeGroupRecord(record: RecordView): GroupEvent | undefined {
  const { buffer, keyPosition, keyLength } = record
  if (keyLength < 2) throw new CodecError('the key is missing')
  const kind = buffer.readInt16BE(keyPosition)
  if (kind === 0 || kind === 1) return decodeOffset(record)
  if (kind === GROUP_KEY_VERSION) return decodeGroup(record)
  if (kind < 0) throw new CodecError(`no record has kind ${kind}`)
  return undefined
}

function decodeOffset(record: RecordView): GroupEvent {
  const { group: groupId, topic, partition } = decodeOffsetKey(record)
  if (record.valueLength < 0) return { kind: 'offsetRemoved', groupId, topic, partition }
  return { kind: 'offset', groupId, topic, partition, value: decodeOffsetValue(record) }
}

function decodeGroup(record: RecordView): GroupEvent {
  const { buffer, keyPosition, keyLength, valuePosition, valueLength } = record
  const keyEnd = keyPosition + keyLength
  const key = GroupMetadataKey.decode(GROUP_KEY_VERSION, buffer, keyPosition + 2, keyEnd)
  if (valueLength < 0) return { kind: 'groupRemoved', groupId: key.group }
  const value = buffer.subarray(valuePosition, valuePosition + valueLength)
  const decoded = GroupMetadataValue.decodeVersioned(value).value
  return { kind: 'group', groupId: key.group, ...decoded }
}
