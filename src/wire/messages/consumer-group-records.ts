// Records of groups in the newer protocol (KIP-848) in __consumer_offsets. A broker in ZooKeeper
// mode writes none of them; a data directory that a newer broker has used may hold them.
import { message } from '../../codec/api.ts'
import {
  NEVER,
  array,
  bytes,
  int32,
  int8,
  nullable,
  string,
  struct,
  tagged,
  uuid,
  withDefault,
} from '../../codec/language.ts'

/** Key of a group. */
export const ConsumerGroupMetadataKey = message({
  name: 'ConsumerGroupMetadataKey',
  versions: [3, 3],
  flexible: NEVER,
  fields: {
    groupId: string,
  },
})

/** A group: its epoch counts the changes of its members and topics. */
export const ConsumerGroupMetadataValue = message({
  name: 'ConsumerGroupMetadataValue',
  versions: [0, 0],
  flexible: 0,
  fields: {
    epoch: int32,
  },
})

/** Key of the topics that a group subscribes to. */
export const ConsumerGroupPartitionMetadataKey = message({
  name: 'ConsumerGroupPartitionMetadataKey',
  versions: [4, 4],
  flexible: NEVER,
  fields: {
    groupId: string,
  },
})

/** The topics that a group subscribes to, as they were when last looked at. */
export const ConsumerGroupPartitionMetadataValue = message({
  name: 'ConsumerGroupPartitionMetadataValue',
  versions: [0, 0],
  flexible: 0,
  fields: {
    topics: array({
      topicId: uuid,
      topicName: string,
      numPartitions: int32,
      partitionMetadata: array({
        partition: int32,
        racks: array(string),
      }),
    }),
  },
})

/** Key of a member. */
export const ConsumerGroupMemberMetadataKey = message({
  name: 'ConsumerGroupMemberMetadataKey',
  versions: [5, 5],
  flexible: NEVER,
  fields: {
    groupId: string,
    memberId: string,
  },
})

/** A member: what it subscribes to, and where it comes from. */
export const ConsumerGroupMemberMetadataValue = message({
  name: 'ConsumerGroupMemberMetadataValue',
  versions: [0, 0],
  flexible: 0,
  fields: {
    instanceId: nullable(string),
    rackId: nullable(string),
    clientId: string,
    clientHost: string,
    subscribedTopicNames: array(string),
    subscribedTopicRegex: nullable(string),
    rebalanceTimeoutMs: withDefault(int32, -1),
    serverAssignor: nullable(string),
    // Kafka takes a member without any for the default, and so writes out that there is none.
    classicMemberMetadata: tagged(
      0,
      withDefault(
        nullable(
          struct({
            sessionTimeoutMs: int32,
            supportedProtocols: array({ name: string, metadata: bytes }),
          }),
        ),
        { sessionTimeoutMs: 0, supportedProtocols: [] },
      ),
    ),
  },
})

/** Key of the epoch of the assignment that a group strives for. */
export const ConsumerGroupTargetAssignmentMetadataKey = message({
  name: 'ConsumerGroupTargetAssignmentMetadataKey',
  versions: [6, 6],
  flexible: NEVER,
  fields: {
    groupId: string,
  },
})

/** The epoch of the assignment that a group strives for. */
export const ConsumerGroupTargetAssignmentMetadataValue = message({
  name: 'ConsumerGroupTargetAssignmentMetadataValue',
  versions: [0, 0],
  flexible: 0,
  fields: {
    assignmentEpoch: int32,
  },
})

/** Key of what a member is to own once all have followed. */
export const ConsumerGroupTargetAssignmentMemberKey = message({
  name: 'ConsumerGroupTargetAssignmentMemberKey',
  versions: [7, 7],
  flexible: NEVER,
  fields: {
    groupId: string,
    memberId: string,
  },
})

/** What a member is to own once all have followed. */
export const ConsumerGroupTargetAssignmentMemberValue = message({
  name: 'ConsumerGroupTargetAssignmentMemberValue',
  versions: [0, 0],
  flexible: 0,
  fields: {
    topicPartitions: array({
      topicId: uuid,
      partitions: array(int32),
    }),
  },
})

/** Key of what a member owns. */
export const ConsumerGroupCurrentMemberAssignmentKey = message({
  name: 'ConsumerGroupCurrentMemberAssignmentKey',
  versions: [8, 8],
  flexible: NEVER,
  fields: {
    groupId: string,
    memberId: string,
  },
})

const topicPartitions = struct({
  topicId: uuid,
  partitions: array(int32),
})

/** What a member owns, and what it has yet to give up. */
export const ConsumerGroupCurrentMemberAssignmentValue = message({
  name: 'ConsumerGroupCurrentMemberAssignmentValue',
  versions: [0, 0],
  flexible: 0,
  fields: {
    memberEpoch: int32,
    previousMemberEpoch: int32,
    state: int8,
    assignedPartitions: array(topicPartitions),
    partitionsPendingRevocation: array(topicPartitions),
  },
})
