// StopReplica is the order of the controller to stop replicas, and perhaps to delete them.
// Its three layouts (versions 0, 1 to 2, and 3) differ in how partitions are grouped.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import {
  array,
  bool,
  int16,
  int32,
  int64,
  range,
  since,
  string,
  until,
  withDefault,
} from '../../codec/language.ts'

export const StopReplica = api({
  key: 5,
  name: 'StopReplica',
  versions: [0, 4],
  flexible: 2,
  request: {
    controllerId: int32,
    isKRaftController: since(4, withDefault(bool, false)),
    controllerEpoch: int32,
    brokerEpoch: since(1, withDefault(int64, -1)),
    deletePartitions: until(2, bool),
    ungroupedPartitions: until(
      0,
      array({
        topicName: string,
        partitionIndex: int32,
      }),
    ),
    topics: range(
      1,
      2,
      array({
        name: string,
        partitionIndexes: array(int32),
      }),
    ),
    topicStates: since(
      3,
      array({
        topicName: string,
        partitionStates: array({
          partitionIndex: int32,
          leaderEpoch: withDefault(int32, -1),
          deletePartition: bool,
        }),
      }),
    ),
  },
  response: {
    errorCode: int16,
    partitionErrors: array({
      topicName: string,
      partitionIndex: int32,
      errorCode: int16,
    }),
  },
})

export type StopReplicaRequest = Request<typeof StopReplica>
export type StopReplicaResponse = Response<typeof StopReplica>
