// How the broker shows a ZooKeeper ensemble who it is: TLS by `zookeeper.ssl.*`, digest, and SASL by
// a JAAS file.
import type { BrokerConfig } from '../config/broker-config.ts'
import { ConfigError } from '../config/config-error.ts'
import type { Disk } from '../platform/disk.ts'
import { CONSUMERS } from '../metadata/znode-paths.ts'
import { readKeyStore, type KeyStore } from '../platform/key-store/key-store.ts'
import type { ConnectOptions } from '../platform/network.ts'
import type { ZooKeeperClient } from '../zookeeper/client.ts'
import { clientLogin, SERVER_SECTION, serverUsers, type JaasFile } from '../zookeeper/jaas-login.ts'
import { CREATOR_ALL_ACL, OPEN_ACL, READ_ACL, type Acl } from '../zookeeper/protocol.ts'

type Connect = Parameters<typeof ZooKeeperClient.connect>[0]
type Auth = NonNullable<Connect['auth']>
type StoreSettings = 'zookeeper.ssl.keystore' | 'zookeeper.ssl.truststore'

/** Undefined without `zookeeper.ssl.client.enable`. Throws ConfigError for a file that is no use. */
export function zookeeperTls(config: BrokerConfig, disk: Disk): ConnectOptions['tls'] {
  if (!config.get('zookeeper.ssl.client.enable')) return undefined
  const own = storeOf(config, disk, 'zookeeper.ssl.keystore')
  const trusted = storeOf(config, disk, 'zookeeper.ssl.truststore')
  const algorithm = config.get('zookeeper.ssl.endpoint.identification.algorithm')
  return {
    certificates: own?.certificates.join(''),
    privateKey: own?.privateKey,
    trusted: trusted?.certificates,
    protocols: config.get('zookeeper.ssl.enabled.protocols') ?? [
      config.get('zookeeper.ssl.protocol'),
    ],
    cipherSuites: config.get('zookeeper.ssl.cipher.suites') ?? undefined,
    checkHostName: algorithm !== '',
  }
}

/** The identity of `ottla.zookeeper.auth`, none when it is not set. */
export function zookeeperAuth(config: BrokerConfig): Auth {
  const userAndPassword = config.get('ottla.zookeeper.auth')
  return userAndPassword === null ? [] : [{ scheme: 'digest', auth: Buffer.from(userAndPassword) }]
}

/** Whom the JAAS file names in the section for ZooKeeper; undefined: nobody. */
export function zookeeperLogin(config: BrokerConfig, disk: Disk): Connect['sasl'] {
  const section = config.get('ottla.zookeeper.jaas.section')
  const file = jaasFile(config, disk)
  if (file === undefined || section === '') return undefined
  // An embedded server without users has nobody to compare with.
  const isAsked =
    config.get('zookeeper.connect') !== null || embeddedUsers(config, disk) !== undefined
  return isAsked ? clientLogin(file, section) : undefined
}

/** The users of the embedded server: those of the section `Server`, if there is one. */
export function embeddedUsers(
  config: BrokerConfig,
  disk: Disk,
): ReadonlyMap<string, string> | undefined {
  const file = jaasFile(config, disk)
  return file === undefined ? undefined : serverUsers(file, SERVER_SECTION)
}

function jaasFile(config: BrokerConfig, disk: Disk): JaasFile | undefined {
  const path = config.get('ottla.jaas.file')
  if (path === null) return undefined
  try {
    return { path, text: disk.readFileSync(path).toString('utf8') }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const name = 'ottla.jaas.file (java.security.auth.login.config in KAFKA_OPTS)'
    throw new ConfigError(`${name}=${path}: ${reason}`, 'ottla.jaas.file')
  }
}

/** Access lists of a creator need one that ZooKeeper knows. */
export function requireIdentity(config: BrokerConfig, login: Connect['sasl']): void {
  const hasCertificate =
    config.get('zookeeper.connect') !== null &&
    config.get('zookeeper.ssl.client.enable') &&
    config.get('zookeeper.ssl.keystore.location') !== null
  if (!config.get('zookeeper.set.acl') || hasCertificate || login !== undefined) return
  if (config.get('ottla.zookeeper.auth') !== null) return
  throw new ConfigError(
    'zookeeper.set.acl=true: the broker must be somebody to ZooKeeper; give it a section Client in ' +
      'a JAAS file (java.security.auth.login.config in KAFKA_OPTS, or ottla.jaas.file), or ' +
      'ottla.zookeeper.auth=user:password, or zookeeper.ssl.client.enable=true with ' +
      'zookeeper.ssl.keystore.location',
    'zookeeper.set.acl',
  )
}

/** What others may not even read: passwords and keys are there. */
const SECRET_PATHS = ['/config/users', '/config/brokers', '/delegation_token/tokens']

/** The access list of a node with `zookeeper.set.acl`: its creator's, readable unless it is secret. */
export function secureAcl(path: string): readonly Acl[] {
  // Consumers of old wrote here themselves.
  if (path === CONSUMERS || path.startsWith(`${CONSUMERS}/`)) return OPEN_ACL
  const isSecret = SECRET_PATHS.some((secret) => path.startsWith(secret))
  return isSecret ? CREATOR_ALL_ACL : [...CREATOR_ALL_ACL, ...READ_ACL]
}

function storeOf(config: BrokerConfig, disk: Disk, prefix: StoreSettings): KeyStore | undefined {
  const setting = `${prefix}.location` as const
  const path = config.get(setting)
  if (path === null) return undefined
  const password = config.get(`${prefix}.password`) ?? undefined
  try {
    return readKeyStore(path, disk.readFileSync(path), password)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError(`${setting}=${path}: ${reason}`, setting)
  }
}
