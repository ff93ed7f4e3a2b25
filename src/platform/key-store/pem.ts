// What a key store holds, as PEM.

export interface KeyStore {
  /** PEM, not encrypted. Undefined: there are only certificates. */
  readonly privateKey: string | undefined
  /** PEM, each one; for a key, its own comes first. */
  readonly certificates: readonly string[]
}

/** DER in PEM's armour. */
export function pemOf(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
