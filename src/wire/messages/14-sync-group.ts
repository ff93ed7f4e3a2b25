// SyncGroup brings the assignment from the leader of a group to its members.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { array, bytes, int16, int32, nullable, since, string } from '../../codec/language.ts'

export const SyncGroup = api({
  key: 14,
  name: 'SyncGroup',
  versions: [0, 5],
  flexible: 4,
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: since(3, nullable(string)),
    protocolType: since(5, nullable(string)),
    protocolName: since(5, nullable(string)),
    assignments: array({
      memberId: string,
      assignment: bytes,
    }),
  },
  response: {
    throttleTimeMs: since(1, int32),
    errorCode: int16,
    protocolType: since(5, nullable(string)),
    protocolName: since(5, nullable(string)),
    assignment: bytes,
  },
})

export type SyncGroupRequest = Request<typeof SyncGroup>
export type SyncGroupResponse = Response<typeof SyncGroup>
