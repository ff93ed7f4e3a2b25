// ListOffsets finds the offset for a timestamp, or for a named place in the log (-1 the end, -2 the
// start, -3 the largest timestamp). Version 0 answers with a list of segment boundaries.
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
  withDefault,
} from '../../codec/language.ts'

export const ListOffsets = api({
  key: 2,
  name: 'ListOffsets',
  versions: [0, 9],
  flexible: 6,
  request: {
    replicaId: int32,
    isolationLevel: since(2, int8),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        currentLeaderEpoch: since(4, withDefault(int32, -1)),
        timestamp: int64,
        maxNumOffsets: until(0, withDefault(int32, 1)),
      }),
    }),
  },
  response: {
    throttleTimeMs: since(2, int32),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        oldStyleOffsets: until(0, array(int64)),
        timestamp: since(1, withDefault(int64, -1)),
        offset: since(1, withDefault(int64, -1)),
        leaderEpoch: since(4, withDefault(int32, -1)),
      }),
    }),
  },
})

export type ListOffsetsRequest = Request<typeof ListOffsets>
export type ListOffsetsResponse = Response<typeof ListOffsets>
