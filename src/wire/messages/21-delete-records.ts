// DeleteRecords moves the start of partitions forward.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { array, int16, int32, int64, string } from '../../codec/language.ts'

export const DeleteRecords = api({
  key: 21,
  name: 'DeleteRecords',
  versions: [0, 2],
  flexible: 2,
  request: {
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        offset: int64,
      }),
    }),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: int32,
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        lowWatermark: int64,
        errorCode: int16,
      }),
    }),
  },
})

export type DeleteRecordsRequest = Request<typeof DeleteRecords>
export type DeleteRecordsResponse = Response<typeof DeleteRecords>
