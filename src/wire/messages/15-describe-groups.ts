// DescribeGroups tells the state and the members of groups.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import {
  array,
  bool,
  bytes,
  int16,
  int32,
  nullable,
  since,
  string,
  withDefault,
} from '../../codec/language.ts'

export const DescribeGroups = api({
  key: 15,
  name: 'DescribeGroups',
  versions: [0, 5],
  flexible: 5,
  request: {
    groups: array(string),
    includeAuthorizedOperations: since(3, bool),
  },
  response: {
    throttleTimeMs: since(1, int32),
    groups: array({
      errorCode: int16,
      groupId: string,
      groupState: string,
      protocolType: string,
      protocolData: string,
      members: array({
        memberId: string,
        groupInstanceId: since(4, nullable(string)),
        clientId: string,
        clientHost: string,
        memberMetadata: bytes,
        memberAssignment: bytes,
      }),
      authorizedOperations: since(3, withDefault(int32, -2147483648)),
    }),
  },
})

export type DescribeGroupsRequest = Request<typeof DescribeGroups>
export type DescribeGroupsResponse = Response<typeof DescribeGroups>
