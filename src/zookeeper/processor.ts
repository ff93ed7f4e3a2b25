// The loop around the machine: a request is decided, its entry appended to the log and applied, and
// its reply parked until the log is durable that far. Everything leaves in one order, so that an
// event is sent before any reply that shows its change, and a reader never sees what a crash could
// still take back. A failed log ends the server: nothing parked is ever sent.
import type { Clock, Timer } from '../platform/clock.ts'
import type { Logger } from '../telemetry/logger.ts'
import { allows } from './access.ts'
import { ZooKeeperCode } from './errors.ts'
import type { JuteReader } from './jute.ts'
import { SERVER_REQUESTER } from './machine.ts'
import type { Applied, Command, Machine } from './machine.ts'
import { OpCode, Perm } from './protocol.ts'
import { readerOf } from './reads.ts'
import { beginReply, eventFrame, finishReply } from './replies.ts'
import { writeMultiCodes, writeMultiOutcomes, writeOutcome } from './replies.ts'
import { readMulti, readNodeRequest } from './requests.ts'
import type { MultiItem, NodeRequest } from './requests.ts'
import type { ServerConnection } from './server-connection.ts'
import { SessionClock } from './session-clock.ts'
import type { Storage } from './storage.ts'
import { WatchTable } from './watches.ts'
import type { Fire } from './watches.ts'

export interface ProcessorOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly machine: Machine
  readonly storage: Storage
  readonly tickTimeMs: number
  readonly minSessionTimeoutMs: number
  readonly maxSessionTimeoutMs: number
  /** Replies waiting for the log, over all connections, before sockets are no longer read. */
  readonly outstandingLimit: number
  readonly containerCheckMs: number
}

interface Parked {
  readonly zxid: number
  readonly connection: ServerConnection
  /** Undefined: the connection ends here. */
  readonly frame: Buffer | undefined
  readonly sinceMs: number
}

/** Milliseconds that replies waited. */
export interface Latency {
  minMs: number
  maxMs: number
  totalMs: number
  count: number
}

const MAX_PENDING_LOG_BYTES = 32 * 1024 * 1024

export class Processor {
  readonly options: ProcessorOptions
  readonly machine: Machine
  readonly watches = new WatchTable<ServerConnection>()
  readonly connections = new Set<ServerConnection>()
  readonly sessions: SessionClock
  readonly latency: Latency = { minMs: 0, maxMs: 0, totalMs: 0, count: 0 }
  /** Packets of connections that have ended, less what `resetStatistics` has forgotten. */
  readonly endedTraffic = { received: 0, sent: 0 }
  readonly rejections = { connections: 0, largeRequests: 0 }
  readonly #bySession = new Map<bigint, ServerConnection>()
  readonly #dirty = new Set<ServerConnection>()
  readonly #throttled = new Set<ServerConnection>()
  #parked: Parked[] = []
  #parkedHead = 0
  #reaping: Timer | undefined
  #stopped = false

  constructor(options: ProcessorOptions) {
    this.options = options
    this.machine = options.machine
    options.storage.onDurable = (zxid) => this.#release(zxid)
    this.sessions = new SessionClock({
      clock: options.clock,
      deadlines: this.machine.deadlines,
      tickTimeMs: options.tickTimeMs,
      onExpired: (sessionId) => this.#expire(sessionId),
    })
    for (const [id, timeoutMs] of this.machine.tree.sessions) this.sessions.track(id, timeoutMs)
    this.#scheduleReaping()
  }

  get outstanding(): number {
    return this.#parked.length - this.#parkedHead
  }

  /** Nothing more is decided or sent. */
  stop(): void {
    this.#stopped = true
    this.sessions.stop()
    this.#reaping?.cancel()
    this.#parked = []
    this.#parkedHead = 0
  }

