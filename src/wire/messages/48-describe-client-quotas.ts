// DescribeClientQuotas tells the limits of users and clients (KIP-546).
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { array, bool, float64, int16, int32, int8, nullable, string } from '../../codec/language.ts'

export const DescribeClientQuotas = api({
  key: 48,
  name: 'DescribeClientQuotas',
  versions: [0, 1],
  flexible: 1,
  request: {
    components: array({
      entityType: string,
      matchType: int8,
      match: nullable(string),
    }),
    strict: bool,
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: nullable(string),
    entries: nullable(
      array({
        entity: array({
          entityType: string,
          entityName: nullable(string),
        }),
        values: array({
          key: string,
          value: float64,
        }),
      }),
    ),
  },
})

export type DescribeClientQuotasRequest = Request<typeof DescribeClientQuotas>
export type DescribeClientQuotasResponse = Response<typeof DescribeClientQuotas>
