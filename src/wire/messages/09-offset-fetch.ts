// OffsetFetch reads what a group has committed. From version 8 it asks about several groups at
// once.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import {
  array,
  bool,
  int16,
  int32,
  int64,
  nullable,
  nullableSince,
  range,
  since,
  string,
  until,
  withDefault,
} from '../../codec/language.ts'

export const OffsetFetch = api({
  key: 9,
  name: 'OffsetFetch',
  versions: [0, 9],
  flexible: 6,
  request: {
    groupId: until(7, string),
    topics: until(
      7,
      nullableSince(
        2,
        array({
          name: string,
          partitionIndexes: array(int32),
        }),
      ),
    ),
    groups: since(
      8,
      array({
        groupId: string,
        memberId: since(9, nullable(string)),
        memberEpoch: since(9, withDefault(int32, -1)),
        topics: nullable(
          array({
            name: string,
            partitionIndexes: array(int32),
          }),
        ),
      }),
    ),
    requireStable: since(7, withDefault(bool, false)),
  },
  response: {
    throttleTimeMs: since(3, int32),
    topics: until(
      7,
      array({
        name: string,
        partitions: array({
          partitionIndex: int32,
          committedOffset: int64,
          committedLeaderEpoch: since(5, withDefault(int32, -1)),
          metadata: nullable(string),
          errorCode: int16,
        }),
      }),
    ),
    errorCode: range(2, 7, withDefault(int16, 0)),
    groups: since(
      8,
      array({
        groupId: string,
        topics: array({
          name: string,
          partitions: array({
            partitionIndex: int32,
            committedOffset: int64,
            committedLeaderEpoch: withDefault(int32, -1),
            metadata: nullable(string),
            errorCode: int16,
          }),
        }),
        errorCode: withDefault(int16, 0),
      }),
    ),
  },
})

export type OffsetFetchRequest = Request<typeof OffsetFetch>
export type OffsetFetchResponse = Response<typeof OffsetFetch>
