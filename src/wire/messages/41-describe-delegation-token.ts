// DescribeDelegationToken lists the tokens of owners.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { array, bytes, int16, int32, int64, nullable, since, string } from '../../codec/language.ts'

export const DescribeDelegationToken = api({
  key: 41,
  name: 'DescribeDelegationToken',
  versions: [0, 3],
  flexible: 2,
  request: {
    owners: nullable(
      array({
        principalType: string,
        principalName: string,
      }),
    ),
  },
  response: {
    errorCode: int16,
    tokens: array({
      principalType: string,
      principalName: string,
      tokenRequesterPrincipalType: since(3, string),
      tokenRequesterPrincipalName: since(3, string),
      issueTimestamp: int64,
      expiryTimestamp: int64,
      maxTimestamp: int64,
      tokenId: string,
      hmac: bytes,
      renewers: array({
        principalType: string,
        principalName: string,
      }),
    }),
    throttleTimeMs: int32,
  },
})

export type DescribeDelegationTokenRequest = Request<typeof DescribeDelegationToken>
export type DescribeDelegationTokenResponse = Response<typeof DescribeDelegationToken>
