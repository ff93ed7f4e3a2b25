// The client's side of SCRAM (RFC 5802, RFC 7677): both sides prove that they know the password
// without sending it.
//
//   client  n,,n=user,r=nonce
//   server  r=nonce and more,s=salt,i=iterations
//   client  c=biws,r=nonce and more,p=proof
//   server  v=signature
import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto'

import { Errors, KafkaError } from '../wire/errors.ts'

export interface ScramOptions {
  readonly mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  readonly username: string
  readonly password: string
  /** Printable, without a comma, never used before. */
  readonly nonce: string
}

/** `n,,` in base64: no channel binding. */
const NO_BINDING = 'biws'
const MIN_ITERATIONS = 4096
/** A server that asks for more wants to keep the client busy. */
const MAX_ITERATIONS = 1_000_000

export class ScramExchange {
  readonly #options: ScramOptions
  readonly #hash: 'sha256' | 'sha512'
  readonly #firstBare: string
  #signature: Buffer | undefined

  constructor(options: ScramOptions) {
    this.#options = options
    this.#hash = options.mechanism === 'SCRAM-SHA-256' ? 'sha256' : 'sha512'
    const name = options.username.replaceAll('=', '=3D').replaceAll(',', '=2C')
    this.#firstBare = `n=${name},r=${options.nonce}`
  }

  firstMessage(): string {
    return `n,,${this.#firstBare}`
  }

  /** The answer to the server's first message. Throws KafkaError for one that is not its place. */
  finalMessage(serverFirst: string): string {
    const fields = attributes(serverFirst)
    const nonce = fields.get('r') ?? ''
    const salt = Buffer.from(fields.get('s') ?? '', 'base64')
    const iterations = Number(fields.get('i'))
    const isInRange = iterations >= MIN_ITERATIONS && iterations <= MAX_ITERATIONS
    if (!nonce.startsWith(this.#options.nonce) || salt.length === 0 || !isInRange) {
      throw failed('the server answered what is not SCRAM')
    }
    const withoutProof = `c=${NO_BINDING},r=${nonce}`
    const message = `${this.#firstBare},${serverFirst},${withoutProof}`
    const salted = this.#salted(salt, iterations)
    const clientKey = this.#hmac(salted, 'Client Key')
    const storedKey = createHash(this.#hash).update(clientKey).digest()
    const clientSignature = this.#hmac(storedKey, message)
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (clientSignature[index] ?? 0)))
    this.#signature = this.#hmac(this.#hmac(salted, 'Server Key'), message)
    return `${withoutProof},p=${proof.toString('base64')}`
  }

  /** Throws KafkaError when the server does not know the password either. */
  verify(serverFinal: string): void {
    const signature = Buffer.from(attributes(serverFinal).get('v') ?? '', 'base64')
    const expected = this.#signature
    const isRight =
      expected !== undefined &&
      signature.length === expected.length &&
      timingSafeEqual(signature, expected)
    if (!isRight) throw failed('the server could not prove that it knows the password')
  }

  #salted(salt: Buffer, iterations: number): Buffer {
    const bytes = this.#hash === 'sha256' ? 32 : 64
    return pbkdf2Sync(this.#options.password, salt, iterations, bytes, this.#hash)
  }

  #hmac(key: Buffer, text: string): Buffer {
    return createHmac(this.#hash, key).update(text).digest()
  }
}

function attributes(message: string): Map<string, string> {
  const entries = message.split(',').map((part): [string, string] => {
    return [part.slice(0, 1), part.slice(2)]
  })
  return new Map(entries)
}

function failed(text: string): KafkaError {
  return new KafkaError(Errors.SASL_AUTHENTICATION_FAILED, text)
}
