// Apache ZooKeeper's own settings (zoo.cfg, Kafka's zookeeper.properties) as options of the server.
// Settings of ensembles are refused, for this server stands alone; those that change nothing here
// and unknown ones are reported.
import { join } from 'node:path'
import type { UserRules } from './authentication.ts'
import { NO_THROTTLE, type ThrottleRules } from './connection-throttle.ts'
import { SERVER_SECTION } from './jaas-login.ts'
import type { ServerOptions } from './server.ts'
import { NOT_ALONE, REFUSED, WITHOUT_EFFECT } from './setting-names.ts'

export type ServerSettings = Omit<ServerOptions, 'platform' | 'logger'>

/** `secureClientPort` and what belongs to it; the files are the caller's to read. */
export interface SecureSettings {
  readonly host: string | undefined
  readonly port: number
  readonly keyStore: StoreFile
  readonly trustStore: StoreFile | undefined
  readonly clientCertificate: 'none' | 'wanted' | 'needed'
  readonly protocols: readonly string[] | undefined
  readonly cipherSuites: readonly string[] | undefined
}

/** Where the admin server answers, and below which path. */
export interface AdminSettings {
  readonly host: string | undefined
  readonly port: number
  readonly path: string
}

export interface StoreFile {
  readonly path: string
  readonly password: string | undefined
  /** A file that holds the password, instead of the setting. */
  readonly passwordPath: string | undefined
}

export interface ReadSettings {
  readonly settings: ServerSettings
  readonly secure: SecureSettings | undefined
  /** The file that names the users of SASL, and the section in it. */
  readonly login: { readonly file: string; readonly section: string } | undefined
  /** Undefined with `admin.enableServer=false`. */
  readonly admin: AdminSettings | undefined
  /** Keys of Apache ZooKeeper that change nothing here. */
  readonly withoutEffect: readonly string[]
  /** Keys that mean nothing to either. */
  readonly unknown: readonly string[]
}

/** A setting that cannot be used; the message names it and says what can. */
export class SettingError extends Error {
  override readonly name = 'SettingError'
}

/** Apache ZooKeeper's, where a file does not say. */
const DEFAULT_TICK_MS = 3000

const WORDS_KEY = '4lw.commands.whitelist'

/**
 * The settings of a parsed properties file; keys may carry ZooKeeper's prefix `zookeeper.`.
 * `jute.maxbuffer` and the like, which ZooKeeper takes from system properties, are read here too.
 */
export function readZooKeeperProperties(properties: ReadonlyMap<string, string>): ReadSettings {
  const reader = new SettingReader(properties)
  for (const key of properties.keys()) {
    if (/^server\.\d+$/.test(key) || key === 'dynamicConfigFile') {
      throw new SettingError(
        `${key}: this ZooKeeper server stands alone; run Apache ZooKeeper for an ensemble, and ` +
          'name it in zookeeper.connect',
      )
    }
  }
  refuseUnprotected(reader)
  const directory = reader.text('dataDir')
  if (directory === undefined) throw new SettingError('dataDir is not set; name a directory')
  const port = reader.integer('clientPort', 0, 65535)
  const secure = readSecure(reader)
  if (port === undefined && secure === undefined) {
    throw new SettingError('clientPort is not set; 2181 is the usual one')
  }
  const host = reader.text('clientPortAddress')
  const backlog = reader.integer('clientPortListenBacklog', -1, undefined, -1)
  const purgeHours = reader.integer('autopurge.purgeInterval', 0)
  const retain = reader.integer('autopurge.snapRetainCount', 1) ?? 3
  const preAllocateKib = reader.integer('preAllocSize', 0)
  const settings: ServerSettings = {
    directory,
    logDirectory: reader.text('dataLogDir'),
    listeners: port === undefined ? [] : [{ host, port, backlog }],
    tickTimeMs: reader.integer('tickTime', 1) ?? DEFAULT_TICK_MS,
    minSessionTimeoutMs: reader.integer('minSessionTimeout', -1, undefined, -1),
    maxSessionTimeoutMs: reader.integer('maxSessionTimeout', -1, undefined, -1),
    maxClientConnections: reader.integer('maxClientCnxns', 0),
    maxConnections: reader.integer('maxCnxns', 0),
    throttle: readThrottle(reader),
    maxFrameBytes: reader.integer('jute.maxbuffer', 1024),
    outstandingLimit: reader.integer('globalOutstandingLimit', 1),
    snapCount: reader.integer('snapCount', 2),
    // ZooKeeper never keeps fewer than three.
    retainSnapshots: (purgeHours ?? 0) > 0 ? Math.max(3, retain) : 'all',
    preAllocateBytes: preAllocateKib === undefined ? undefined : preAllocateKib * 1024,
    sync: reader.flag('forceSync'),
    extendedTypes: reader.flag('extendedTypesEnabled'),
    enforceQuota: reader.flag('enforceQuota'),
    trustEmptySnapshot: reader.flag('snapshot.trust.empty'),
    users: readUsers(reader),
    fourLetterWords: reader.list(WORDS_KEY),
    containerCheckMs: reader.integer('znode.container.checkIntervalMs', 1),
  }
  const { minSessionTimeoutMs, maxSessionTimeoutMs } = settings
  if ((minSessionTimeoutMs ?? 0) > (maxSessionTimeoutMs ?? Infinity)) {
    throw new SettingError('minSessionTimeout must not be larger than maxSessionTimeout')
  }
  const admin = readAdmin(reader)
  const login = readLogin(reader)
  const rest = reader
    .unread()
    .filter((key) => !isProvider(key, properties) && !isOf(NOT_ALONE, key))
  const withoutEffect = rest.filter((key) => isOf(WITHOUT_EFFECT, key))
  const unknown = rest.filter((key) => !isOf(WITHOUT_EFFECT, key))
  return { settings, secure, login, admin, withoutEffect, unknown }
}

