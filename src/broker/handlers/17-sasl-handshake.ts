import { Errors } from '../../wire/errors.ts'
import { SaslHandshake } from '../../wire/messages/17-sasl-handshake.ts'
import { handler, reply } from '../handler.ts'

/** On a connection that needs no authentication, or has had it, a handshake comes too late. */
export const saslHandshakeHandler = handler(SaslHandshake, (_context, _body, request) => {
  reply(request, SaslHandshake, { errorCode: Errors.ILLEGAL_SASL_STATE, mechanisms: [] })
})
