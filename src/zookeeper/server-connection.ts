// One socket of the server: frames in, replies out, from the connect request (or a four-letter
// word) to the end. Frames are handled one after the other; reading stops while too much is
// outstanding or the peer does not take its replies.
import type { Timer } from '../platform/clock.ts'
import type { Socket, SocketEvents } from '../platform/network.ts'
import { sameSecret } from './access.ts'
import type { Identity } from './access.ts'
import { Authentication } from './authentication.ts'
import type { UserRules } from './authentication.ts'
import { ZooKeeperCode } from './errors.ts'
import { JuteError, JuteReader } from './jute.ts'
import type { Processor } from './processor.ts'
import { OpCode, Xid } from './protocol.ts'
import { beginReply, connectFrame, finishReply } from './replies.ts'
import { readConnectRequest } from './requests.ts'

export interface ConnectionLimits {
  /** `jute.maxbuffer`: the largest frame. */
  readonly maxFrameBytes: number
  /** How long a socket may stay without a session. */
  readonly handshakeMs: number
  readonly users: UserRules
  /** Asked at each connect request; false: not now. */
  readonly admit: () => boolean
  /** Unpredictable text, a new one each time. */
  readonly nonce: () => string
  readonly passwordOf: (sessionId: bigint) => Buffer
  /** The answer to a four-letter word, undefined when the bytes are none. */
  readonly fourLetterWord: (word: string) => string | undefined
  readonly onClosed: (connection: ServerConnection) => void
}

const MAX_UNSENT_BYTES = 64 * 1024 * 1024
const UNKNOWN_PASSWORD = Buffer.alloc(16)

export class ServerConnection implements SocketEvents {
  readonly socket: Socket
  readonly #processor: Processor
  readonly #limits: ConnectionLimits
  readonly #handshake: Timer
  readonly #authentication: Authentication
  sessionId = 0n
  sessionTimeoutMs = 0
  establishedMs = 0
  packetsReceived = 0
  packetsSent = 0
  #input: Buffer = Buffer.alloc(0)
  #inputParts: Buffer[] = []
  #inputBytes = 0
  #output: Buffer[] = []
  #endAfterOutput = false
  #paused = false
  #closed = false

  constructor(socket: Socket, processor: Processor, limits: ConnectionLimits) {
    this.socket = socket
    this.#processor = processor
    this.#limits = limits
    const { remoteAddress, peerName } = socket
    this.#authentication = new Authentication(limits.users, remoteAddress, peerName)
    const { clock } = processor.options
    this.#handshake = clock.setTimer(limits.handshakeMs, () => this.destroy('no session was begun'))
    processor.connections.add(this)
  }

  start(): void {
    this.socket.listen(this)
  }

  resetCounts(): void {
    this.packetsReceived = 0
    this.packetsSent = 0
  }

  get identities(): readonly Identity[] {
    return this.#authentication.identities
  }

  get isClosed(): boolean {
    return this.#closed
  }

