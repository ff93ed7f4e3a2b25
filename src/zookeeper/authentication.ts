// Who a connection is: by address, certificate, digest or SASL. It belongs to the connection, not to
// the session, and ends with it (ZOOKEEPER-4839).
import { digestIdentity, sameSecret } from './access.ts'
import type { Identity } from './access.ts'
import { DigestServer, SaslError } from './digest-md5.ts'

/** What a server knows of its users. */
export interface UserRules {
  /** `user:digest` that may do everything. */
  readonly superDigest: string | undefined
  /** Users of SASL with their passwords; undefined: there is no SASL. */
  readonly saslUsers: ReadonlyMap<string, string> | undefined
  /** The user of SASL who may do everything. */
  readonly saslSuperUser: string | undefined
  /** Who fails SASL stays, as nobody. */
  readonly allowsSaslFailure: boolean
  /** A request of who is nobody by one of these schemes ends the connection; empty: none does. */
  readonly requiredSchemes: readonly string[]
}

export const OPEN_RULES: UserRules = {
  superDigest: undefined,
  saslUsers: undefined,
  saslSuperUser: undefined,
  allowsSaslFailure: false,
  requiredSchemes: [],
}

const MAX_IDENTITIES = 64

export class Authentication {
  readonly identities: Identity[]
  readonly #rules: UserRules
  #exchange: DigestServer | undefined

  constructor(rules: UserRules, address: string, certificateName: string | undefined) {
    this.#rules = rules
    this.identities = [{ scheme: 'ip', id: address.replace(/^::ffff:/, '') }]
    // Who shows a certificate that is believed needs to say nothing else.
    if (certificateName !== undefined) this.#add({ scheme: 'x509', id: certificateName })
  }

  get isSufficient(): boolean {
    const { requiredSchemes } = this.#rules
    if (requiredSchemes.length === 0) return true
    return this.identities.some(({ scheme }) => requiredSchemes.includes(scheme))
  }

  /** An auth request; false: refused. */
  authenticate(scheme: string, auth: Buffer | null): boolean {
    if (scheme === 'ip') return true
    if (scheme !== 'digest' || auth === null || this.identities.length >= MAX_IDENTITIES)
      return false
    const id = digestIdentity(auth.toString('utf8'))
    const { superDigest } = this.#rules
    if (superDigest !== undefined && sameSecret(id, superDigest)) {
      this.#add({ scheme: 'super', id: '' })
    }
    this.#add({ scheme: 'digest', id })
    return true
  }

  /** The answer to a token of SASL, null where failing is allowed; undefined: refused. */
  saslToken(token: Buffer, nonce: () => string): Buffer | null | undefined {
    const { saslUsers, saslSuperUser, allowsSaslFailure } = this.#rules
    if (saslUsers === undefined) return undefined
    this.#exchange ??= new DigestServer(saslUsers, nonce())
    try {
      const answer = this.#exchange.next(token)
      const { username } = this.#exchange
      if (username === undefined) return answer
      this.#exchange = undefined
      this.#add({ scheme: 'sasl', id: username })
      if (username === saslSuperUser) this.#add({ scheme: 'super', id: '' })
      return answer
    } catch (error) {
      if (!(error instanceof SaslError)) throw error
      this.#exchange = undefined
      return allowsSaslFailure ? null : undefined
    }
  }

  #add(identity: Identity): void {
    const known = this.identities.some(
      ({ scheme, id }) => scheme === identity.scheme && id === identity.id,
    )
    if (!known) this.identities.push(identity)
  }
}
