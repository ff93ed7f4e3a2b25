// SaslAuthenticate carries the tokens of a SASL exchange.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { bytes, int16, int64, nullable, since, string, withDefault } from '../../codec/language.ts'

export const SaslAuthenticate = api({
  key: 36,
  name: 'SaslAuthenticate',
  versions: [0, 2],
  flexible: 2,
  request: {
    authBytes: bytes,
  },
  response: {
    errorCode: int16,
    errorMessage: nullable(string),
    authBytes: bytes,
    sessionLifetimeMs: since(1, withDefault(int64, 0)),
  },
})

export type SaslAuthenticateRequest = Request<typeof SaslAuthenticate>
export type SaslAuthenticateResponse = Response<typeof SaslAuthenticate>
