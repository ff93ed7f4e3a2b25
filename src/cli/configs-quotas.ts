// Quotas of users, clients and addresses, and the passwords of users.
import { pbkdf2Sync } from 'node:crypto'
import type { KafkaClient } from '../client/kafka-client.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import { DescribeClientQuotas } from '../wire/messages/48-describe-client-quotas.ts'
import { AlterClientQuotas } from '../wire/messages/49-alter-client-quotas.ts'
import { DescribeUserScramCredentials } from '../wire/messages/50-describe-user-scram-credentials.ts'
import { AlterUserScramCredentials } from '../wire/messages/51-alter-user-scram-credentials.ts'
import type { Changes } from './configs-changes.ts'
import type { Entity, EntityType } from './configs-entities.ts'
import { ToolFailure } from './tool.ts'

const QUOTA_TYPES: Partial<Record<EntityType, string>> = {
  users: 'user',
  clients: 'client-id',
  ips: 'ip',
}
const SHOWN_TYPES: ReadonlyMap<string, string> = new Map([
  ['user', 'user-principal'],
  ['client-id', 'client-id'],
  ['ip', 'ip'],
])
const CLIENT_QUOTAS = [
  'producer_byte_rate',
  'consumer_byte_rate',
  'request_percentage',
  'controller_mutation_rate',
]
const IP_QUOTAS = ['connection_creation_rate']
const MATCH = { exact: 0, default: 1, any: 2 } as const
const DEFAULT_ITERATIONS = 4096
const SALT_BYTES = 20

/** Mechanisms by number, with the hash and what it yields. */
const MECHANISMS = [
  { name: 'SCRAM-SHA-256', number: 1, hash: 'sha256', bytes: 32 },
  { name: 'SCRAM-SHA-512', number: 2, hash: 'sha512', bytes: 64 },
] as const

export interface Quotas {
  readonly entity: readonly { readonly type: string; readonly name: string | null }[]
  readonly values: ReadonlyMap<string, number>
}

export async function describeQuotas(
  client: KafkaClient,
  entities: readonly Entity[],
): Promise<Quotas[]> {
  const components = entities.map(({ type, name }) => ({
    entityType: QUOTA_TYPES[type] ?? type,
    matchType: name === undefined ? MATCH.any : name === '' ? MATCH.default : MATCH.exact,
    match: name === undefined || name === '' ? null : name,
  }))
  const answer = await client.call(DescribeClientQuotas, { components, strict: true })
  if (answer.errorCode !== Errors.NONE) {
    throw new KafkaError(answer.errorCode, answer.errorMessage ?? undefined)
  }
  return (answer.entries ?? []).map(({ entity, values }) => ({
    entity: entity.map(({ entityType, entityName }) => ({ type: entityType, name: entityName })),
    values: new Map(values.map(({ key, value }) => [key, value])),
  }))
}

export function quotaLine({ entity, values }: Quotas): string {
  const who = [...SHOWN_TYPES].flatMap(([type, shown]) => {
    const part = entity.find((one) => one.type === type)
    if (part === undefined) return []
    return [part.name === null ? `the default ${shown}` : `${shown} '${part.name}'`]
  })
  const list = [...values].map(([key, value]) => `${key}=${javaDouble(value)}`)
  return `Quota configs for ${who.join(', ')} are ${list.join(', ')}\n`
}

/** As Java prints a double. */
export function javaDouble(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && (size >= 1e7 || size < 1e-3)) {
    const [digits = '', exponent = ''] = value.toExponential().split('e')
    const fraction = digits.includes('.') ? digits : `${digits}.0`
    return `${fraction}E${Number(exponent)}`
  }
  return Number.isInteger(value) ? value.toFixed(1) : String(value)
}

export interface Passwords {
  readonly user: string
  readonly mechanisms: readonly { readonly name: string; readonly iterations: number }[]
}

/** Which users have passwords; of all, or of one. */
export async function describePasswords(
  client: KafkaClient,
  user: string | undefined,
): Promise<Passwords[]> {
  const users = user === undefined ? null : [{ name: user }]
  const answer = await client.call(DescribeUserScramCredentials, { users })
  if (answer.errorCode !== Errors.NONE) {
    throw new KafkaError(answer.errorCode, answer.errorMessage ?? undefined)
  }
  return answer.results
    .filter(({ errorCode }) => errorCode === Errors.NONE)
    .map((result) => ({
      user: result.user,
      mechanisms: result.credentialInfos.map(({ mechanism, iterations }) => ({
        name: MECHANISMS.find(({ number }) => number === mechanism)?.name ?? 'UNKNOWN',
        iterations,
      })),
    }))
}