function isOf(names: ReadonlySet<string>, key: string): boolean {
  return names.has(key.replace(/^zookeeper\./, ''))
}

/** Throws for what asks for a protection that is not there. */
function refuseUnprotected(reader: SettingReader): void {
  for (const [name, { unless, reason }] of REFUSED) {
    const value = reader.text(name)
    if (value === undefined || value.toLowerCase() === unless.toLowerCase()) continue
    throw new SettingError(`${name}=${value}: ${reason}`)
  }
}

function readThrottle(reader: SettingReader): ThrottleRules {
  return {
    tokens: reader.integer('connection_throttle_tokens', 0) ?? NO_THROTTLE.tokens,
    fillCount: reader.integer('connection_throttle_fill_count', 1) ?? NO_THROTTLE.fillCount,
    fillTimeMs: reader.integer('connection_throttle_fill_time', 1) ?? NO_THROTTLE.fillTimeMs,
  }
}

function readUsers(reader: SettingReader): Partial<UserRules> {
  const needsSasl = reader.flag('sessionRequireClientSASLAuth') === true
  const isEnforced = reader.flag('enforce.auth.enabled') === true
  const schemes = reader.list('enforce.auth.schemes') ?? []
  if (isEnforced && schemes.length === 0) {
    throw new SettingError('enforce.auth.enabled=true needs enforce.auth.schemes, such as sasl')
  }
  return {
    superDigest: reader.text('DigestAuthenticationProvider.superDigest'),
    saslSuperUser: reader.text('superUser'),
    allowsSaslFailure: reader.flag('allowSaslFailedClients') ?? false,
    requiredSchemes: needsSasl ? ['sasl'] : isEnforced ? schemes : [],
  }
}

function readLogin(reader: SettingReader): ReadSettings['login'] {
  const file = reader.text('java.security.auth.login.config')
  const section = reader.text('sasl.serverconfig') ?? SERVER_SECTION
  return file === undefined ? undefined : { file, section }
}

/** Who tells users apart: those of ZooKeeper are always there, a class of one's own never. */
const PROVIDERS = new Set(
  ['SASL', 'X509', 'IP', 'Digest'].map(
    (name) => `org.apache.zookeeper.server.auth.${name}AuthenticationProvider`,
  ),
)

function isProvider(key: string, properties: ReadonlyMap<string, string>): boolean {
  if (!/^(zookeeper\.)?authProvider\.\w+$/.test(key)) return false
  const name = properties.get(key)?.trim() ?? ''
  if (PROVIDERS.has(name)) return true
  throw new SettingError(`${key}=${name}: a Java class cannot be loaded here`)
}

