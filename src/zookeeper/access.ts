// Who may do what to a node: identities of a connection against a node's access list, and what a
// list given by a client becomes. Schemes: world, auth (in requests only), ip, digest, x509, sasl, and
// super.
import { createHash, timingSafeEqual } from 'node:crypto'

import { ZooKeeperCode } from './errors.ts'
import { Perm } from './protocol.ts'
import type { Acl } from './protocol.ts'

export interface Identity {
  readonly scheme: string
  readonly id: string
}

/** Whether one of the permissions in `perms` is given to one of the identities. */
export function allows(
  acl: readonly Acl[],
  perms: number,
  identities: readonly Identity[],
): boolean {
  if (acl.length === 0) return true
  if (identities.some((identity) => identity.scheme === 'super')) return true
  return acl.some((entry) => {
    if ((entry.perms & perms) === 0) return false
    if (entry.scheme === 'world' && entry.id === 'anyone') return true
    return identities.some((identity) => matches(entry, identity))
  })
}

/** By its name alone this user of SASL is every other one. */
const SASL_SUPER = 'super'

function matches(entry: Acl, identity: Identity): boolean {
  if (entry.scheme !== identity.scheme) return false
  if (entry.scheme === 'ip') return ipMatches(entry.id, identity.id)
  return entry.id === identity.id || (entry.scheme === 'sasl' && identity.id === SASL_SUPER)
}

/** Schemes by which somebody is known for more than his address. */
const OWNING_SCHEMES = new Set(['digest', 'x509', 'sasl'])

/** The list as it is stored, or an error code (`PrepRequestProcessor.fixupACL`). */
export function resolveAcl(
  acl: readonly Acl[],
  identities: readonly Identity[],
): readonly Acl[] | number {
  const resolved = new Map<string, Acl>()
  const add = (entry: Acl): void => {
    resolved.set(`${entry.perms} ${entry.scheme} ${entry.id}`, entry)
  }
  for (const entry of acl) {
    if (entry.scheme === 'auth') {
      const own = identities.filter(({ scheme }) => OWNING_SCHEMES.has(scheme))
      if (own.length === 0) return ZooKeeperCode.INVALIDACL
      for (const identity of own) add({ perms: entry.perms, ...identity })
    } else if (isValidId(entry)) {
      add(entry)
    } else {
      return ZooKeeperCode.INVALIDACL
    }
  }
  return resolved.size === 0 ? ZooKeeperCode.INVALIDACL : [...resolved.values()]
}

/** service/host@REALM, with or without a host. */
const KERBEROS_NAME = /^[^/@]*(\/[^/@]*)?@[^/@]*$/

function isValidId(entry: Acl): boolean {
  switch (entry.scheme) {
    case 'world':
      return entry.id === 'anyone'
    case 'digest':
      return entry.id.split(':').length === 2
    case 'sasl':
      return !entry.id.includes('@') || KERBEROS_NAME.test(entry.id)
    case 'x509':
      return entry.id !== ''
    case 'ip':
      return parseRange(entry.id) !== undefined
    default:
      return false
  }
}

/** `user:base64(sha1(user:password))`, the identity behind `user:password`. */
export function digestIdentity(userAndPassword: string): string {
  const user = userAndPassword.split(':', 1)[0] ?? ''
  return `${user}:${createHash('sha1').update(userAndPassword).digest('base64')}`
}

/** Comparison that takes as long for a wrong text as for the right one. */
export function sameSecret(left: string | Buffer, right: string | Buffer): boolean {
  const hash = (value: string | Buffer): Buffer => createHash('sha256').update(value).digest()
  return timingSafeEqual(hash(left), hash(right))
}

/** What getACL shows to those without admin rights: digests without their hash. */
export function maskAcl(acl: readonly Acl[], identities: readonly Identity[]): readonly Acl[] {
  if (allows(acl, Perm.admin, identities)) return acl
  return acl.map((entry) =>
    entry.scheme === 'digest' ? { ...entry, id: entry.id.replace(/:.*$/, ':x') } : entry,
  )
}

interface Range {
  readonly bytes: readonly number[]
  readonly bits: number
}

function parseRange(text: string): Range | undefined {
  const [address = '', bits, ...rest] = text.split('/')
  const bytes = addressBytes(address)
  if (bytes === undefined || rest.length > 0) return undefined
  if (bits === undefined) return { bytes, bits: bytes.length * 8 }
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > bytes.length * 8) return undefined
  return { bytes, bits: Number(bits) }
}

function ipMatches(rangeText: string, addressText: string): boolean {
  const range = parseRange(rangeText)
  const bytes = addressBytes(addressText)
  if (range === undefined || bytes?.length !== range.bytes.length) return false
  return bytes.every((byte, index) => {
    const bits = Math.min(8, Math.max(0, range.bits - index * 8))
    const mask = (0xff00 >> bits) & 0xff
    return (byte & mask) === ((range.bytes[index] ?? 0) & mask)
  })
}

function addressBytes(text: string): number[] | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    const bytes = text.split('.').map(Number)
    return bytes.every((byte) => byte <= 255) ? bytes : undefined
  }
  if (!/^[\da-f:.]{2,45}$/i.test(text) || !text.includes(':')) return undefined
  const [head = '', tail, ...rest] = text.split('::')
  const left = ipv6Groups(head)
  const right = ipv6Groups(tail ?? '')
  const missing = tail === undefined ? 0 : 8 - left.length - right.length
  if (rest.length > 0 || missing < 0) return undefined
  const groups = [...left, ...Array.from({ length: missing }, () => 0), ...right]
  if (groups.length !== 8 || !groups.every((group) => group >= 0 && group <= 0xffff)) {
    return undefined
  }
  return groups.flatMap((group) => [group >> 8, group & 0xff])
}

function ipv6Groups(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
    return [a * 256 + b, c * 256 + d]
  })
}
