// ConsumerGroupDescribe describes groups of the newer protocol (KIP-848). A broker in ZooKeeper
// mode lists it and answers UNSUPPORTED_VERSION.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import {
  array,
  bool,
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
  topicName: string,
  partitions: array(int32),
})

const assignment = struct({
  topicPartitions: array(topicPartitions),
})

export const ConsumerGroupDescribe = api({
  key: 69,
  name: 'ConsumerGroupDescribe',
  versions: [0, 0],
  flexible: 0,
  request: {
    groupIds: array(string),
    includeAuthorizedOperations: bool,
  },
  response: {
    throttleTimeMs: int32,
    groups: array({
      errorCode: int16,
      errorMessage: nullable(string),
      groupId: string,
      groupState: string,
      groupEpoch: int32,
      assignmentEpoch: int32,
      assignorName: string,
      members: array({
        memberId: string,
        instanceId: nullable(string),
        rackId: nullable(string),
        memberEpoch: int32,
        clientId: string,
        clientHost: string,
        subscribedTopicNames: array(string),
        subscribedTopicRegex: nullable(string),
        assignment: assignment,
        targetAssignment: assignment,
      }),
      authorizedOperations: withDefault(int32, -2147483648),
    }),
  },
})

export type ConsumerGroupDescribeRequest = Request<typeof ConsumerGroupDescribe>
export type ConsumerGroupDescribeResponse = Response<typeof ConsumerGroupDescribe>
