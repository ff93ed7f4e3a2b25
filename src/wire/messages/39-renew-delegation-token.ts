// RenewDelegationToken moves the expiry of a token.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { bytes, int16, int32, int64 } from '../../codec/language.ts'

export const RenewDelegationToken = api({
  key: 39,
  name: 'RenewDelegationToken',
  versions: [0, 2],
  flexible: 2,
  request: {
    hmac: bytes,
    renewPeriodMs: int64,
  },
  response: {
    errorCode: int16,
    expiryTimestampMs: int64,
    throttleTimeMs: int32,
  },
})

export type RenewDelegationTokenRequest = Request<typeof RenewDelegationToken>
export type RenewDelegationTokenResponse = Response<typeof RenewDelegationToken>
