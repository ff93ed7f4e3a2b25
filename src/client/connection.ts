// One connection to a broker: requests out, responses back in the same order.
//
// Always: at most `maxInFlight` requests are unanswered, at most `maxQueued` wait for their turn,
// and each has a deadline. A request that is not answered in time closes the connection, because
// nothing that comes after it can be answered either. Every request ends: with a response or a
// KafkaError.
import type { Api } from '../wire/api.ts'
import { CodecError } from '../wire/api.ts'
import { FrameReader } from '../network/frame-reader.ts'
import type { Clock, Timer } from '../platform/clock.ts'
import type { Network, Socket } from '../platform/network.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import { decodeResponseHeader, encodeRequest } from '../wire/messages/headers.ts'

/** Where to connect to, and the limits. */
export interface ConnectionOptions {
  readonly host: string
  readonly port: number
  readonly clientId: string | null
  /** 10 s when left out. */
  readonly connectTimeoutMs?: number | undefined
  /** 30 s when left out; a request may ask for another. */
  readonly requestTimeoutMs?: number | undefined
  /** 5 when left out. */
  readonly maxInFlight?: number | undefined
  /** 1,000 when left out. */
  readonly maxQueued?: number | undefined
  /** 100 MiB when left out. */
  readonly maxResponseBytes?: number | undefined
  /**
   * Large responses come in the same memory one after the other: the caller is done with one before
   * it sends the next request. False when left out.
   */
  readonly reusesMemory?: boolean | undefined
}

/** What of a platform a connection needs. */
export interface ConnectionPlatform {
  readonly clock: Clock
  readonly network: Network
}

interface Pending {
  readonly correlationId: number
  readonly segments: readonly Buffer[]
  readonly timeoutMs: number
  readonly settle: (frame: Buffer) => void
  readonly fail: (error: KafkaError) => void
  timer: Timer | undefined
}

const DEFAULT_CONNECT_TIMEOUT_MS = 10_000
const DEFAULT_REQUEST_TIMEOUT_MS = 30_000
const DEFAULT_MAX_IN_FLIGHT = 5
const DEFAULT_MAX_QUEUED = 1000
const DEFAULT_MAX_RESPONSE_BYTES = 100 * 1024 * 1024
const CORRELATION_IDS = 0x7fff_ffff
/** The frame reader asks before it grows; the size of a frame is its only limit here. */
const unlimited = { grow: () => true }

/** An open connection. `open` makes it. */
export class Connection {
  readonly host: string
  readonly port: number
  readonly #options: ConnectionOptions
  readonly #clock: Clock
  readonly #socket: Socket
  readonly #frames: FrameReader
  /** Sent and not answered, oldest first. */
  readonly #inFlight: Pending[] = []
  readonly #queued: Pending[] = []
  readonly #drainWaiters: (() => void)[] = []
  /** The socket holds more than it should; what has an answer is bounded by that. */
  #isFull = false
  #nextCorrelationId = 0
  #closed: KafkaError | undefined

  private constructor(options: ConnectionOptions, clock: Clock, socket: Socket) {
    this.host = options.host
    this.port = options.port
    this.#options = options
    this.#clock = clock
    this.#socket = socket
    const maxBytes = options.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES
    this.#frames = new FrameReader(maxBytes, unlimited, options.reusesMemory)
    socket.listen({
      onData: (chunk) => this.#onData(chunk),
      nextBuffer: () => this.#frames.nextBuffer(),
      onDrain: () => this.#onDrain(),
      onClose: (error) => this.#onClose(error),
    })
  }

  /** Rejects with KafkaError NETWORK_EXCEPTION when nobody answers there. */
  static async open(options: ConnectionOptions, platform: ConnectionPlatform): Promise<Connection> {
    const { host, port } = options
    const timeoutMs = options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS
    try {
      const socket = await platform.network.connect({ host, port, timeoutMs })
      return new Connection(options, platform.clock, socket)
    } catch (error) {
      throw networkError(`cannot connect to ${host}:${port}`, error)
    }
  }

  get isOpen(): boolean {
    return this.#closed === undefined
  }

  /** Requests that are sent or wait. */
  get pendingRequests(): number {
    return this.#inFlight.length + this.#queued.length
  }

  /** Sends a request and resolves with its response. Rejects with KafkaError. */
  request<Q, QI, S, SI>(
    api: Api<Q, QI, S, SI>,
    version: number,
    value: QI,
    timeoutMs?: number,
  ): Promise<S> {
    return new Promise((resolve, reject) => {
      const settle = (frame: Buffer): void => resolve(decodeResponse(api, version, frame))
      this.#enqueue(api, version, value, timeoutMs, settle, reject)
    })
  }