export function passwordLine({ user, mechanisms }: Passwords): string {
  const list = mechanisms.map(({ name, iterations }) => `${name}=iterations=${iterations}`)
  return `SCRAM credential configs for user-principal '${user}' are ${list.join(', ')}\n`
}

/** Changes quotas or, of a user, passwords; not both at once. Throws ToolFailure. */
export async function alterQuotas(
  client: KafkaClient,
  entities: readonly Entity[],
  changes: Changes,
): Promise<void> {
  const names = [...changes.added.keys(), ...changes.deleted]
  const scram = names.filter((name) => MECHANISMS.some((one) => one.name === name))
  const [first] = entities
  const type = first?.type ?? 'users'
  checkNames(type, names, entities.length === 1 ? scram : [])
  if (scram.length === 0) return alterLimits(client, entities, changes)
  if (scram.length < names.length) {
    throw new ToolFailure(
      "Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using --bootstrap-server.",
    )
  }
  if (first?.name === undefined || first.name === '') {
    throw new ToolFailure(
      'The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using --bootstrap-server.',
    )
  }
  return alterPasswords(client, first.name, changes)
}

function checkNames(type: EntityType, names: readonly string[], scram: readonly string[]): void {
  const known = type === 'ips' ? IP_QUOTAS : CLIENT_QUOTAS
  const unknown = names.filter((name) => !known.includes(name) && !scram.includes(name))
  if (unknown.length === 0) return
  const kind =
    type === 'ips' ? 'connection quota' : type === 'users' ? 'quota and SCRAM credential' : 'quota'
  throw new ToolFailure(
    `Only ${kind} configs can be added for '${type}' using --bootstrap-server. Unexpected config names: Set(${unknown.join(', ')})`,
  )
}

async function alterLimits(
  client: KafkaClient,
  entities: readonly Entity[],
  { added, deleted }: Changes,
): Promise<void> {
  const [current] = await describeQuotas(client, entities)
  const missing = deleted.filter((name) => current?.values.has(name) !== true)
  if (missing.length > 0) throw new ToolFailure(`Invalid config(s): ${missing.join(',')}`)
  const entity = entities.map(({ type, name }) => ({
    entityType: QUOTA_TYPES[type] ?? type,
    entityName: name === undefined || name === '' ? null : name,
  }))
  const ops = [
    ...[...added].map(([key, text]) => ({ key, value: readLimit(key, text), remove: false })),
    ...deleted.map((key) => ({ key, value: 0, remove: true })),
  ]
  const answer = await client.call(AlterClientQuotas, {
    entries: [{ entity, ops }],
    validateOnly: false,
  })
  for (const { errorCode, errorMessage } of answer.entries) {
    if (errorCode !== Errors.NONE) throw new KafkaError(errorCode, errorMessage ?? undefined)
  }
}

function readLimit(key: string, text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value)) return value
  throw new ToolFailure(`Cannot parse quota configuration value for ${key}: ${text}`)
}

async function alterPasswords(
  client: KafkaClient,
  user: string,
  { added, deleted }: Changes,
): Promise<void> {
  const upsertions = [...added].map(([name, text]) => {
    const mechanism = mechanismOf(name)
    const { iterations, password } = readPassword(name, text)
    const salt = client.platform.random.bytes(SALT_BYTES)
    const saltedPassword = pbkdf2Sync(password, salt, iterations, mechanism.bytes, mechanism.hash)
    return { name: user, mechanism: mechanism.number, iterations, salt, saltedPassword }
  })
  const deletions = deleted.map((name) => ({ name: user, mechanism: mechanismOf(name).number }))
  const answer = await client.callController(
    AlterUserScramCredentials,
    { deletions, upsertions },
    ({ results }) => results[0]?.errorCode ?? Errors.NONE,
  )
  for (const { errorCode, errorMessage } of answer.results) {
    if (errorCode !== Errors.NONE) throw new KafkaError(errorCode, errorMessage ?? undefined)
  }
}

function mechanismOf(name: string): (typeof MECHANISMS)[number] {
  const found = MECHANISMS.find((one) => one.name === name)
  if (found === undefined) throw new ToolFailure(`Unknown SCRAM mechanism: ${name}`)
  return found
}

/** `iterations=8192,password=secret`; the password may hold commas and equals signs. */
function readPassword(name: string, text: string): { iterations: number; password: string } {
  const match = /^(?:iterations=(-?\d+),)?password=(.+)$/s.exec(text)
  const password = match?.[2]
  if (password === undefined) {
    throw new ToolFailure(
      `requirement failed: Invalid credential ${name}=${text}: [iterations=N,]password=… is expected`,
    )
  }
  const iterations = Number(match?.[1] ?? -1)
  return { iterations: iterations === -1 ? DEFAULT_ITERATIONS : iterations, password }
}
