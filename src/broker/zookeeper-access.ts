// The metadata tree: an ensemble named by `zookeeper.connect`, or a server inside this process. The
// broker uses both through the same client.
import type { BrokerConfig } from '../config/broker-config.ts'
import type { Platform } from '../platform/platform.ts'
import type { Logger } from '../telemetry/logger.ts'
import { ZooKeeperClient } from '../zookeeper/client.ts'
import { ZooKeeperServer } from '../zookeeper/server.ts'
import { ZooKeeperCode, ZooKeeperError } from '../zookeeper/errors.ts'
import {
  embeddedUsers,
  requireIdentity,
  secureAcl,
  zookeeperAuth,
  zookeeperLogin,
  zookeeperTls,
} from './zookeeper-credentials.ts'

export interface ZooKeeperAccess {
  readonly client: ZooKeeperClient
  /** Undefined when `zookeeper.connect` is set. */
  readonly embedded: ZooKeeperServer | undefined
  /** How a client of this tree is made: for ending the session of an earlier process. */
  readonly connect: ZooKeeperConnect
  close(): Promise<void>
}

export type ZooKeeperConnect = Parameters<typeof ZooKeeperClient.connect>[0]

export interface ZooKeeperAccessOptions {
  readonly platform: Platform
  readonly logger: Logger
  readonly config: BrokerConfig
  readonly firstLogDirectory: string
}

/** Nothing answers at `zookeeper.connect`; the message says both ways out. */
export class ZooKeeperUnreachable extends Error {
  override readonly name = 'ZooKeeperUnreachable'
}

export async function openZooKeeper(options: ZooKeeperAccessOptions): Promise<ZooKeeperAccess> {
  const { platform, logger, config } = options
  const remote = config.get('zookeeper.connect')
  const sasl = zookeeperLogin(config, platform.disk)
  requireIdentity(config, sasl)
  const tls = remote === null ? undefined : zookeeperTls(config, platform.disk)
  const embedded = remote === null ? await startEmbedded(options) : undefined
  const sessionTimeoutMs = config.get('zookeeper.session.timeout.ms')
  const connectionTimeoutMs = config.get('zookeeper.connection.timeout.ms') ?? sessionTimeoutMs
  const connect: ZooKeeperConnect = {
    platform,
    logger: logger.named('kafka.zookeeper.ZooKeeperClient'),
    connect: embedded === undefined ? (remote ?? '') : { open: () => embedded.connectInProcess() },
    sessionTimeoutMs,
    connectionTimeoutMs,
    maxInFlight: config.get('zookeeper.max.in.flight.requests'),
    auth: zookeeperAuth(config),
    sasl,
    aclOf: config.get('zookeeper.set.acl') ? secureAcl : undefined,
    openHost: (host, timeoutMs) => platform.network.connect({ ...host, timeoutMs, tls }),
  }
  try {
    if (remote !== null) await makeChroot(connect, remote)
    const client = await ZooKeeperClient.connect(connect)
    return {
      client,
      embedded,
      connect,
      async close() {
        await client.close()
        await embedded?.close()
      },
    }
  } catch (error) {
    await embedded?.close()
    throw remote === null ? embeddedProblem(error) : unreachable(remote, connectionTimeoutMs, error)
  }
}

function startEmbedded(options: ZooKeeperAccessOptions): Promise<ZooKeeperServer> {
  const { platform, logger, config, firstLogDirectory } = options
  return ZooKeeperServer.start({
    platform,
    logger: logger.named('org.apache.zookeeper.server'),
    directory: config.get('ottla.zookeeper.data.dir') ?? `${firstLogDirectory}-zookeeper`,
    listeners: config.get('ottla.zookeeper.listeners').map(parseListener),
    users: { saslUsers: embeddedUsers(config, platform.disk) },
  })
}

function parseListener(listener: string): { host: string; port: number } {
  const colon = listener.lastIndexOf(':')
  return { host: listener.slice(0, colon), port: Number(listener.slice(colon + 1)) }
}

/** The part of the path behind the hosts is made when it is missing, as Kafka does. */
async function makeChroot(connect: ZooKeeperConnect, remote: string): Promise<void> {
  const slash = remote.indexOf('/')
  if (slash === -1 || slash === remote.length - 1) return
  const client = await ZooKeeperClient.connect({ ...connect, connect: remote.slice(0, slash) })
  try {
    await client.createRecursive(remote.slice(slash))
  } finally {
    await client.close()
  }
}

/** The embedded server has its users from the same file. */
function embeddedProblem(cause: unknown): unknown {
  const isRefused = cause instanceof ZooKeeperError && cause.code === ZooKeeperCode.AUTHFAILED
  if (!isRefused) return cause
  return new ZooKeeperUnreachable(
    'The embedded ZooKeeper does not know whom the JAAS file names for ZooKeeper. Name the same user ' +
      'in its section Server, or set ottla.zookeeper.jaas.section to nothing.',
    { cause },
  )
}

function unreachable(remote: string, timeoutMs: number, cause: unknown): ZooKeeperUnreachable {
  if (cause instanceof ZooKeeperError && cause.code === ZooKeeperCode.AUTHFAILED) {
    return new ZooKeeperUnreachable(
      `ZooKeeper at zookeeper.connect=${remote} does not believe who this broker says it is. Compare ` +
        "the JAAS file's section for ZooKeeper with the users that ZooKeeper has.",
      { cause },
    )
  }
  const why = cause instanceof Error && typeof cause.cause === 'string' ? ` (${cause.cause})` : ''
  return new ZooKeeperUnreachable(
    `No ZooKeeper answered at zookeeper.connect=${remote} within ${timeoutMs} ms${why}. Start one there, ` +
      'or leave zookeeper.connect out to use the embedded one.',
    { cause },
  )
}
