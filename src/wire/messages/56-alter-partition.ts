// AlterPartition asks the controller to change the in-sync set of partitions (KIP-497). It names
// topics up to version 1, and gives their ids from version 2.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import {
  array,
  int16,
  int32,
  int64,
  int8,
  since,
  string,
  until,
  uuid,
  withDefault,
} from '../../codec/language.ts'

export const AlterPartition = api({
  key: 56,
  name: 'AlterPartition',
  versions: [0, 3],
  flexible: 0,
  request: {
    brokerId: int32,
    brokerEpoch: withDefault(int64, -1),
    topics: array({
      topicName: until(1, string),
      topicId: since(2, uuid),
      partitions: array({
        partitionIndex: int32,
        leaderEpoch: int32,
        newIsr: until(2, array(int32)),
        newIsrWithEpochs: since(
          3,
          array({
            brokerId: int32,
            brokerEpoch: withDefault(int64, -1),
          }),
        ),
        leaderRecoveryState: since(1, withDefault(int8, 0)),
        partitionEpoch: int32,
      }),
    }),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    topics: array({
      topicName: until(1, string),
      topicId: since(2, uuid),
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        leaderId: int32,
        leaderEpoch: int32,
        isr: array(int32),
        leaderRecoveryState: since(1, withDefault(int8, 0)),
        partitionEpoch: int32,
      }),
    }),
  },
})

export type AlterPartitionRequest = Request<typeof AlterPartition>
export type AlterPartitionResponse = Response<typeof AlterPartition>
