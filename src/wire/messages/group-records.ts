// Keys and values of the records in __consumer_offsets. The version in front of a key is the kind
// of the record: 0 and 1 an offset, 2 a group. A null value deletes what the key names.
import { message } from '../../codec/api.ts'
import {
  NEVER,
  array,
  bytes,
  int32,
  int64,
  nullable,
  range,
  since,
  string,
  struct,
  withDefault,
} from '../../codec/language.ts'

/** Where a committed offset belongs: group, topic and partition. */
export const OffsetCommitKey = message({
  name: 'OffsetCommitKey',
  versions: [0, 1],
  flexible: NEVER,
  fields: {
    group: string,
    topic: string,
    partition: int32,
  },
})

/** A committed offset. */
export const OffsetCommitValue = message({
  name: 'OffsetCommitValue',
  versions: [0, 4],
  flexible: 4,
  fields: {
    offset: int64,
    leaderEpoch: since(3, withDefault(int32, -1)),
    metadata: string,
    commitTimestamp: int64,
    expireTimestamp: range(1, 1, withDefault(int64, -1)),
  },
})

/** The group that a metadata record is about. */
export const GroupMetadataKey = message({
  name: 'GroupMetadataKey',
  versions: [2, 2],
  flexible: NEVER,
  fields: {
    group: string,
  },
})

const memberMetadata = struct({
  memberId: string,
  groupInstanceId: since(3, nullable(string)),
  clientId: string,
  clientHost: string,
  rebalanceTimeout: since(1, withDefault(int32, -1)),
  sessionTimeout: int32,
  subscription: bytes,
  assignment: bytes,
})

/** A group of the classic protocol after a rebalance: its members and what each was given. */
export const GroupMetadataValue = message({
  name: 'GroupMetadataValue',
  versions: [0, 4],
  flexible: 4,
  fields: {
    protocolType: string,
    generation: int32,
    protocol: nullable(string),
    leader: nullable(string),
    currentStateTimestamp: since(2, withDefault(int64, -1)),
    members: array(memberMetadata),
  },
})
