import { Errors } from '../../wire/errors.ts'
import { SaslAuthenticate } from '../../wire/messages/36-sasl-authenticate.ts'
import { handler, reply } from '../handler.ts'

/** On a connection that needs no authentication, or has had it, a token comes too late. */
export const saslAuthenticateHandler = handler(SaslAuthenticate, (_context, _body, request) => {
  reply(request, SaslAuthenticate, {
    errorCode: Errors.ILLEGAL_SASL_STATE,
    errorMessage: 'SaslAuthenticate request received after successful authentication',
    authBytes: Buffer.alloc(0),
  })
})
