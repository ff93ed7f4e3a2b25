// DescribeAcls lists the access rules that match a filter.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import {
  array,
  int16,
  int32,
  int8,
  nullable,
  since,
  string,
  withDefault,
} from '../../codec/language.ts'

export const DescribeAcls = api({
  key: 29,
  name: 'DescribeAcls',
  versions: [0, 3],
  flexible: 2,
  request: {
    resourceTypeFilter: int8,
    resourceNameFilter: nullable(string),
    patternTypeFilter: since(1, withDefault(int8, 3)),
    principalFilter: nullable(string),
    hostFilter: nullable(string),
    operation: int8,
    permissionType: int8,
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: nullable(string),
    resources: array({
      resourceType: int8,
      resourceName: string,
      patternType: since(1, withDefault(int8, 3)),
      acls: array({
        principal: string,
        host: string,
        operation: int8,
        permissionType: int8,
      }),
    }),
  },
})

export type DescribeAclsRequest = Request<typeof DescribeAcls>
export type DescribeAclsResponse = Response<typeof DescribeAcls>
