// ConsumerGroupHeartbeat drives the newer group protocol (KIP-848). A broker in ZooKeeper mode
// lists it and answers UNSUPPORTED_VERSION.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import {
  array,
  int16,
  int32,
  nullable,
  string,
  struct,
  uuid,
  withDefault,
} from '../../codec/language.ts'

const topicPartitions = struct({
  topicId: uuid,
  partitions: array(int32),
})

export const ConsumerGroupHeartbeat = api({
  key: 68,
  name: 'ConsumerGroupHeartbeat',
  versions: [0, 0],
  flexible: 0,
  request: {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    instanceId: nullable(string),
    rackId: nullable(string),
    rebalanceTimeoutMs: withDefault(int32, -1),
    subscribedTopicNames: nullable(array(string)),
    serverAssignor: nullable(string),
    topicPartitions: nullable(
      array({
        topicId: uuid,
        partitions: array(int32),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: nullable(string),
    memberId: nullable(string),
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    assignment: nullable(
      struct({
        topicPartitions: array(topicPartitions),
      }),
    ),
  },
})

export type ConsumerGroupHeartbeatRequest = Request<typeof ConsumerGroupHeartbeat>
export type ConsumerGroupHeartbeatResponse = Response<typeof ConsumerGroupHeartbeat>
