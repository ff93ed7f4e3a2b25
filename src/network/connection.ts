// One accepted socket: frames in, answers out in the order of their requests. Hot: no promise, no
// closure and one object a request.
//
// Nothing is read while too many requests are in flight, the peer does not take its answers, the
// connection is throttled, or the memory for requests is used up: the socket is paused, and what
// has already arrived waits in the frame reader.
import type { Clock, Timer } from '../platform/clock.ts'
import type { Socket, SocketEvents } from '../platform/network.ts'
import type { AuthenticationExchange, Authenticator } from './authenticator.ts'
import { coalesce } from './coalesce.ts'
import type { Flushable, FlushQueue } from './flush-queue.ts'
import { FrameReader } from './frame-reader.ts'
import { InboundRequest, type RequestOwner, RequestState, writeSize } from './inbound-request.ts'
import type { RequestContext } from './request-context.ts'
import { type HeaderVersionOf, RequestHeader } from './request-header.ts'
import { RequestQueue } from './request-queue.ts'
import type { MemoryWaiter, RequestMemory } from './request-memory.ts'
import type { RefusalReason, Traffic } from './traffic.ts'

/** Takes a request and answers it through its methods, now or later. */
export type RequestHandler = (request: RequestContext) => void

/** What all connections of a listener share. */
export interface ConnectionServices {
  readonly clock: Clock
  readonly listenerName: string
  readonly securityProtocol: string
  readonly flushQueue: FlushQueue
  readonly memory: RequestMemory
  readonly traffic: Traffic
  readonly handler: RequestHandler
  readonly headerVersionOf: HeaderVersionOf
  /** socket.request.max.bytes */
  readonly maxRequestBytes: number
  /** Requests of one connection that may be unanswered. */
  readonly maxInFlight: number
  /** Called once, when the connection is gone. */
  onClose(connection: Connection, reason: string): void
}

interface Refusal {
  readonly reason: RefusalReason
  readonly detail: string
}

const ANONYMOUS = 'User:ANONYMOUS'
/** How long a connection that we end may take to carry what was written before. */
const LAST_WORDS_MS = 5_000
/** Answers are handed to the socket in portions of about so many bytes. */
const WRITE_BYTES = 4 * 1024 * 1024

