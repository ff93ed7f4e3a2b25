// OffsetDelete forgets what a group has committed for topics.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { NEVER, array, int16, int32, string } from '../../codec/language.ts'

export const OffsetDelete = api({
  key: 47,
  name: 'OffsetDelete',
  versions: [0, 0],
  flexible: NEVER,
  request: {
    groupId: string,
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
      }),
    }),
  },
  response: {
    errorCode: int16,
    throttleTimeMs: int32,
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
      }),
    }),
  },
})

export type OffsetDeleteRequest = Request<typeof OffsetDelete>
export type OffsetDeleteResponse = Response<typeof OffsetDelete>
