// CreatePartitions adds partitions to topics.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { array, bool, int16, int32, nullable, string } from '../../codec/language.ts'

export const CreatePartitions = api({
  key: 37,
  name: 'CreatePartitions',
  versions: [0, 3],
  flexible: 2,
  request: {
    topics: array({
      name: string,
      count: int32,
      assignments: nullable(
        array({
          brokerIds: array(int32),
        }),
      ),
    }),
    timeoutMs: int32,
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: int32,
    results: array({
      name: string,
      errorCode: int16,
      errorMessage: nullable(string),
    }),
  },
})

export type CreatePartitionsRequest = Request<typeof CreatePartitions>
export type CreatePartitionsResponse = Response<typeof CreatePartitions>
