// Envelope wraps the request of a client that a broker passes on to the controller (KIP-590).
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { bytes, int16, nullable } from '../../codec/language.ts'

export const Envelope = api({
  key: 58,
  name: 'Envelope',
  versions: [0, 0],
  flexible: 0,
  request: {
    requestData: bytes,
    requestPrincipal: nullable(bytes),
    clientHostAddress: bytes,
  },
  response: {
    responseData: nullable(bytes),
    errorCode: int16,
  },
})

export type EnvelopeRequest = Request<typeof Envelope>
export type EnvelopeResponse = Response<typeof Envelope>
