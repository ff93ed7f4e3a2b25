// DeleteGroups removes groups without members, and their offsets.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { array, int16, int32, string } from '../../codec/language.ts'

export const DeleteGroups = api({
  key: 42,
  name: 'DeleteGroups',
  versions: [0, 2],
  flexible: 2,
  request: {
    groupsNames: array(string),
  },
  response: {
    throttleTimeMs: int32,
    results: array({
      groupId: string,
      errorCode: int16,
    }),
  },
})

export type DeleteGroupsRequest = Request<typeof DeleteGroups>
export type DeleteGroupsResponse = Response<typeof DeleteGroups>
