// SaslHandshake chooses the SASL mechanism. After version 0 raw tokens follow without framing of
// their own, after version 1 SaslAuthenticate requests.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { NEVER, array, int16, string } from '../../codec/language.ts'

export const SaslHandshake = api({
  key: 17,
  name: 'SaslHandshake',
  versions: [0, 1],
  flexible: NEVER,
  request: {
    mechanism: string,
  },
  response: {
    errorCode: int16,
    mechanisms: array(string),
  },
})

export type SaslHandshakeRequest = Request<typeof SaslHandshake>
export type SaslHandshakeResponse = Response<typeof SaslHandshake>
