// The listeners of a broker: bound first, so that a port in use is known at once; served when the
// broker is ready. Until then, and while limits hold them back, accepted sockets wait unread.
import type { Clock, Timer } from '../platform/clock.ts'
import type { SecurityProtocol } from '../config/listeners.ts'
import type { NetworkListener, Socket } from '../platform/network.ts'
import type { Platform } from '../platform/platform.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Authenticator } from './authenticator.ts'
import { Connection, type ConnectionServices, type RequestHandler } from './connection.ts'
import { ConnectionLimits, type ConnectionLimitSettings } from './connection-limits.ts'
import { FlushQueue } from './flush-queue.ts'
import type { HeaderVersionOf } from './request-header.ts'
import { RequestMemory } from './request-memory.ts'
import { Traffic } from './traffic.ts'

/** Where to listen, and what is spoken there. */
export interface Endpoint {
  readonly listenerName: string
  readonly securityProtocol: SecurityProtocol
  /** Empty: all interfaces. */
  readonly host: string
  /** 0: a free one. */
  readonly port: number
}

export interface ListenersOptions {
  readonly platform: Platform
  readonly logger: Logger
  readonly endpoints: readonly Endpoint[]
  readonly limits?: ConnectionLimitSettings | undefined
  /** socket.request.max.bytes */
  readonly maxRequestBytes?: number | undefined
  /** connections.max.idle.ms */
  readonly maxIdleMs?: number | undefined
  /** queued.max.request.bytes; negative: the default below. */
  readonly maxQueuedBytes?: number | undefined
  /** Unanswered requests of one connection. */
  readonly maxInFlight?: number | undefined
  /** socket.listen.backlog.size */
  readonly backlog?: number | undefined
  /** Wraps an accepted socket in TLS where the endpoint asks for it. */
  readonly secure?: ((socket: Socket, endpoint: Endpoint) => Socket) | undefined
  /** Who authenticates a new connection; undefined: nobody, handlers get its first request. */
  readonly authenticate?: ((endpoint: Endpoint) => Authenticator | undefined) | undefined
}

const DEFAULT_MAX_REQUEST_BYTES = 104_857_600
const DEFAULT_MAX_IDLE_MS = 600_000
const DEFAULT_MAX_QUEUED_BYTES = 268_435_456
const DEFAULT_MAX_IN_FLIGHT = 64
const DEFAULT_BACKLOG = 50
/** Accepted sockets that limits hold back; more are closed. */
const MAX_WAITING = 1024
const MAX_SWEEP_MS = 5_000
/** A frame that has begun must be complete by then, plus a second for each kilobyte of it. */
const FRAME_GRACE_MS = 60_000
const FRAME_BYTES_PER_MS = 1

interface Bound {
  readonly endpoint: Endpoint
  readonly traffic: Traffic
  readonly connections: Set<Connection>
  network: NetworkListener | undefined
  services: ConnectionServices | undefined
}

interface WaitingSocket {
  readonly bound: Bound
  readonly socket: Socket
}

export class Listeners {
  readonly #options: ListenersOptions
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #bound: Bound[] = []
  readonly #limits: ConnectionLimits
  readonly #memory: RequestMemory
  readonly #flushQueue: FlushQueue
  #waiting: WaitingSocket[] = []
  #isServing = false
  #isClosed = false
  #accepted = 0
  #sweepTimer: Timer | undefined
  #admitTimer: Timer | undefined

  private constructor(options: ListenersOptions) {
    this.#options = options
    this.#clock = options.platform.clock
    this.#logger = options.logger.named('SocketServer')
    this.#limits = new ConnectionLimits(options.limits)
    this.#flushQueue = new FlushQueue(this.#clock)
    const maxRequestBytes = options.maxRequestBytes ?? DEFAULT_MAX_REQUEST_BYTES
    const asked = options.maxQueuedBytes ?? -1
    const limitBytes = Math.max(asked < 0 ? DEFAULT_MAX_QUEUED_BYTES : asked, maxRequestBytes)
    this.#memory = new RequestMemory(limitBytes, (callback) => this.#clock.defer(callback))
  }

