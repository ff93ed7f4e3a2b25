// A session of a client, over however many connections it takes: pipelined requests in order, pings,
// reconnecting to the next host, watches and identities set again, expiry. Bounded in flight; what
// is sent and unanswered when a connection goes is either safe to send again, or fails as lost.
import type { Timer } from '../platform/clock.ts'
import { sleep } from '../platform/clock.ts'
import type { Socket } from '../platform/network.ts'
import type { Platform } from '../platform/platform.ts'
import type { Logger } from '../telemetry/logger.ts'
import { ClientLink } from './client-link.ts'
import type { LinkEvents } from './client-link.ts'
import { ClientWatches } from './client-watches.ts'
import { DigestClient, SaslError } from './digest-md5.ts'
import type { Credentials } from './digest-md5.ts'
import { codeName, ZooKeeperCode, ZooKeeperError } from './errors.ts'
import { JuteError, JuteReader, JuteWriter } from './jute.ts'
import { OpCode, Xid } from './protocol.ts'

export type SessionState = 'connected' | 'disconnected' | 'expired' | 'closed'

export interface Reply {
  readonly code: number
  readonly zxid: number
  /** Stands at the body. */
  readonly reader: JuteReader
  /** The request had been sent before, on a connection that was lost: it may have been done twice. */
  readonly afterLoss: boolean
}

export interface ClientRequest {
  /** Length, room for the xid, operation and body. */
  frame: Buffer
  readonly path: string | undefined
  readonly whenLost: 'retry' | 'fail'
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: ZooKeeperError) => void
  xid: number
  lost: boolean
}

export interface SessionOptions {
  readonly platform: Platform
  readonly logger: Logger
  /** One per host, tried in turn. */
  readonly openers: readonly ((timeoutMs: number) => Promise<Socket>)[]
  readonly sessionTimeoutMs: number
  readonly sessionId: bigint
  readonly password: Buffer
  /** Who this is by SASL, shown on every connection before anything else. */
  readonly sasl: Credentials | undefined
  readonly maxInFlight: number
  readonly maxQueued: number
  readonly maxFrameBytes: number
  readonly onState: (state: SessionState) => void
  readonly onEvent: (type: number, path: string) => void
  /** The server does not believe who this is; it is tried again. */
  readonly onRefused: (reason: string) => void
}

const NO_PASSWORD = Buffer.alloc(16)
const RECONNECT_DELAY_MS = 100
/** A server that has refused who this is will hardly change its mind at once. */
const REFUSED_DELAY_MS = 1000

export class ClientSession implements LinkEvents {
  readonly #options: SessionOptions
  readonly watches = new ClientWatches()
  readonly #identities: { scheme: string; auth: Buffer | null }[] = []
  state: SessionState = 'disconnected'
  sessionId: bigint
  password: Buffer
  timeoutMs: number
  lastZxid = 0
  /** Why the last host that was tried could not be reached. */
  lastFailure: string | undefined
  #link: ClientLink | undefined
  #established = false
  /** Under way between the answer to the connect request and being established. */
  #sasl: DigestClient | undefined
  #wasRefused = false
  /** Waiting requests from `#queueHead` on. */
  #queue: ClientRequest[] = []
  #queueHead = 0
  #inFlight: ClientRequest[] = []
  #lastXid = 0
  #nextHost = 0
  #heartbeat: Timer | undefined
  #lastReceivedMs = 0
  #disconnectedAtMs = 0
  #connecting = false

  constructor(options: SessionOptions) {
    this.#options = options
    this.sessionId = options.sessionId
    this.password = options.password
    this.timeoutMs = options.sessionTimeoutMs
    this.#disconnectedAtMs = this.#nowMs()
  }

  /** Begins to connect; `onState` tells how it went. */
  start(): void {
    void this.#connect()
  }

  /** Forgets the session, so that the next connection begins a new one. */
  reset(): void {
    this.sessionId = 0n
    this.password = NO_PASSWORD
    this.lastZxid = 0
    this.watches.clear()
    this.state = 'disconnected'
    this.#disconnectedAtMs = this.#nowMs()
    this.start()
  }

  submit(request: ClientRequest): void {
    const refusal = this.#refusal()
    if (refusal !== undefined) {
      request.reject(new ZooKeeperError(refusal, request.path))
      return
    }
    this.#queue.push(request)
    this.#pump()
  }

  addIdentity(scheme: string, auth: Buffer | null): void {
    this.#identities.push({ scheme, auth })
    if (this.#established) this.#sendAuth(scheme, auth)
  }

  /** Ends without a word to the server: the session lives on until its timeout. */
  abandon(): void {
    if (this.state === 'closed') return
    this.#enter('closed')
    this.#heartbeat?.cancel()
    this.#link?.drop()
    this.#link = undefined
    this.#failAll(ZooKeeperCode.CONNECTIONLOSS)
  }

  #refusal(): number | undefined {
    if (this.state === 'expired') return ZooKeeperCode.SESSIONEXPIRED
    if (this.state === 'closed') return ZooKeeperCode.CONNECTIONLOSS
    if (this.#queue.length - this.#queueHead >= this.#options.maxQueued)
      return ZooKeeperCode.THROTTLEDOP
    return undefined
  }

  #nowMs(): number {
    return this.#options.platform.clock.monotonicMs()
  }

