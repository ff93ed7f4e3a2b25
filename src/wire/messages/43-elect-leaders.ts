// ElectLeaders makes the preferred replica leader, or any that lives (unclean).
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import {
  array,
  int16,
  int32,
  int8,
  nullable,
  since,
  string,
  withDefault,
} from '../../codec/language.ts'

export const ElectLeaders = api({
  key: 43,
  name: 'ElectLeaders',
  versions: [0, 2],
  flexible: 2,
  request: {
    electionType: since(1, int8),
    topicPartitions: nullable(
      array({
        topic: string,
        partitions: array(int32),
      }),
    ),
    timeoutMs: withDefault(int32, 60000),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: since(1, int16),
    replicaElectionResults: array({
      topic: string,
      partitionResult: array({
        partitionId: int32,
        errorCode: int16,
        errorMessage: nullable(string),
      }),
    }),
  },
})

export type ElectLeadersRequest = Request<typeof ElectLeaders>
export type ElectLeadersResponse = Response<typeof ElectLeaders>
