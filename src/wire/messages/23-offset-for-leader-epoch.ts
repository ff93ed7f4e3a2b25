// OffsetForLeaderEpoch tells where a leader epoch ended, so that a follower knows what to truncate
// (KIP-101) and a consumer learns of lost records (KIP-320).
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { array, int16, int32, int64, since, string, withDefault } from '../../codec/language.ts'

export const OffsetForLeaderEpoch = api({
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versions: [0, 4],
  flexible: 4,
  request: {
    replicaId: since(3, withDefault(int32, -2)),
    topics: array({
      topic: string,
      partitions: array({
        partition: int32,
        currentLeaderEpoch: since(2, withDefault(int32, -1)),
        leaderEpoch: int32,
      }),
    }),
  },
  response: {
    throttleTimeMs: since(2, int32),
    topics: array({
      topic: string,
      partitions: array({
        errorCode: int16,
        partition: int32,
        leaderEpoch: since(1, withDefault(int32, -1)),
        endOffset: withDefault(int64, -1),
      }),
    }),
  },
})

export type OffsetForLeaderEpochRequest = Request<typeof OffsetForLeaderEpoch>
export type OffsetForLeaderEpochResponse = Response<typeof OffsetForLeaderEpoch>
