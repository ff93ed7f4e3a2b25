// Proves to a broker who the client is, on a new connection before anything else is sent.
//
//   SaslHandshake 1 (mechanism) → SaslAuthenticate (token) → ... until both sides are content
import { Errors, KafkaError } from '../wire/errors.ts'
import { SaslHandshake } from '../wire/messages/17-sasl-handshake.ts'
import { SaslAuthenticate } from '../wire/messages/36-sasl-authenticate.ts'
import type { Random } from '../platform/random.ts'
import type { Connection } from './connection.ts'
import { ScramExchange } from './scram-exchange.ts'

/** Mechanisms with a name and a password. */
export type PasswordMechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

export interface SaslCredentials {
  readonly mechanism: PasswordMechanism
  readonly username: string
  readonly password: string
}

const HANDSHAKE_VERSION = 1
/** The highest that needs no asking: every broker with the handshake of version 1 has it. */
const AUTHENTICATE_VERSION = 0
const NONCE_BYTES = 24

/**
 * What to give a link as `prepare`. It rejects with KafkaError: UNSUPPORTED_SASL_MECHANISM,
 * SASL_AUTHENTICATION_FAILED.
 */
export function authenticateWith(
  credentials: SaslCredentials,
  random: Random,
): (connection: Connection) => Promise<void> {
  return async (connection) => {
    const { mechanism } = credentials
    const answer = await connection.request(SaslHandshake, HANDSHAKE_VERSION, { mechanism })
    if (answer.errorCode !== Errors.NONE) {
      const offered = answer.mechanisms.join(', ')
      throw new KafkaError(answer.errorCode, `${mechanism} is not offered, but ${offered}`)
    }
    if (mechanism === 'PLAIN') await plain(connection, credentials)
    else await scram(connection, credentials, mechanism, random)
  }
}

async function plain(connection: Connection, credentials: SaslCredentials): Promise<void> {
  const { username, password } = credentials
  await exchange(connection, Buffer.from(`\0${username}\0${password}`))
}

async function scram(
  connection: Connection,
  { username, password }: SaslCredentials,
  mechanism: Exclude<PasswordMechanism, 'PLAIN'>,
  random: Random,
): Promise<void> {
  const nonce = random.bytes(NONCE_BYTES).toString('base64url')
  const talk = new ScramExchange({ mechanism, username, password, nonce })
  const first = await exchange(connection, Buffer.from(talk.firstMessage()))
  const last = await exchange(connection, Buffer.from(talk.finalMessage(first.toString())))
  talk.verify(last.toString())
}

async function exchange(connection: Connection, authBytes: Buffer): Promise<Buffer> {
  const answer = await connection.request(SaslAuthenticate, AUTHENTICATE_VERSION, { authBytes })
  if (answer.errorCode !== Errors.NONE) {
    throw new KafkaError(answer.errorCode, answer.errorMessage ?? undefined)
  }
  return answer.authBytes
}
