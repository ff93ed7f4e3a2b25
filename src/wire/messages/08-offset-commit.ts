// OffsetCommit stores how far a group has come.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import {
  array,
  int16,
  int32,
  int64,
  nullable,
  range,
  since,
  string,
  withDefault,
} from '../../codec/language.ts'

export const OffsetCommit = api({
  key: 8,
  name: 'OffsetCommit',
  versions: [0, 9],
  flexible: 8,
  request: {
    groupId: string,
    generationIdOrMemberEpoch: since(1, withDefault(int32, -1)),
    memberId: since(1, string),
    groupInstanceId: since(7, nullable(string)),
    retentionTimeMs: range(2, 4, withDefault(int64, -1)),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: since(6, withDefault(int32, -1)),
        commitTimestamp: range(1, 1, withDefault(int64, -1)),
        committedMetadata: nullable(string),
      }),
    }),
  },
  response: {
    throttleTimeMs: since(3, int32),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
      }),
    }),
  },
})

export type OffsetCommitRequest = Request<typeof OffsetCommit>
export type OffsetCommitResponse = Response<typeof OffsetCommit>
