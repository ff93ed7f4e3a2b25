// Metadata tells where the brokers are and who leads each partition, and may create a missing
// topic.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import {
  array,
  bool,
  int16,
  int32,
  nullable,
  nullableSince,
  range,
  since,
  string,
  uuid,
  withDefault,
} from '../../codec/language.ts'

export const Metadata = api({
  key: 3,
  name: 'Metadata',
  versions: [0, 12],
  flexible: 9,
  request: {
    topics: nullableSince(
      1,
      array({
        topicId: since(10, uuid),
        name: nullableSince(10, string),
      }),
    ),
    allowAutoTopicCreation: since(4, withDefault(bool, true)),
    includeClusterAuthorizedOperations: range(8, 10, bool),
    includeTopicAuthorizedOperations: since(8, bool),
  },
  response: {
    throttleTimeMs: since(3, int32),
    brokers: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: since(1, nullable(string)),
    }),
    clusterId: since(2, nullable(string)),
    controllerId: since(1, withDefault(int32, -1)),
    topics: array({
      errorCode: int16,
      name: nullableSince(12, string),
      topicId: since(10, uuid),
      isInternal: since(1, withDefault(bool, false)),
      partitions: array({
        errorCode: int16,
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: since(7, withDefault(int32, -1)),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        offlineReplicas: since(5, array(int32)),
      }),
      topicAuthorizedOperations: since(8, withDefault(int32, -2147483648)),
    }),
    clusterAuthorizedOperations: range(8, 10, withDefault(int32, -2147483648)),
  },
})

export type MetadataRequest = Request<typeof Metadata>
export type MetadataResponse = Response<typeof Metadata>
