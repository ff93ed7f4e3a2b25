// AlterClientQuotas sets or removes the limits of users and clients (KIP-546).
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { array, bool, float64, int16, int32, nullable, string } from '../../codec/language.ts'

export const AlterClientQuotas = api({
  key: 49,
  name: 'AlterClientQuotas',
  versions: [0, 1],
  flexible: 1,
  request: {
    entries: array({
      entity: array({
        entityType: string,
        entityName: nullable(string),
      }),
      ops: array({
        key: string,
        value: float64,
        remove: bool,
      }),
    }),
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: int32,
    entries: array({
      errorCode: int16,
      errorMessage: nullable(string),
      entity: array({
        entityType: string,
        entityName: nullable(string),
      }),
    }),
  },
})

export type AlterClientQuotasRequest = Request<typeof AlterClientQuotas>
export type AlterClientQuotasResponse = Response<typeof AlterClientQuotas>
