// LeaveGroup removes members from a group, from version 3 several at once.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { array, int16, int32, nullable, since, string, until } from '../../codec/language.ts'

export const LeaveGroup = api({
  key: 13,
  name: 'LeaveGroup',
  versions: [0, 5],
  flexible: 4,
  request: {
    groupId: string,
    memberId: until(2, string),
    members: since(
      3,
      array({
        memberId: string,
        groupInstanceId: nullable(string),
        reason: since(5, nullable(string)),
      }),
    ),
  },
  response: {
    throttleTimeMs: since(1, int32),
    errorCode: int16,
    members: since(
      3,
      array({
        memberId: string,
        groupInstanceId: nullable(string),
        errorCode: int16,
      }),
    ),
  },
})

export type LeaveGroupRequest = Request<typeof LeaveGroup>
export type LeaveGroupResponse = Response<typeof LeaveGroup>
