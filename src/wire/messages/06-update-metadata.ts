// UpdateMetadata is how the controller tells every broker who leads which partition.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import {
  array,
  bool,
  int16,
  int32,
  int64,
  int8,
  nullable,
  since,
  string,
  struct,
  tagged,
  until,
  uuid,
  withDefault,
} from '../../codec/language.ts'

const updateMetadataPartitionState = struct({
  topicName: until(4, string),
  partitionIndex: int32,
  controllerEpoch: int32,
  leader: int32,
  leaderEpoch: int32,
  isr: array(int32),
  zkVersion: int32,
  replicas: array(int32),
  offlineReplicas: since(4, array(int32)),
})

export const UpdateMetadata = api({
  key: 6,
  name: 'UpdateMetadata',
  versions: [0, 8],
  flexible: 6,
  request: {
    controllerId: int32,
    isKRaftController: since(8, withDefault(bool, false)),
    type: tagged(0, since(8, withDefault(int8, 0))),
    controllerEpoch: int32,
    brokerEpoch: since(5, withDefault(int64, -1)),
    ungroupedPartitionStates: until(4, array(updateMetadataPartitionState)),
    topicStates: since(
      5,
      array({
        topicName: string,
        topicId: since(7, uuid),
        partitionStates: array(updateMetadataPartitionState),
      }),
    ),
    liveBrokers: array({
      id: int32,
      v0Host: until(0, string),
      v0Port: until(0, int32),
      endpoints: since(
        1,
        array({
          port: int32,
          host: string,
          listener: since(3, string),
          securityProtocol: int16,
        }),
      ),
      rack: since(2, nullable(string)),
    }),
  },
  response: {
    errorCode: int16,
  },
})

export type UpdateMetadataRequest = Request<typeof UpdateMetadata>
export type UpdateMetadataResponse = Response<typeof UpdateMetadata>