  /** Binds all endpoints, or none: rejects with the system's code (EADDRINUSE, EACCES). */
  static async bind(options: ListenersOptions): Promise<Listeners> {
    const listeners = new Listeners(options)
    try {
      for (const endpoint of options.endpoints) await listeners.#bind(endpoint)
    } catch (error) {
      await listeners.close()
      throw error
    }
    return listeners
  }

  async #bind(endpoint: Endpoint): Promise<void> {
    const bound: Bound = {
      endpoint,
      traffic: new Traffic(),
      connections: new Set(),
      network: undefined,
      services: undefined,
    }
    this.#bound.push(bound)
    const { host, port } = endpoint
    const backlog = this.#options.backlog ?? DEFAULT_BACKLOG
    bound.network = await this.#options.platform.network.listen(
      { host: host === '' ? undefined : host, port, backlog },
      (socket) => this.#onSocket(bound, socket),
    )
  }

  /** Gives requests to `handler` from now on, beginning with the sockets that have waited. */
  serve(handler: RequestHandler, headerVersionOf: HeaderVersionOf): void {
    for (const bound of this.#bound) {
      bound.services = this.#servicesOf(bound, handler, headerVersionOf)
    }
    this.#isServing = true
    for (const { traffic } of this.#bound) traffic.sample(this.#clock.monotonicMs())
    this.#admitWaiting()
    this.#scheduleSweep()
  }

  #servicesOf(
    bound: Bound,
    handler: RequestHandler,
    headerVersionOf: HeaderVersionOf,
  ): ConnectionServices {
    return {
      clock: this.#clock,
      listenerName: bound.endpoint.listenerName,
      securityProtocol: bound.endpoint.securityProtocol,
      flushQueue: this.#flushQueue,
      memory: this.#memory,
      traffic: bound.traffic,
      handler,
      headerVersionOf,
      maxRequestBytes: this.#options.maxRequestBytes ?? DEFAULT_MAX_REQUEST_BYTES,
      maxInFlight: this.#options.maxInFlight ?? DEFAULT_MAX_IN_FLIGHT,
      onClose: (connection, reason) => this.#onConnectionClosed(bound, connection, reason),
    }
  }

  /** Port that the listener is bound to. */
  port(listenerName: string): number | undefined {
    return this.#bound.find(({ endpoint }) => endpoint.listenerName === listenerName)?.network?.port
  }

  /** Counts of each listener, by its name. */
  *traffic(): Iterable<readonly [listenerName: string, traffic: Traffic]> {
    for (const { endpoint, traffic } of this.#bound) yield [endpoint.listenerName, traffic]
  }

  get connectionCount(): number {
    return this.#limits.total
  }

  /** Bytes of requests that have arrived and are not answered. */
  get queuedBytes(): number {
    return this.#memory.usedBytes
  }

  updateLimits(settings: ConnectionLimitSettings): void {
    this.#limits.update(settings)
    this.#admitWaiting()
  }

  // ---- accepting

  #onSocket(bound: Bound, socket: Socket): void {
    if (this.#isClosed) {
      socket.destroy()
      return
    }
    if (this.#waiting.length >= MAX_WAITING) {
      bound.traffic.refuse('too many connections')
      socket.destroy()
      return
    }
    this.#waiting.push({ bound, socket })
    this.#admitWaiting()
  }

  /** Lets in, in order of arrival, who may come; a full listener does not hold up another. */
  #admitWaiting(): void {
    if (!this.#isServing || this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const entry of waiting) if (!this.#admit(entry)) this.#waiting.push(entry)
  }

  /** False: it has to wait. */
  #admit({ bound, socket }: WaitingSocket): boolean {
    const { listenerName } = bound.endpoint
    const nowMs = this.#clock.monotonicMs()
    const admission = this.#limits.admit(listenerName, socket.remoteAddress, nowMs)
    switch (admission.kind) {
      case 'wait':
        return false
      case 'delay':
        this.#admitTimer ??= this.#clock.setTimer(admission.delayMs, () => {
          this.#admitTimer = undefined
          this.#admitWaiting()
        })
        return false
      case 'refuse':
        bound.traffic.refuse('too many connections')
        this.#logger.info(`Rejected connection from ${socket.remoteAddress}: too many connections`)
        socket.destroy()
        return true
      case 'admit':
        this.#open(bound, socket)
        return true
    }
  }

  #open(bound: Bound, plain: Socket): void {
    const { services, endpoint } = bound
    if (services === undefined) throw new Error('sockets are admitted after serve')
    const socket = this.#options.secure?.(plain, endpoint) ?? plain
    const number = this.#accepted
    this.#accepted += 1
    const authenticator = this.#options.authenticate?.(endpoint)
    const connection = new Connection(socket, number, services, authenticator)
    bound.connections.add(connection)
    bound.traffic.connectionsOpened += 1
    connection.start()
    if (this.#limits.excess > 0) this.#closeLeastRecent(endpoint.listenerName)
  }

  /** Makes room for a broker's connection, as Kafka does when max.connections is reached. */
  #closeLeastRecent(exceptListener: string): void {
    let oldest: Connection | undefined
    for (const { endpoint, connections } of this.#bound) {
      if (endpoint.listenerName === exceptListener) continue
      for (const connection of connections) {
        if (oldest === undefined || connection.lastActiveMs < oldest.lastActiveMs)
          oldest = connection
      }
    }
    oldest?.close('closed to make room for a broker')
  }

  #onConnectionClosed(bound: Bound, connection: Connection, reason: string): void {
    bound.connections.delete(connection)
    bound.traffic.connectionsClosed += 1
    this.#limits.release(connection.listenerName, connection.clientAddress)
    this.#logger.debug(`Connection ${connection.id} closed: ${reason}`)
    this.#admitWaiting()
  }

  // ---- idle and slow connections

  #scheduleSweep(): void {
    const maxIdleMs = this.#options.maxIdleMs ?? DEFAULT_MAX_IDLE_MS
    const periodMs =
      maxIdleMs < 0 ? MAX_SWEEP_MS : Math.min(MAX_SWEEP_MS, Math.max(10, maxIdleMs / 8))
    this.#sweepTimer = this.#clock.setTimer(periodMs, () => {
      this.#sweep(maxIdleMs < 0 ? Infinity : maxIdleMs)
      this.#scheduleSweep()
    })
  }

  #sweep(maxIdleMs: number): void {
    const nowMs = this.#clock.monotonicMs()
    for (const { connections, traffic } of this.#bound) {
      traffic.sample(nowMs)
      for (const connection of connections) {
        if (connection.isIdle && nowMs - connection.lastActiveMs >= maxIdleMs) {
          traffic.refuse('idle')
          connection.close(`idle for more than ${maxIdleMs} ms`)
        } else if (isSlow(connection, nowMs)) {
          traffic.refuse('slow')
          connection.close('a request arrived too slowly')
        }
      }
    }
  }

  /** Stops accepting and closes every connection. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#sweepTimer?.cancel()
    this.#admitTimer?.cancel()
    for (const { socket } of this.#waiting) socket.destroy()
    this.#waiting = []
    await Promise.all(this.#bound.map(async ({ network }) => network?.close()))
    for (const { connections } of this.#bound) {
      for (const connection of connections) connection.close('the broker shuts down')
    }
  }
}

function isSlow(connection: Connection, nowMs: number): boolean {
  const { frameStartedMs } = connection
  if (frameStartedMs === undefined) return false
  const allowedMs = FRAME_GRACE_MS + connection.partialFrameBytes / FRAME_BYTES_PER_MS
  return nowMs - frameStartedMs > allowedMs
}
