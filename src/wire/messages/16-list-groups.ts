// ListGroups lists the groups that a broker coordinates.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { array, int16, int32, since, string } from '../../codec/language.ts'

export const ListGroups = api({
  key: 16,
  name: 'ListGroups',
  versions: [0, 5],
  flexible: 3,
  request: {
    statesFilter: since(4, array(string)),
    typesFilter: since(5, array(string)),
  },
  response: {
    throttleTimeMs: since(1, int32),
    errorCode: int16,
    groups: array({
      groupId: string,
      protocolType: string,
      groupState: since(4, string),
      groupType: since(5, string),
    }),
  },
})

export type ListGroupsRequest = Request<typeof ListGroups>
export type ListGroupsResponse = Response<typeof ListGroups>
