// ExpireDelegationToken ends a token now or at an earlier time.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { bytes, int16, int32, int64 } from '../../codec/language.ts'

export const ExpireDelegationToken = api({
  key: 40,
  name: 'ExpireDelegationToken',
  versions: [0, 2],
  flexible: 2,
  request: {
    hmac: bytes,
    expiryTimePeriodMs: int64,
  },
  response: {
    errorCode: int16,
    expiryTimestampMs: int64,
    throttleTimeMs: int32,
  },
})

export type ExpireDelegationTokenRequest = Request<typeof ExpireDelegationToken>
export type ExpireDelegationTokenResponse = Response<typeof ExpireDelegationToken>
