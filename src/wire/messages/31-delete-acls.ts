// DeleteAcls removes the access rules that match filters.
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

export const DeleteAcls = api({
  key: 31,
  name: 'DeleteAcls',
  versions: [0, 3],
  flexible: 2,
  request: {
    filters: array({
      resourceTypeFilter: int8,
      resourceNameFilter: nullable(string),
      patternTypeFilter: since(1, withDefault(int8, 3)),
      principalFilter: nullable(string),
      hostFilter: nullable(string),
      operation: int8,
      permissionType: int8,
    }),
  },
  response: {
    throttleTimeMs: int32,
    filterResults: array({
      errorCode: int16,
      errorMessage: nullable(string),
      matchingAcls: array({
        errorCode: int16,
        errorMessage: nullable(string),
        resourceType: int8,
        resourceName: string,
        patternType: since(1, withDefault(int8, 3)),
        principal: string,
        host: string,
        operation: int8,
        permissionType: int8,
      }),
    }),
  },
})

export type DeleteAclsRequest = Request<typeof DeleteAcls>
export type DeleteAclsResponse = Response<typeof DeleteAcls>
