// AlterPartitionReassignments starts or cancels moves of partitions to other brokers (KIP-455).
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { array, int16, int32, nullable, string, withDefault } from '../../codec/language.ts'

export const AlterPartitionReassignments = api({
  key: 45,
  name: 'AlterPartitionReassignments',
  versions: [0, 0],
  flexible: 0,
  request: {
    timeoutMs: withDefault(int32, 60000),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        replicas: nullable(array(int32)),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: nullable(string),
    responses: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: nullable(string),
      }),
    }),
  },
})

export type AlterPartitionReassignmentsRequest = Request<typeof AlterPartitionReassignments>
export type AlterPartitionReassignmentsResponse = Response<typeof AlterPartitionReassignments>