  /** A request of an established session: `reader` stands behind xid and operation. */
  handle(connection: ServerConnection, xid: number, opCode: number, reader: JuteReader): void {
    if (this.#stopped) return
    if (connection.sessionId !== 0n) this.sessions.touch(connection.sessionId)
    const answer = readerOf(opCode)
    if (answer !== undefined) {
      this.#read(connection, xid, reader, answer)
    } else if (opCode === OpCode.ping) {
      this.reply(connection, xid, ZooKeeperCode.OK)
    } else if (opCode === OpCode.closeSession) {
      this.#closeSession(connection, xid)
    } else {
      this.#change(connection, xid, opCode, reader)
    }
  }

  /** A reply without a body. */
  reply(connection: ServerConnection, xid: number, code: number): void {
    this.send(connection, finishReply(beginReply(xid, this.machine.tree.lastZxid), code))
  }

  /** Sends in order with everything else, not before all that has been applied is durable. */
  send(connection: ServerConnection, frame: Buffer | undefined): void {
    const zxid = this.machine.tree.lastZxid
    if (this.outstanding > 0 || zxid > this.options.storage.durableZxid) {
      this.#parked.push({ zxid, connection, frame, sinceMs: this.options.clock.monotonicMs() })
    } else {
      this.#noteLatency(0)
      this.#deliver(connection, frame)
    }
  }

  /** Ends the connection once everything sent before has left. */
  end(connection: ServerConnection): void {
    this.send(connection, undefined)
  }

  /** Writes what has been delivered since; true when the connection should stop reading. */
  flush(connection: ServerConnection): boolean {
    for (const dirty of this.#dirty) dirty.flush()
    this.#dirty.clear()
    const full =
      this.outstanding >= this.options.outstandingLimit ||
      this.options.storage.pendingBytes > MAX_PENDING_LOG_BYTES
    if (full) this.#throttled.add(connection)
    return full
  }

  createSession(connection: ServerConnection, timeoutMs: number): bigint {
    const decision = this.machine.decide({ kind: 'createSession', timeoutMs }, this.#nowMs())
    if (decision.kind !== 'entry') throw new Error('a session is never refused')
    const { sessionId } = decision.entry
    this.sessions.track(sessionId, timeoutMs)
    this.#bySession.set(sessionId, connection)
    this.#commit(decision.entry)
    return sessionId
  }

  /** The session goes on with this connection; one that it had before is closed. */
  adoptSession(connection: ServerConnection, sessionId: bigint, timeoutMs: number): void {
    this.#bySession.get(sessionId)?.destroy('its client has another connection now')
    this.#bySession.set(sessionId, connection)
    this.sessions.track(sessionId, timeoutMs)
  }

  removeConnection(connection: ServerConnection): void {
    if (this.connections.delete(connection)) this.#keepCounts(connection, 1)
    this.#dirty.delete(connection)
    this.#throttled.delete(connection)
    this.watches.removeWatcher(connection)
    const { sessionId } = connection
    if (this.#bySession.get(sessionId) === connection) this.#bySession.delete(sessionId)
  }

  #nowMs(): number {
    return this.options.clock.nowMs()
  }

  #read(
    connection: ServerConnection,
    xid: number,
    reader: JuteReader,
    answer: NonNullable<ReturnType<typeof readerOf>>,
  ): void {
    const writer = beginReply(xid, this.machine.tree.lastZxid)
    const context = {
      tree: this.machine.tree,
      watches: this.watches,
      watcher: connection,
      sessionId: connection.sessionId,
      identities: connection.identities,
      tell: this.#tell,
    }
    this.send(connection, finishReply(writer, answer(context, reader, writer)))
  }

  #change(connection: ServerConnection, xid: number, opCode: number, reader: JuteReader): void {
    const by = {
      sessionId: connection.sessionId,
      cxid: xid,
      identities: connection.identities,
    }
    if (opCode === OpCode.multi) {
      const items = readMulti(reader)
      this.#decide(connection, xid, opCode, { kind: 'multi', by, items }, items)
    } else {
      const request = readNodeRequest(reader, opCode)
      this.#decide(connection, xid, opCode, { kind: 'change', by, request }, [])
    }
  }

  #decide(
    connection: ServerConnection,
    xid: number,
    opCode: number,
    command: Command,
    items: readonly MultiItem<NodeRequest>[],
  ): void {
    const decision = this.machine.decide(command, this.#nowMs())
    if (decision.kind === 'refused') return this.reply(connection, xid, decision.code)
    if (decision.kind === 'multiRefused') {
      const writer = beginReply(xid, this.machine.tree.lastZxid)
      writeMultiCodes(writer, decision.codes)
      return this.send(connection, finishReply(writer, ZooKeeperCode.OK))
    }
    const { outcomes } = this.#commit(decision.entry)
    const writer = beginReply(xid, decision.entry.zxid)
    const [outcome] = outcomes
    if (opCode === OpCode.multi) writeMultiOutcomes(writer, items, outcomes)
    else if (outcome !== undefined) writeOutcome(writer, opCode, outcome)
    this.send(connection, finishReply(writer, ZooKeeperCode.OK))
  }

  #commit(entry: Parameters<Machine['apply']>[0]): Applied {
    const applied = this.machine.apply(entry)
    this.options.storage.append(entry)
    for (const change of applied.changes) this.watches.fire(change, this.#tell)
    return applied
  }

  readonly #tell: Fire<ServerConnection> = (watcher, type, path, acl) => {
    // Who may not read a node does not hear of it either, however its watch came to be.
    if (!allows(acl, Perm.read, watcher.identities)) return
    this.send(watcher, eventFrame(type, path))
  }