  /**
   * Sends a request that has no response (Produce with acks 0), and resolves when there is room for
   * the next one.
   */
  async send<Q, QI, S, SI>(api: Api<Q, QI, S, SI>, version: number, value: QI): Promise<void> {
    while (this.#isFull && this.#closed === undefined) {
      await new Promise<void>((resolve) => this.#drainWaiters.push(resolve))
    }
    if (this.#closed !== undefined) throw this.#closed
    this.#write(encodeRequest(api, version, this.#correlationId(), this.#options.clientId, value))
  }

  /** Closes at once; what is unanswered fails with NETWORK_EXCEPTION. */
  close(): void {
    this.#stop(new KafkaError(Errors.NETWORK_EXCEPTION, 'the connection was closed'))
  }

  #enqueue<Q, QI, S, SI>(
    api: Api<Q, QI, S, SI>,
    version: number,
    value: QI,
    timeoutMs: number | undefined,
    settle: (frame: Buffer) => void,
    fail: (error: KafkaError) => void,
  ): void {
    if (this.#closed !== undefined) throw this.#closed
    if (this.#queued.length >= (this.#options.maxQueued ?? DEFAULT_MAX_QUEUED)) {
      const { host, port } = this
      throw new KafkaError(Errors.NETWORK_EXCEPTION, `too many requests wait for ${host}:${port}`)
    }
    const correlationId = this.#correlationId()
    this.#queued.push({
      correlationId,
      segments: encodeRequest(api, version, correlationId, this.#options.clientId, value),
      timeoutMs: timeoutMs ?? this.#options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS,
      settle,
      fail,
      timer: undefined,
    })
    this.#sendQueued()
  }

  #correlationId(): number {
    const id = this.#nextCorrelationId
    this.#nextCorrelationId = (id + 1) % CORRELATION_IDS
    return id
  }

  #sendQueued(): void {
    const limit = this.#options.maxInFlight ?? DEFAULT_MAX_IN_FLIGHT
    while (this.#inFlight.length < limit) {
      const next = this.#queued.shift()
      if (next === undefined) return
      this.#inFlight.push(next)
      next.timer = this.#clock.setTimer(next.timeoutMs, () => this.#onTimeout(next))
      this.#write(next.segments)
    }
  }

  #write(segments: readonly Buffer[]): void {
    const size = Buffer.allocUnsafe(4)
    let bytes = 0
    for (const segment of segments) bytes += segment.length
    size.writeInt32BE(bytes)
    this.#isFull = !this.#socket.write([size, ...segments])
  }

  #onDrain(): void {
    this.#isFull = false
    for (const waiter of this.#drainWaiters.splice(0)) waiter()
  }

  #onData(chunk: Buffer): void {
    this.#frames.push(chunk)
    for (;;) {
      const frame = this.#frames.next()
      if (frame === undefined) break
      this.#onFrame(frame)
    }
    const { problem } = this.#frames
    if (problem !== undefined) this.#stop(networkError(`the response is refused: ${problem}`))
  }

  #onFrame(frame: Buffer): void {
    const pending = this.#inFlight.shift()
    if (pending === undefined || frame.length < 4) {
      this.#stop(networkError('a response that nobody asked for'))
      return
    }
    pending.timer?.cancel()
    if (frame.readInt32BE(0) !== pending.correlationId) {
      const error = networkError('a response to another request')
      pending.fail(error)
      this.#stop(error)
      return
    }
    this.#settle(pending, frame)
    this.#sendQueued()
  }

  #settle(pending: Pending, frame: Buffer): void {
    try {
      pending.settle(frame)
    } catch (error) {
      if (!(error instanceof CodecError)) throw error
      const failure = networkError('a response that cannot be read', error)
      pending.fail(failure)
      this.#stop(failure)
    }
  }

  #onTimeout(pending: Pending): void {
    const { host, port } = this
    const text = `no answer from ${host}:${port} within ${pending.timeoutMs} ms`
    this.#stop(new KafkaError(Errors.REQUEST_TIMED_OUT, text))
  }

  #onClose(error: Error | undefined): void {
    this.#stop(networkError(`${this.host}:${this.port} closed the connection`, error))
  }

  #stop(error: KafkaError): void {
    if (this.#closed !== undefined) return
    this.#closed = error
    this.#socket.destroy()
    this.#onDrain()
    for (const pending of [...this.#inFlight.splice(0), ...this.#queued.splice(0)]) {
      pending.timer?.cancel()
      pending.fail(error)
    }
  }
}

const API_VERSIONS = 18

function decodeResponse<Q, QI, S, SI>(api: Api<Q, QI, S, SI>, version: number, frame: Buffer): S {
  const { bodyPosition } = decodeResponseHeader(api, version, frame)
  const isOldForm =
    api.key === API_VERSIONS &&
    frame.length >= bodyPosition + 2 &&
    frame.readInt16BE(bodyPosition) === Errors.UNSUPPORTED_VERSION
  // A broker that does not know the version of the question answers in version 0 (KIP-511).
  return api.response.decode(isOldForm ? 0 : version, frame, bodyPosition)
}

function networkError(text: string, cause?: unknown): KafkaError {
  const reason = cause instanceof Error ? `: ${cause.message}` : ''
  return new KafkaError(Errors.NETWORK_EXCEPTION, `${text}${reason}`, { cause })
}