  #enter(state: SessionState): void {
    if (this.state === state) return
    this.state = state
    this.#options.onState(state)
  }

  async #connect(): Promise<void> {
    if (this.#connecting) return
    this.#connecting = true
    const { openers, platform, logger } = this.#options
    const timeoutMs = Math.max(1, Math.floor(this.timeoutMs / openers.length))
    for (let attempt = 1; this.state === 'disconnected'; attempt++) {
      const open = openers[this.#nextHost % openers.length]
      this.#nextHost++
      try {
        const socket = await open?.(timeoutMs)
        if (socket === undefined) break
        this.#connecting = false
        this.#greet(socket, timeoutMs)
        return
      } catch (error) {
        this.lastFailure = error instanceof Error ? error.message.trim() : String(error)
        logger.debug('No connection to ZooKeeper', error)
      }
      this.#giveUpWhatWaits()
      if (attempt % openers.length === 0) await sleep(platform.clock, RECONNECT_DELAY_MS)
    }
    this.#connecting = false
  }

  /** What waits longer than a session lives would be done in no session it was meant for. */
  #giveUpWhatWaits(): void {
    if (this.#nowMs() - this.#disconnectedAtMs > this.timeoutMs) {
      this.#failAll(ZooKeeperCode.CONNECTIONLOSS)
    }
  }

  #greet(socket: Socket, timeoutMs: number): void {
    if (this.state !== 'disconnected') {
      socket.destroy()
      return
    }
    const link = new ClientLink(socket, this.#options.maxFrameBytes, this)
    this.#link = link
    this.#established = false
    const writer = new JuteWriter(64).int32(0).int32(0).long(this.lastZxid)
    writer.int32(this.#options.sessionTimeoutMs).int64(this.sessionId).bytes(this.password)
    writer.bool(false)
    writer.patchInt32(0, writer.position - 4)
    link.send(writer.finish())
    this.#heartbeat?.cancel()
    this.#heartbeat = this.#options.platform.clock.setTimer(timeoutMs, () => link.drop())
  }

  onFrame(link: ClientLink, frame: Buffer): void {
    if (link !== this.#link) return
    this.#lastReceivedMs = this.#nowMs()
    try {
      if (this.#established) this.#onReply(new JuteReader(frame))
      else if (this.#sasl !== undefined) this.#onSaslReply(link, this.#sasl, new JuteReader(frame))
      else this.#onConnected(link, new JuteReader(frame))
    } catch (error) {
      if (error instanceof SaslError) return this.#refused(link, error.message)
      if (!(error instanceof JuteError)) throw error
      this.#options.logger.warn(`Bad reply from ZooKeeper: ${error.message}`)
      link.drop()
    }
  }

  onLost(link: ClientLink): void {
    if (link !== this.#link) return
    this.#link = undefined
    const delayMs = this.#reconnectDelayMs()
    this.#established = false
    this.#sasl = undefined
    this.#heartbeat?.cancel()
    const sent = this.#inFlight
    this.#inFlight = []
    const again = sent.filter((request) => request.whenLost === 'retry')
    for (const request of again) {
      request.lost = true
      // What the old socket was given must not change.
      request.frame = Buffer.from(request.frame)
    }
    this.#queue = [...again, ...this.#queue.slice(this.#queueHead)]
    this.#queueHead = 0
    for (const request of sent) {
      if (request.whenLost === 'retry') continue
      request.reject(new ZooKeeperError(ZooKeeperCode.CONNECTIONLOSS, request.path))
    }
    if (this.state === 'closed' || this.state === 'expired') return
    if (this.state === 'connected') this.#disconnectedAtMs = this.#nowMs()
    this.#enter('disconnected')
    this.#giveUpWhatWaits()
    this.#options.platform.clock.setTimer(delayMs, () => {
      if (this.#link === undefined) void this.#connect()
    })
  }

  #reconnectDelayMs(): number {
    if (this.#wasRefused) return REFUSED_DELAY_MS
    return this.#established ? 0 : RECONNECT_DELAY_MS
  }

  #onConnected(link: ClientLink, reader: JuteReader): void {
    reader.int32()
    const timeoutMs = reader.int32()
    const sessionId = reader.int64()
    const password = reader.bytes() ?? NO_PASSWORD
    if (timeoutMs <= 0) {
      this.#link = undefined
      this.#heartbeat?.cancel()
      link.drop()
      this.#failAll(ZooKeeperCode.SESSIONEXPIRED)
      this.#enter('expired')
      return
    }
    this.sessionId = sessionId
    this.password = Buffer.from(password)
    this.timeoutMs = timeoutMs
    this.#wasRefused = false
    if (this.#options.sasl === undefined) return this.#establish(link)
    const cnonce = this.#options.platform.random.bytes(16).toString('hex')
    this.#sasl = new DigestClient(this.#options.sasl, cnonce)
    this.#sendSasl(Buffer.alloc(0))
  }

  #sendSasl(token: Buffer): void {
    this.#sendSpecial(this.#nextXid(), OpCode.sasl, new JuteWriter().bytes(token).finish())
  }

  #onSaslReply(link: ClientLink, sasl: DigestClient, reader: JuteReader): void {
    const xid = reader.int32()
    reader.long()
    const code = reader.int32()
    // Nothing was asked yet that this could be an answer to.
    if (xid < 0) return
    if (code !== 0) return this.#refused(link, codeName(code))
    const token = sasl.next(reader.bytes() ?? Buffer.alloc(0))
    if (token !== undefined) return this.#sendSasl(token)
    this.#sasl = undefined
    this.#establish(link)
  }

  #refused(link: ClientLink, reason: string): void {
    this.#options.logger.error(`ZooKeeper refused the authentication of this client: ${reason}`)
    this.#wasRefused = true
    this.#options.onRefused(reason)
    link.drop()
  }

  #establish(link: ClientLink): void {
    this.#established = true
    this.#beat(link)
    for (const { scheme, auth } of this.#identities) this.#sendAuth(scheme, auth)
    const opCode = this.watches.hasPersistent ? OpCode.setWatches2 : OpCode.setWatches
    for (const body of this.watches.requests(this.lastZxid)) {
      this.#sendSpecial(Xid.setWatches, opCode, body)
    }
    this.#pump()
    this.#enter('connected')
  }

  /** A ping every third of the timeout; after two thirds of silence the connection is given up. */
  #beat(link: ClientLink, beats = 1): void {
    const { clock } = this.#options.platform
    this.#heartbeat?.cancel()
    this.#heartbeat = clock.setTimer(this.timeoutMs / 6, () => {
      if (link !== this.#link) return
      if (this.#nowMs() - this.#lastReceivedMs >= (this.timeoutMs * 2) / 3) return link.drop()
      if (beats % 2 === 0) this.#sendSpecial(Xid.ping, OpCode.ping, Buffer.alloc(0))
      this.#beat(link, beats + 1)
    })
  }

  #onReply(reader: JuteReader): void {
    const xid = reader.int32()
    const zxid = reader.long()
    const code = reader.int32()
    if (zxid > 0) this.lastZxid = Math.max(this.lastZxid, zxid)
    if (xid === Xid.notification) {
      const type = reader.int32()
      reader.int32()
      const path = reader.text()
      this.watches.consume(type, path)
      this.#options.onEvent(type, path)
      return
    }
    if (xid === Xid.auth && code !== 0 && this.#link !== undefined) {
      return this.#refused(this.#link, codeName(code))
    }
    if (xid < 0) return
    const request = this.#inFlight.shift()
    if (request?.xid !== xid) throw new JuteError(`a reply to request ${xid} out of order`)
    request.resolve({ code, zxid, reader, afterLoss: request.lost })
    this.#pump()
  }

  /** Sends what fits; requests of one client are answered in the order in which they were sent. */
  #pump(): void {
    const link = this.#link
    if (!this.#established || link === undefined) return
    while (this.#inFlight.length < this.#options.maxInFlight) {
      const request = this.#queue[this.#queueHead]
      if (request === undefined) break
      this.#queueHead++
      request.xid = this.#nextXid()
      request.frame.writeInt32BE(request.xid, 4)
      this.#inFlight.push(request)
      link.send(request.frame)
    }
    if (this.#queueHead === this.#queue.length || this.#queueHead > 1024) {
      this.#queue.splice(0, this.#queueHead)
      this.#queueHead = 0
    }
  }

  #nextXid(): number {
    this.#lastXid = this.#lastXid === 0x7fff_ffff ? 1 : this.#lastXid + 1
    return this.#lastXid
  }

  #sendAuth(scheme: string, auth: Buffer | null): void {
    const body = new JuteWriter().int32(0).string(scheme).bytes(auth).finish()
    this.#sendSpecial(Xid.auth, OpCode.auth, body)
  }

  #sendSpecial(xid: number, opCode: number, body: Buffer): void {
    const header = new JuteWriter(12)
      .int32(8 + body.length)
      .int32(xid)
      .int32(opCode)
      .finish()
    this.#link?.send(Buffer.concat([header, body]))
  }

  #failAll(code: number): void {
    const failed = [...this.#inFlight, ...this.#queue.slice(this.#queueHead)]
    this.#inFlight = []
    this.#queue = []
    this.#queueHead = 0
    for (const request of failed) request.reject(new ZooKeeperError(code, request.path))
  }
}
