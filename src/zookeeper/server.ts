// The embedded ZooKeeper server: its options with ZooKeeper's defaults, its listeners, and its life
// from recovery to close.
import type { ListenOptions, NetworkListener, Socket } from '../platform/network.ts'
import type { Platform } from '../platform/platform.ts'
import type { Logger } from '../telemetry/logger.ts'
import { answerCommand } from './admin-commands.ts'
import { OPEN_RULES, type UserRules } from './authentication.ts'
import { ConnectionThrottle, NO_THROTTLE, type ThrottleRules } from './connection-throttle.ts'
import { answerWord, type WordContext } from './four-letter-words.ts'
import { socketPair } from './in-process.ts'
import { Machine } from './machine.ts'
import { Processor } from './processor.ts'
import { ServerConnection } from './server-connection.ts'
import { Storage } from './storage.ts'

export interface ServerOptions {
  readonly platform: Platform
  readonly logger: Logger
  /** Holds `version-2/`; made when missing. */
  readonly directory: string
  /** Transaction logs apart from snapshots, as `dataLogDir`. */
  readonly logDirectory?: string | undefined
  readonly listeners?: readonly ListenOptions[] | undefined
  readonly tickTimeMs?: number | undefined
  /** Twice the tick by default. */
  readonly minSessionTimeoutMs?: number | undefined
  /** Twenty ticks by default. */
  readonly maxSessionTimeoutMs?: number | undefined
  /** Per address; 0 is unlimited. */
  readonly maxClientConnections?: number | undefined
  /** From all addresses together, `maxCnxns`; 0 is unlimited. */
  readonly maxConnections?: number | undefined
  /** How fast sessions may be begun or gone on with. */
  readonly throttle?: ThrottleRules | undefined
  /** Largest request, `jute.maxbuffer`. */
  readonly maxFrameBytes?: number | undefined
  /** Unanswered requests before sockets are no longer read, `globalOutstandingLimit`. */
  readonly outstandingLimit?: number | undefined
  /** Transactions from one snapshot to the next. */
  readonly snapCount?: number | undefined
  /** Snapshots kept with their logs; 3 by default. */
  readonly retainSnapshots?: number | 'all' | undefined
  readonly preAllocateBytes?: number | undefined
  /** False: acknowledge what is only in the system's memory (`forceSync=no`). */
  readonly sync?: boolean | undefined
  /** Nodes with a time to live (`zookeeper.extendedTypesEnabled`). */
  readonly extendedTypes?: boolean | undefined
  readonly trustEmptySnapshot?: boolean | undefined
  /** Hard limits of quotas refuse what exceeds them (`enforceQuota`). */
  readonly enforceQuota?: boolean | undefined
  readonly users?: Partial<UserRules> | undefined
  /** `4lw.commands.whitelist`; `*` is all. */
  readonly fourLetterWords?: readonly string[] | undefined
  readonly containerCheckMs?: number | undefined
  /** The text of the file with the settings, which the admin server shows. */
  readonly initialConfiguration?: string | undefined
  /** Of the machine and the process, which `envi` shows. */
  readonly environment?: ReadonlyMap<string, string> | undefined
}

type Resolved = { readonly [K in keyof ServerOptions]-?: NonNullable<ServerOptions[K]> }
type Settled = Omit<Resolved, 'retainSnapshots' | 'users'> & {
  /** Undefined keeps all. */
  readonly retainSnapshots: number | undefined
  readonly users: UserRules
}

const MIB = 1024 * 1024
const HANDSHAKE_MS = 10_000

function settle(options: ServerOptions): Settled {
  const tickTimeMs = options.tickTimeMs ?? 2000
  return {
    platform: options.platform,
    logger: options.logger,
    directory: options.directory,
    logDirectory: options.logDirectory ?? options.directory,
    listeners: options.listeners ?? [],
    tickTimeMs,
    minSessionTimeoutMs: options.minSessionTimeoutMs ?? tickTimeMs * 2,
    maxSessionTimeoutMs: options.maxSessionTimeoutMs ?? tickTimeMs * 20,
    maxClientConnections: options.maxClientConnections ?? 60,
    maxConnections: options.maxConnections ?? 0,
    throttle: options.throttle ?? NO_THROTTLE,
    maxFrameBytes: options.maxFrameBytes ?? MIB - 1,
    outstandingLimit: options.outstandingLimit ?? 1000,
    snapCount: options.snapCount ?? 100_000,
    retainSnapshots: options.retainSnapshots === 'all' ? undefined : (options.retainSnapshots ?? 3),
    preAllocateBytes: options.preAllocateBytes ?? MIB,
    sync: options.sync ?? true,
    extendedTypes: options.extendedTypes ?? false,
    trustEmptySnapshot: options.trustEmptySnapshot ?? false,
    enforceQuota: options.enforceQuota ?? false,
    users: { ...OPEN_RULES, ...options.users },
    fourLetterWords: options.fourLetterWords ?? ['srvr'],
    containerCheckMs: options.containerCheckMs ?? 60_000,
    initialConfiguration: options.initialConfiguration ?? '',
    environment: options.environment ?? new Map(),
  }
}

export class ZooKeeperServer {
  readonly #options: Settled
  readonly #storage: Storage
  readonly #processor: Processor
  readonly #listeners: NetworkListener[] = []
  readonly #perAddress = new Map<string, number>()
  readonly #failureListeners: ((error: Error) => void)[] = []
  #closing: Promise<void> | undefined
  #hasFailed = false
  readonly #startedMs: number
  readonly #throttle: ConnectionThrottle

