// IncrementalAlterConfigs sets, removes, appends to or subtracts from single settings (KIP-339).
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { array, bool, int16, int32, int8, nullable, string } from '../../codec/language.ts'

export const IncrementalAlterConfigs = api({
  key: 44,
  name: 'IncrementalAlterConfigs',
  versions: [0, 1],
  flexible: 1,
  request: {
    resources: array({
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        configOperation: int8,
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

export type IncrementalAlterConfigsRequest = Request<typeof IncrementalAlterConfigs>
export type IncrementalAlterConfigsResponse = Response<typeof IncrementalAlterConfigs>
