// TxnOffsetCommit stores offsets that become visible when their transaction commits.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import {
  array,
  int16,
  int32,
  int64,
  nullable,
  since,
  string,
  withDefault,
} from '../../codec/language.ts'

export const TxnOffsetCommit = api({
  key: 28,
  name: 'TxnOffsetCommit',
  versions: [0, 4],
  flexible: 3,
  request: {
    transactionalId: string,
    groupId: string,
    producerId: int64,
    producerEpoch: int16,
    generationId: since(3, withDefault(int32, -1)),
    memberId: since(3, withDefault(string, '')),
    groupInstanceId: since(3, nullable(string)),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: since(2, withDefault(int32, -1)),
        committedMetadata: nullable(string),
      }),
    }),
  },
  response: {
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

export type TxnOffsetCommitRequest = Request<typeof TxnOffsetCommit>
export type TxnOffsetCommitResponse = Response<typeof TxnOffsetCommit>