export class Connection
  implements RequestOwner, SocketEvents, Flushable, MemoryWaiter, AuthenticationExchange
{
  readonly id: string
  readonly clientAddress: string
  readonly clientPort: number
  readonly localAddress: string
  readonly localPort: number
  readonly listenerName: string
  readonly securityProtocol: string
  readonly sizeBytes = 4
  principal = ANONYMOUS
  isClosed = false
  /** Monotonic; for the idle check. */
  lastActiveMs: number
  /** When the frame that is arriving began; undefined between frames. */
  frameStartedMs: number | undefined

  readonly #socket: Socket
  readonly #services: ConnectionServices
  readonly #reader: FrameReader
  readonly #header = new RequestHeader()
  /** Requests whose answers have not been shipped. */
  readonly #requests = new RequestQueue()
  #authenticator: Authenticator | undefined
  #isAwaitingAuthenticator = false
  #isReading = false
  #isPaused = false
  #isWriteBlocked = false
  #isThrottled = false
  #isEnding = false
  #isFlushScheduled = false
  #timer: Timer | undefined
  #refusal: Refusal | undefined
  #closeReason = 'closed by the client'

  constructor(
    socket: Socket,
    number: number,
    services: ConnectionServices,
    authenticator?: Authenticator,
  ) {
    this.#socket = socket
    this.#services = services
    this.#authenticator = authenticator
    this.clientAddress = socket.remoteAddress
    this.clientPort = socket.remotePort
    this.localAddress = socket.localAddress
    this.localPort = socket.localPort
    this.listenerName = services.listenerName
    this.securityProtocol = services.securityProtocol
    const { localAddress, localPort, clientAddress, clientPort } = this
    this.id = `${localAddress}:${localPort}-${clientAddress}:${clientPort}-${number}`
    this.lastActiveMs = services.clock.monotonicMs()
    const maxBytes = authenticator?.maxFrameBytes ?? services.maxRequestBytes
    this.#reader = new FrameReader(maxBytes, services.memory)
  }

  /** Begins to take part; to be called once. */
  start(): void {
    this.#socket.listen(this)
  }

  /** Whether closing it for idleness loses nothing. */
  get isIdle(): boolean {
    return this.#requests.length === 0 && !this.#isThrottled
  }

  /** Bytes of the incomplete frame that have arrived. */
  get partialFrameBytes(): number {
    return this.#reader.filledBytes
  }

  // ---- reading

  nextBuffer(): Buffer | undefined {
    return this.#reader.nextBuffer()
  }

  onData(chunk: Buffer): void {
    if (this.isClosed || this.#isEnding) return
    this.#services.traffic.bytesIn += chunk.length
    this.lastActiveMs = this.#services.clock.monotonicMs()
    this.#reader.push(chunk)
    this.#read()
  }

  onMemory(): void {
    this.#read()
  }

  /** Hands out frames until there are none, or until something holds the connection back. */
  #read(): void {
    if (this.#isReading || this.isClosed) return
    this.#isReading = true
    do {
      while (this.#mayRead()) {
        const frame = this.#reader.next()
        if (frame === undefined) break
        this.frameStartedMs = undefined
        if (this.#authenticator === undefined) this.#dispatch(frame)
        else this.#authenticate(this.#authenticator, frame)
      }
    } while (this.#shipDue() && this.#reader.hasUnread)
    this.#isReading = false
    if (this.isClosed) return
    const problem = this.#reader.problem
    if (problem !== undefined) this.#refuseInOrder(problem, problem)
    if (!this.#reader.isInsideFrame) this.frameStartedMs = undefined
    else this.frameStartedMs ??= this.lastActiveMs
    this.#setPaused(!this.#mayRead())
  }

  #mayRead(): boolean {
    if (this.isClosed || this.#isEnding || this.#isWriteBlocked || this.#isThrottled) return false
    if (this.#refusal !== undefined) return false
    if (this.#isAwaitingAuthenticator || this.#requests.length >= this.#services.maxInFlight)
      return false
    const { memory } = this.#services
    if (!memory.isFull || this.#reader.heldBytes > 0) return true
    memory.wait(this)
    return false
  }

  #setPaused(paused: boolean): void {
    if (this.#isPaused === paused || this.isClosed) return
    this.#isPaused = paused
    if (paused) this.#socket.pause()
    else this.#socket.resume()
  }

  #dispatch(frame: Buffer): void {
    const { memory, traffic, headerVersionOf, handler } = this.#services
    const problem = this.#header.read(frame, headerVersionOf)
    if (problem !== undefined) {
      this.#releaseFrame(frame)
      const { apiKey, apiVersion } = this.#header
      this.#refuseInOrder('malformed request', `${problem} (key ${apiKey}, version ${apiVersion})`)
      return
    }
    // What the reader had taken for an assembled frame passes over to the request.
    if (!this.#reader.wasAssembled) memory.take(frame.length)
    traffic.requests += 1
    const request = new InboundRequest(this.#header, this, frame, this.lastActiveMs)
    this.#requests.push(request)
    handler(request)
  }

  #releaseFrame(frame: Buffer): void {
    if (this.#reader.wasAssembled) this.#services.memory.release(frame.length)
  }

  // ---- answering

  onAnswered(request: InboundRequest): void {
    if (this.isClosed) {
      this.#services.memory.release(request.body.length)
      return
    }
    if (request !== this.#requests.oldest || this.#isReading || this.#isFlushScheduled) return
    this.#isFlushScheduled = true
    this.#services.flushQueue.schedule(this)
  }

  /** Called by the flush queue: ships what is due, then reads on where that had waited for it. */
  flush(): void {
    this.#isFlushScheduled = false
    if (this.#shipDue()) this.#read()
  }

  /** Whether anything was shipped. */
  #shipDue(): boolean {
    let shipped = false
    while (this.#mayShip()) {
      this.#ship()
      shipped = true
    }
    if (this.#refusal !== undefined && this.#requests.oldest === undefined) {
      this.#refuse(this.#refusal.reason, this.#refusal.detail)
    }
    return shipped
  }

  #mayShip(): boolean {
    if (this.isClosed || this.#isWriteBlocked || this.#isEnding) return false
    return (
      this.#requests.oldest !== undefined && this.#requests.oldest.state !== RequestState.pending
    )
  }

  #ship(): void {
    const { clock, memory, traffic } = this.#services
    const nowMs = clock.monotonicMs()
    const segments: Uint8Array[] = []
    let bytes = 0
    const sent: (() => void)[] = []
    let request = this.#requests.oldest
    while (request !== undefined && bytes < WRITE_BYTES) {
      if (request.state === RequestState.pending) break
      if (request.state === RequestState.closing) {
        this.#write(segments, bytes, sent)
        this.#refuse('handler', request.closeReason)
        return
      }
      for (let i = 0; i < request.segments.length; i += 1) segments.push(request.segments[i]!)
      bytes += request.segmentBytes
      if (request.onSent !== undefined) sent.push(request.onSent)
      if (request.state === RequestState.answered) traffic.responses += 1
      traffic.requestMetrics?.onAnswered(request, nowMs)
      if (request.throttleTimeMs > 0) this.#throttle(request.throttleTimeMs)
      memory.release(request.body.length)
      request = this.#requests.shift()
    }
    this.#write(segments, bytes, sent)
  }

  #write(segments: readonly Uint8Array[], bytes: number, sent: readonly (() => void)[] = []): void {
    if (bytes === 0) return
    this.#services.traffic.bytesOut += bytes
    const buffers = segments.length === 1 ? segments : coalesce(segments)
    const onSent = sent.length === 0 ? undefined : () => sent.forEach((one) => one())
    if (!this.#socket.write(buffers, onSent)) this.#isWriteBlocked = true
  }

  onDrain(): void {
    this.lastActiveMs = this.#services.clock.monotonicMs()
    if (!this.#isWriteBlocked) return
    this.#isWriteBlocked = false
    this.#shipDue()
    this.#read()
  }

  #throttle(throttleTimeMs: number): void {
    this.#timer?.cancel()
    this.#isThrottled = true
    this.#timer = this.#services.clock.setTimer(throttleTimeMs, () => {
      this.#isThrottled = false
      this.#timer = undefined
      this.#read()
    })
  }

  // ---- authentication

  #authenticate(authenticator: Authenticator, frame: Buffer): void {
    this.#releaseFrame(frame)
    this.#isAwaitingAuthenticator = true
    authenticator.onFrame(frame, this)
  }

  reply(segments: readonly Uint8Array[]): void {
    if (this.isClosed) return
    this.#isAwaitingAuthenticator = false
    this.#write(segments, writeSize(segments))
    this.#read()
  }

  succeed(principal: string, segments?: readonly Uint8Array[]): void {
    this.principal = principal
    this.#authenticator = undefined
    this.#reader.maxFrameBytes = this.#services.maxRequestBytes
    this.#isAwaitingAuthenticator = false
    if (this.isClosed) return
    if (segments !== undefined) this.#write(segments, writeSize(segments))
    this.#read()
  }

  fail(reason: string, segments?: readonly Uint8Array[], delayMs = 0): void {
    if (this.isClosed) return
    const close = (): void => {
      this.#timer = undefined
      if (segments !== undefined) this.#write(segments, writeSize(segments))
      this.#refuse('authentication', reason)
    }
    if (delayMs > 0) this.#timer = this.#services.clock.setTimer(delayMs, close)
    else close()
  }

  // ---- closing

  /** Reads no further, and gives up the connection when the requests before have been answered. */
  #refuseInOrder(reason: RefusalReason, detail: string): void {
    if (this.#refusal !== undefined) return
    this.#refusal = { reason, detail }
    if (!this.#isReading) this.#shipDue()
  }

  /** Gives up the connection after what has been written; counted under `reason`. */
  #refuse(reason: RefusalReason, detail: string): void {
    if (this.isClosed || this.#isEnding) return
    this.#services.traffic.refuse(reason)
    this.#isEnding = true
    this.#closeReason = detail
    if (this.#socket.bufferedBytes === 0) {
      this.close(detail)
      return
    }
    // The peer's own end is only noticed while the socket is read; what it still sends is dropped.
    this.#setPaused(false)
    this.#socket.end()
    this.#timer?.cancel()
    this.#timer = this.#services.clock.setTimer(LAST_WORDS_MS, () => this.close(detail))
  }

  /** Closes at once. */
  close(reason: string): void {
    if (this.isClosed) return
    this.#closeReason = reason
    this.#socket.destroy()
    this.#onGone()
  }

  onClose(error?: Error): void {
    if (error !== undefined && !this.#isEnding) this.#closeReason = error.message
    this.#onGone()
  }

  #onGone(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.#timer?.cancel()
    const { memory } = this.#services
    memory.forget(this)
    memory.release(this.#reader.heldBytes)
    // Requests still in work give their memory back when they are answered.
    for (let request = this.#requests.oldest; request !== undefined; request = request.following) {
      if (request.state !== RequestState.pending) memory.release(request.body.length)
    }
    this.#requests.clear()
    this.#services.onClose(this, this.#closeReason)
  }
}