  private constructor(options: Settled, storage: Storage) {
    this.#options = options
    this.#startedMs = options.platform.clock.monotonicMs()
    this.#throttle = new ConnectionThrottle(options.throttle, this.#startedMs)
    this.#storage = storage
    this.#processor = new Processor({
      ...options,
      clock: options.platform.clock,
      storage,
      machine: new Machine(storage.tree, {
        tickTimeMs: options.tickTimeMs,
        maxEntryBytes: options.maxFrameBytes,
        enforceQuota: options.enforceQuota,
      }),
    })
    storage.onFailure = (error) => this.#fail(error)
  }

  /** Recovers the tree and listens. Throws a DirectoryError when the directory cannot be used. */
  static async start(options: ServerOptions): Promise<ZooKeeperServer> {
    const settled = settle(options)
    const storage = await Storage.open(settled)
    const server = new ZooKeeperServer(settled, storage)
    try {
      for (const listener of settled.listeners) {
        server.#listeners.push(
          await settled.platform.network.listen(listener, (socket) => server.#accept(socket)),
        )
      }
    } catch (error) {
      await server.close()
      throw error
    }
    return server
  }

  /** The ports of `options.listeners`, in their order. */
  get ports(): readonly number[] {
    return this.#listeners.map((listener) => listener.port)
  }

  get lastZxid(): number {
    return this.#storage.tree.lastZxid
  }

  /** A connection without TCP; give it to `ZooKeeperClient.connect({ connect: { open } })`. */
  connectInProcess(): Promise<Socket> {
    if (this.#closing !== undefined || this.#hasFailed) {
      return Promise.reject(new Error('the ZooKeeper server has ended'))
    }
    const [near, far] = socketPair(this.#options.platform.clock)
    this.#serve(far, () => {})
    return Promise.resolve(near)
  }

  /** Disk errors and the like end the server: called once, after its connections were cut. */
  onFailure(listener: (error: Error) => void): void {
    this.#failureListeners.push(listener)
  }

  /** Answers what is under way, and stops. Sessions live on in the data directory. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const listeners = this.#listeners.map((listener) => listener.close())
    await this.#storage.flush()
    this.#processor.stop()
    this.#cutConnections('the server closes')
    await Promise.all(listeners)
    await this.#storage.close()
  }

  #cutConnections(reason: string): void {
    for (const connection of this.#processor.connections) connection.destroy(reason)
  }

  #accept(socket: Socket): void {
    const { maxClientConnections, maxConnections, logger } = this.#options
    const address = socket.remoteAddress
    if (maxConnections > 0 && this.#processor.connections.size >= maxConnections) {
      this.#processor.rejections.connections++
      logger.warn(`Too many connections - max is ${maxConnections}`)
      socket.destroy()
      return
    }
    const count = this.#perAddress.get(address) ?? 0
    if (maxClientConnections > 0 && count >= maxClientConnections) {
      this.#processor.rejections.connections++
      logger.warn(`Too many connections from ${address} - max is ${maxClientConnections}`)
      socket.destroy()
      return
    }
    this.#perAddress.set(address, count + 1)
    this.#serve(socket, () => {
      const left = (this.#perAddress.get(address) ?? 1) - 1
      if (left === 0) this.#perAddress.delete(address)
      else this.#perAddress.set(address, left)
    })
  }

  #serve(socket: Socket, onClosed: () => void): void {
    const { maxFrameBytes, users, platform } = this.#options
    const connection = new ServerConnection(socket, this.#processor, {
      maxFrameBytes,
      users,
      nonce: () => platform.random.bytes(16).toString('hex'),
      handshakeMs: HANDSHAKE_MS,
      admit: () => this.#throttle.admit(platform.clock.monotonicMs()),
      passwordOf: (sessionId) => this.#storage.passwordOf(sessionId),
      fourLetterWord: (word) => answerWord(this.#wordContext(), word),
      onClosed,
    })
    connection.start()
  }

  /** JSON of a command of the admin server. */
  answerCommand(name: string): string {
    return answerCommand(this.#wordContext(), name)
  }

  #wordContext(): WordContext {
    const options = this.#options
    return {
      processor: this.#processor,
      whitelist: new Set(options.fourLetterWords),
      directories: () => this.#storage.state(),
      initialConfiguration: options.initialConfiguration,
      environment: options.environment,
      startedMs: this.#startedMs,
      settings: new Map<string, string | number>([
        ['clientPort', this.#portWhere(({ tls }) => tls === undefined)],
        ['secureClientPort', this.#portWhere(({ tls }) => tls !== undefined)],
        ['dataDir', `${options.directory}/version-2`],
        ['dataLogDir', `${options.logDirectory}/version-2`],
        ['tickTime', options.tickTimeMs],
        ['maxClientCnxns', options.maxClientConnections],
        ['minSessionTimeout', options.minSessionTimeoutMs],
        ['maxSessionTimeout', options.maxSessionTimeoutMs],
        ['clientPortListenBacklog', -1],
        ['serverId', 0],
      ]),
    }
  }

  #portWhere(matches: (options: ListenOptions) => boolean): number {
    return this.ports[this.#options.listeners.findIndex(matches)] ?? -1
  }

  #fail(cause: unknown): void {
    const error = cause instanceof Error ? cause : new Error(String(cause))
    this.#hasFailed = true
    this.#options.logger.error(
      `The transaction log in ${this.#options.logDirectory} could not be written; ZooKeeper stops`,
      error,
    )
    this.#processor.stop()
    this.#cutConnections('the transaction log failed')
    for (const listener of this.#listeners) void listener.close()
    for (const listener of this.#failureListeners) listener(error)
  }
}