  onData(chunk: Buffer): void {
    if (this.#closed) return
    this.#inputParts.push(chunk)
    this.#inputBytes += chunk.length
    this.#consume()
  }

  onDrain(): void {
    this.resume()
  }

  onClose(): void {
    if (this.#closed) return
    this.#closed = true
    this.#handshake.cancel()
    this.#processor.removeConnection(this)
    this.#limits.onClosed(this)
  }

  /** Goes on reading after the pressure that stopped it. */
  resume(): void {
    if (this.#closed || !this.#paused) return
    this.#paused = false
    this.socket.resume()
    this.#consume()
  }

  /** Adds a frame to the output; undefined ends the connection after what is there. */
  queue(frame: Buffer | undefined): void {
    if (this.#closed || this.#endAfterOutput) return
    if (frame === undefined) {
      this.#endAfterOutput = true
      return
    }
    this.packetsSent++
    this.#output.push(frame)
  }

  /** Hands the output to the socket. */
  flush(): void {
    if (this.#closed) return
    if (this.#output.length > 0) {
      const output = this.#output
      this.#output = []
      const taken = this.socket.write(output)
      if (!taken) this.#pause()
      if (this.socket.bufferedBytes > MAX_UNSENT_BYTES) {
        return this.destroy('it does not take its replies')
      }
    }
    if (this.#endAfterOutput) {
      this.socket.end()
      this.onClose()
    }
  }

  destroy(reason: string): void {
    if (this.#closed) return
    const { logger } = this.#processor.options
    logger.debug(`Closing the connection of ${this.socket.remoteAddress}: ${reason}`)
    this.socket.destroy()
    this.onClose()
  }

  #pause(): void {
    if (this.#paused) return
    this.#paused = true
    this.socket.pause()
  }

  #consume(): void {
    try {
      while (!this.#paused && !this.#closed && !this.#endAfterOutput) {
        const frame = this.#nextFrame()
        if (frame === undefined) break
        this.packetsReceived++
        if (this.sessionId === 0n) this.#connect(frame)
        else this.#request(frame)
        if (this.#processor.outstanding >= this.#processor.options.outstandingLimit) break
      }
    } catch (error) {
      if (!(error instanceof JuteError)) throw error
      this.destroy(error.message)
    }
    if (this.#processor.flush(this)) this.#pause()
  }

  /** The next whole frame, a view of the input. */
  #nextFrame(): Buffer | undefined {
    if (this.#inputBytes < 4) return undefined
    if (this.#input.length < 4) this.#join()
    const length = this.#input.readInt32BE(0)
    if (this.sessionId === 0n && this.#answerWord()) return undefined
    if (length < 0 || length > this.#limits.maxFrameBytes) {
      throw new JuteError(`a frame of ${length} bytes`)
    }
    if (this.#inputBytes < 4 + length) return undefined
    if (this.#input.length < 4 + length) this.#join()
    const frame = this.#input.subarray(4, 4 + length)
    this.#input = this.#input.subarray(4 + length)
    this.#inputBytes -= 4 + length
    return frame
  }

  #join(): void {
    this.#input = Buffer.concat([this.#input, ...this.#inputParts])
    this.#inputParts = []
  }

  #answerWord(): boolean {
    const word = this.#input.toString('latin1', 0, 4)
    this.packetsReceived++
    const answer = this.#limits.fourLetterWord(word)
    if (answer === undefined) {
      this.packetsReceived--
      return false
    }
    this.packetsSent++
    this.socket.write([Buffer.from(answer)])
    this.socket.end()
    this.onClose()
    return true
  }

  #connect(frame: Buffer): void {
    const request = readConnectRequest(frame)
    const { machine, options } = this.#processor
    if (!this.#limits.admit()) {
      this.#processor.rejections.connections++
      return this.destroy('too many clients connect at a time')
    }
    if (request.lastZxidSeen > machine.tree.lastZxid) {
      return this.destroy(`its client has seen zxid 0x${request.lastZxidSeen.toString(16)} already`)
    }
    const { minSessionTimeoutMs, maxSessionTimeoutMs } = options
    const timeoutMs = Math.min(
      maxSessionTimeoutMs,
      Math.max(minSessionTimeoutMs, request.timeoutMs),
    )
    const { sessionId, hasReadOnlyFlag } = request
    if (sessionId === 0n) {
      this.#establish(this.#processor.createSession(this, timeoutMs), timeoutMs, hasReadOnlyFlag)
      return
    }
    const known = machine.tree.sessions.has(sessionId)
    if (known && sameSecret(request.password, this.#limits.passwordOf(sessionId))) {
      this.#processor.adoptSession(this, sessionId, timeoutMs)
      this.#establish(sessionId, timeoutMs, hasReadOnlyFlag)
    } else {
      this.#refuse(hasReadOnlyFlag)
    }
  }

  #establish(sessionId: bigint, timeoutMs: number, withReadOnlyFlag: boolean): void {
    this.#handshake.cancel()
    this.sessionId = sessionId
    this.sessionTimeoutMs = timeoutMs
    this.establishedMs = this.#processor.options.clock.nowMs()
    const password = this.#limits.passwordOf(sessionId)
    const answer = { timeoutMs, sessionId, password, withReadOnlyFlag }
    this.#processor.send(this, connectFrame(answer))
  }

  /** An expired session and a wrong password look the same. */
  #refuse(withReadOnlyFlag: boolean): void {
    const answer = { timeoutMs: 0, sessionId: 0n, password: UNKNOWN_PASSWORD, withReadOnlyFlag }
    this.#processor.send(this, connectFrame(answer))
    this.#processor.end(this)
  }

  #request(frame: Buffer): void {
    const reader = new JuteReader(frame)
    const xid = reader.int32()
    const opCode = reader.int32()
    if (opCode === OpCode.auth) return this.#authenticate(reader)
    if (opCode === OpCode.sasl) return this.#sasl(xid, reader)
    if (!REQUESTS.has(opCode)) return this.#refuseRequest(xid, ZooKeeperCode.UNIMPLEMENTED)
    if (!this.#authentication.isSufficient) {
      return this.#refuseRequest(xid, ZooKeeperCode.SESSIONCLOSEDREQUIRESASLAUTH)
    }
    try {
      this.#processor.handle(this, xid, opCode, reader)
    } catch (error) {
      if (!(error instanceof JuteError)) throw error
      this.#processor.reply(this, xid, ZooKeeperCode.MARSHALLINGERROR)
    }
  }

  #authenticate(reader: JuteReader): void {
    reader.int32()
    const scheme = reader.text()
    const auth = reader.bytes()
    if (!this.#authentication.authenticate(scheme, auth)) return this.#refuseAuth(Xid.auth)
    this.#processor.reply(this, Xid.auth, ZooKeeperCode.OK)
  }

  #sasl(xid: number, reader: JuteReader): void {
    const token = reader.bytes() ?? Buffer.alloc(0)
    const answer = this.#authentication.saslToken(token, this.#limits.nonce)
    if (answer === undefined) return this.#refuseAuth(xid)
    const writer = beginReply(xid, this.#processor.machine.tree.lastZxid).bytes(answer)
    this.#processor.send(this, finishReply(writer, ZooKeeperCode.OK))
  }

  #refuseAuth(xid: number): void {
    this.#refuseRequest(xid, ZooKeeperCode.AUTHFAILED)
  }

  #refuseRequest(xid: number, code: number): void {
    this.#processor.reply(this, xid, code)
    this.#processor.end(this)
  }
}

/** What a client may ask; the rest of the codes are the server's own. */
const REQUESTS: ReadonlySet<number> = new Set([
  OpCode.create,
  OpCode.delete,
  OpCode.exists,
  OpCode.getData,
  OpCode.setData,
  OpCode.getAcl,
  OpCode.setAcl,
  OpCode.getChildren,
  OpCode.sync,
  OpCode.ping,
  OpCode.getChildren2,
  OpCode.check,
  OpCode.multi,
  OpCode.create2,
  OpCode.reconfig,
  OpCode.checkWatches,
  OpCode.removeWatches,
  OpCode.createContainer,
  OpCode.createTtl,
  OpCode.multiRead,
  OpCode.setWatches,
  OpCode.getEphemerals,
  OpCode.getAllChildrenNumber,
  OpCode.setWatches2,
  OpCode.addWatch,
  OpCode.whoAmI,
  OpCode.closeSession,
])
