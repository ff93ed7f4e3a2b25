// JoinGroup enters a group of the classic protocol and waits until its rebalance has begun.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import {
  array,
  bool,
  bytes,
  int16,
  int32,
  nullable,
  nullableSince,
  since,
  string,
  withDefault,
} from '../../codec/language.ts'

export const JoinGroup = api({
  key: 11,
  name: 'JoinGroup',
  versions: [0, 9],
  flexible: 6,
  request: {
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: since(1, withDefault(int32, -1)),
    memberId: string,
    groupInstanceId: since(5, nullable(string)),
    protocolType: string,
    protocols: array({
      name: string,
      metadata: bytes,
    }),
    reason: since(8, nullable(string)),
  },
  response: {
    throttleTimeMs: since(2, int32),
    errorCode: int16,
    generationId: withDefault(int32, -1),
    protocolType: since(7, nullable(string)),
    protocolName: nullableSince(7, string),
    leader: string,
    skipAssignment: since(9, withDefault(bool, false)),
    memberId: string,
    members: array({
      memberId: string,
      groupInstanceId: since(5, nullable(string)),
      metadata: bytes,
    }),
  },
})

export type JoinGroupRequest = Request<typeof JoinGroup>
export type JoinGroupResponse = Response<typeof JoinGroup>