const CLIENT_CERTIFICATES = new Map([
  ['none', 'none'],
  ['want', 'wanted'],
  ['need', 'needed'],
] as const)

function readSecure(reader: SettingReader): SecureSettings | undefined {
  const port = reader.integer('secureClientPort', 0, 65535)
  const host = reader.text('secureClientPortAddress')
  const keyStore = readStore(reader, 'ssl.keyStore')
  const trustStore = readStore(reader, 'ssl.trustStore')
  const wanted = reader.text('ssl.clientAuth') ?? 'need'
  const [, clientCertificate] = [...CLIENT_CERTIFICATES].find(([word]) => word === wanted) ?? []
  const protocol = reader.text('ssl.protocol')
  const protocols =
    reader.list('ssl.enabledProtocols') ?? (protocol === undefined ? undefined : [protocol])
  const cipherSuites = reader.list('ssl.ciphersuites')
  if (port === undefined) return undefined
  if (keyStore === undefined) {
    throw new SettingError(
      'secureClientPort needs ssl.keyStore.location, a PEM, PKCS12 or JKS file',
    )
  }
  if (clientCertificate === undefined) {
    throw new SettingError(`ssl.clientAuth=${wanted}: none, want or need is allowed`)
  }
  return { host, port, keyStore, trustStore, clientCertificate, protocols, cipherSuites }
}

function readAdmin(reader: SettingReader): AdminSettings | undefined {
  const isEnabled = reader.flag('admin.enableServer') ?? true
  const port = reader.integer('admin.serverPort', 0, 65535) ?? 8080
  const host = reader.text('admin.serverAddress')
  const path = (reader.text('admin.commandURL') ?? '/commands').replace(/\/+$/, '')
  return isEnabled ? { host, port, path } : undefined
}

function readStore(reader: SettingReader, prefix: string): StoreFile | undefined {
  const path = reader.text(`${prefix}.location`)
  const password = reader.text(`${prefix}.password`)
  const passwordPath = reader.text(`${prefix}.passwordPath`)
  return path === undefined ? undefined : { path, password, passwordPath }
}

/** `dataDir` may be relative to where the command was started. */
export function resolveDirectories(
  settings: ServerSettings,
  workingDirectory: string,
): ServerSettings {
  const resolve = (path: string): string =>
    path.startsWith('/') ? path : join(workingDirectory, path)
  return {
    ...settings,
    directory: resolve(settings.directory),
    logDirectory: settings.logDirectory === undefined ? undefined : resolve(settings.logDirectory),
  }
}

class SettingReader {
  readonly #properties: ReadonlyMap<string, string>
  readonly #read = new Set<string>()

  constructor(properties: ReadonlyMap<string, string>) {
    this.#properties = properties
  }

  text(key: string): string | undefined {
    const prefixed = `zookeeper.${key}`
    this.#read.add(key)
    this.#read.add(prefixed)
    const value = (this.#properties.get(key) ?? this.#properties.get(prefixed))?.trim()
    return value === '' ? undefined : value
  }

  list(key: string): string[] | undefined {
    return this.text(key)
      ?.split(',')
      .map((word) => word.trim())
  }

  /** `unset`: the number that means the same as no setting. */
  integer(key: string, min: number, max = 0x7fff_ffff, unset?: number): number | undefined {
    const text = this.text(key)
    if (text === undefined) return undefined
    const value = Number(text)
    if (!/^[+-]?\d+$/.test(text) || value < min || value > max) {
      throw new SettingError(`${key}=${text}: a whole number from ${min} to ${max} is allowed`)
    }
    return value === unset ? undefined : value
  }

  flag(key: string): boolean | undefined {
    const text = this.text(key)?.toLowerCase()
    if (text === undefined) return undefined
    if (text === 'true' || text === 'yes') return true
    if (text === 'false' || text === 'no') return false
    throw new SettingError(`${key}=${text}: true or false is allowed`)
  }

  unread(): string[] {
    return [...this.#properties.keys()].filter((key) => !this.#read.has(key))
  }
}