  #closeSession(connection: ServerConnection, xid: number): void {
    const { sessionId } = connection
    // Its own watches do not hear of the end of its ephemeral nodes.
    this.watches.removeWatcher(connection)
    this.#endSession(sessionId, xid)
    this.reply(connection, xid, ZooKeeperCode.OK)
    this.end(connection)
  }

  #expire(sessionId: bigint): void {
    this.options.logger.info(
      `Expiring session 0x${sessionId.toString(16)}, timeout of ` +
        `${this.machine.tree.sessions.get(sessionId)}ms exceeded`,
    )
    const connection = this.#bySession.get(sessionId)
    if (connection !== undefined) {
      this.watches.removeWatcher(connection)
      connection.destroy('its session has expired')
    }
    this.#endSession(sessionId, 0)
    for (const dirty of this.#dirty) dirty.flush()
    this.#dirty.clear()
  }

  #endSession(sessionId: bigint, cxid: number): void {
    this.sessions.forget(sessionId)
    const command: Command = { kind: 'closeSession', sessionId, cxid }
    const decision = this.machine.decide(command, this.#nowMs())
    if (decision.kind === 'entry') this.#commit(decision.entry)
    this.#bySession.delete(sessionId)
  }

  resetStatistics(): void {
    Object.assign(this.latency, { minMs: 0, maxMs: 0, totalMs: 0, count: 0 })
    Object.assign(this.endedTraffic, { received: 0, sent: 0 })
    for (const connection of this.connections) this.#keepCounts(connection, -1)
  }

  /** The connections begin to count anew; the server's sums go on. */
  resetConnections(): void {
    for (const connection of this.connections) {
      this.#keepCounts(connection, 1)
      connection.resetCounts()
    }
  }

  #keepCounts({ packetsReceived, packetsSent }: ServerConnection, sign: 1 | -1): void {
    this.endedTraffic.received += sign * packetsReceived
    this.endedTraffic.sent += sign * packetsSent
  }

  #noteLatency(waitedMs: number): void {
    const { latency } = this
    latency.minMs = latency.count === 0 ? waitedMs : Math.min(latency.minMs, waitedMs)
    latency.maxMs = Math.max(latency.maxMs, waitedMs)
    latency.totalMs += waitedMs
    latency.count++
  }

  #release(durableZxid: number): void {
    const nowMs = this.options.clock.monotonicMs()
    for (;;) {
      const parked = this.#parked[this.#parkedHead]
      if (parked === undefined || parked.zxid > durableZxid) break
      this.#parkedHead++
      this.#noteLatency(nowMs - parked.sinceMs)
      this.#deliver(parked.connection, parked.frame)
    }
    if (this.#parkedHead === this.#parked.length) {
      this.#parked.length = 0
      this.#parkedHead = 0
    } else if (this.#parkedHead > 4096) {
      this.#parked.splice(0, this.#parkedHead)
      this.#parkedHead = 0
    }
    for (const dirty of this.#dirty) dirty.flush()
    this.#dirty.clear()
    if (this.outstanding < this.options.outstandingLimit) this.#resumeThrottled()
  }

  #resumeThrottled(): void {
    const throttled = [...this.#throttled]
    this.#throttled.clear()
    for (const connection of throttled) connection.resume()
  }

  #deliver(connection: ServerConnection, frame: Buffer | undefined): void {
    connection.queue(frame)
    this.#dirty.add(connection)
  }

  #scheduleReaping(): void {
    this.#reaping = this.options.clock.setTimer(this.options.containerCheckMs, () => {
      this.#reap()
      this.#scheduleReaping()
    })
  }

  /** Removes containers that have been emptied, and nodes past their time to live. */
  #reap(): void {
    for (const path of this.machine.tree.reapable(this.#nowMs())) {
      const request: NodeRequest = { kind: 'delete', path, version: -1, container: true }
      const command: Command = { kind: 'change', by: SERVER_REQUESTER, request }
      const decision = this.machine.decide(command, this.#nowMs())
      if (decision.kind === 'entry') this.#commit(decision.entry)
    }
    for (const dirty of this.#dirty) dirty.flush()
    this.#dirty.clear()
  }
}
