// AlterConfigs replaces all dynamic settings of a resource. IncrementalAlterConfigs came after it.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { array, bool, int16, int32, int8, nullable, string } from '../../codec/language.ts'

export const AlterConfigs = api({
  key: 33,
  name: 'AlterConfigs',
  versions: [0, 2],
  flexible: 2,
  request: {
    resources: array({
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        value: nullable(string),
      }),
    }),
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: int32,
    responses: array({
      errorCode: int16,
      errorMessage: nullable(string),
      resourceType: int8,
      resourceName: string,
    }),
  },
})

export type AlterConfigsRequest = Request<typeof AlterConfigs>
export type AlterConfigsResponse = Response<typeof AlterConfigs>
