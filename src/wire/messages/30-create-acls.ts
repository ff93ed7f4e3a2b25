// CreateAcls adds access rules.
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

export const CreateAcls = api({
  key: 30,
  name: 'CreateAcls',
  versions: [0, 3],
  flexible: 2,
  request: {
    creations: array({
      resourceType: int8,
      resourceName: string,
      resourcePatternType: since(1, withDefault(int8, 3)),
      principal: string,
      host: string,
      operation: int8,
      permissionType: int8,
    }),
  },
  response: {
    throttleTimeMs: int32,
    results: array({
      errorCode: int16,
      errorMessage: nullable(string),
    }),
  },
})

export type CreateAclsRequest = Request<typeof CreateAcls>
export type CreateAclsResponse = Response<typeof CreateAcls>
