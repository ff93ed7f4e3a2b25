// ListPartitionReassignments lists the moves that are under way.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { array, int16, int32, nullable, string, withDefault } from '../../codec/language.ts'

export const ListPartitionReassignments = api({
  key: 46,
  name: 'ListPartitionReassignments',
  versions: [0, 0],
  flexible: 0,
  request: {
    timeoutMs: withDefault(int32, 60000),
    topics: nullable(
      array({
        name: string,
        partitionIndexes: array(int32),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: nullable(string),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        replicas: array(int32),
        addingReplicas: array(int32),
        removingReplicas: array(int32),
      }),
    }),
  },
})

export type ListPartitionReassignmentsRequest = Request<typeof ListPartitionReassignments>
export type ListPartitionReassignmentsResponse = Response<typeof ListPartitionReassignments>
