// LeaderAndIsr is the order of the controller to lead or follow partitions.
// Up to version 1 the partitions stand in one list, from version 2 below their topics.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import {
  array,
  bool,
  int16,
  int32,
  int64,
  int8,
  since,
  string,
  struct,
  until,
  uuid,
  withDefault,
} from '../../codec/language.ts'

const leaderAndIsrPartitionState = struct({
  topicName: until(1, string),
  partitionIndex: int32,
  controllerEpoch: int32,
  leader: int32,
  leaderEpoch: int32,
  isr: array(int32),
  partitionEpoch: int32,
  replicas: array(int32),
  addingReplicas: since(3, array(int32)),
  removingReplicas: since(3, array(int32)),
  isNew: since(1, withDefault(bool, false)),
  leaderRecoveryState: since(6, withDefault(int8, 0)),
})

const leaderAndIsrPartitionError = struct({
  topicName: until(4, string),
  partitionIndex: int32,
  errorCode: int16,
})

export const LeaderAndIsr = api({
  key: 4,
  name: 'LeaderAndIsr',
  versions: [0, 7],
  flexible: 4,
  request: {
    controllerId: int32,
    isKRaftController: since(7, withDefault(bool, false)),
    controllerEpoch: int32,
    brokerEpoch: since(2, withDefault(int64, -1)),
    type: since(5, int8),
    ungroupedPartitionStates: until(1, array(leaderAndIsrPartitionState)),
    topicStates: since(
      2,
      array({
        topicName: string,
        topicId: since(5, uuid),
        partitionStates: array(leaderAndIsrPartitionState),
      }),
    ),
    liveLeaders: array({
      brokerId: int32,
      hostName: string,
      port: int32,
    }),
  },
  response: {
    errorCode: int16,
    partitionErrors: until(4, array(leaderAndIsrPartitionError)),
    topics: since(
      5,
      array({
        topicId: uuid,
        partitionErrors: array(leaderAndIsrPartitionError),
      }),
    ),
  },
})

export type LeaderAndIsrRequest = Request<typeof LeaderAndIsr>
export type LeaderAndIsrResponse = Response<typeof LeaderAndIsr>
