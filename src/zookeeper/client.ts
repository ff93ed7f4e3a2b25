// One client for the embedded server and for remote ensembles: a session that survives its
// connections. Paths are relative to the connect string's chroot. What a connection's loss leaves
// unknown is asked again where that is safe, and rejects with CONNECTIONLOSS where it is not:
// sequential creates, unconditional sets, ACL changes, and multis without `retryWhenLost`.
import type { Platform } from '../platform/platform.ts'
import { createBody, createOpCode } from './client-options.ts'
import type {
  Body,
  ClientOptions,
  CreateOptions,
  Session,
  WatchEvent,
  WatchOption,
} from './client-options.ts'
import { multiBody, readMultiResults } from './client-multi.ts'
import type { MultiOp, MultiResult } from './client-multi.ts'
import { createRecursive, deleteRecursive, ignoreMissing } from './client-recursive.ts'
import { ClientSession } from './client-session.ts'
import type { RemovedWatches } from './client-watches.ts'
import type { Reply, SessionState } from './client-session.ts'
import { parseConnectString, shuffled } from './connect-string.ts'
import { ZooKeeperCode, ZooKeeperError } from './errors.ts'
import { JuteWriter } from './jute.ts'
import { pathFault } from './paths.ts'
import { EventType, OPEN_ACL, OpCode, readAcls, readStat, writeAcls } from './protocol.ts'
import type { Acl, Stat } from './protocol.ts'
import { Subscribers } from './subscribers.ts'
import { ownBytes } from './transactions.ts'

export type { MultiOp, MultiResult } from './client-multi.ts'
export type {
  ClientOptions,
  CreateOptions,
  Session,
  WatchEvent,
  WatchOption,
} from './client-options.ts'
export type { SessionState } from './client-session.ts'

const EVENT_NAMES: Readonly<Record<number, WatchEvent['type']>> = {
  [EventType.created]: 'created',
  [EventType.deleted]: 'deleted',
  [EventType.dataChanged]: 'dataChanged',
  [EventType.childrenChanged]: 'childrenChanged',
}

const REMOVED_NUMBERS = { children: 1, data: 2, any: 3, persistent: 3 } as const

const CLOSE_WAIT_MS = 5_000

export class ZooKeeperClient {
  readonly #session: ClientSession
  readonly #platform: Platform
  readonly #chroot: string
  readonly #aclOf: (path: string) => readonly Acl[]
  readonly #states = new Subscribers<SessionState>()
  readonly #events = new Subscribers<WatchEvent>()
  readonly #refusals = new Subscribers<string>()
  #resumed = false
  #closing: Promise<void> | undefined

  private constructor(options: ClientOptions) {
    const target =
      typeof options.connect === 'string' ? parseConnectString(options.connect) : undefined
    const embedded = typeof options.connect === 'string' ? undefined : options.connect
    this.#platform = options.platform
    this.#chroot = target?.chroot ?? embedded?.chroot ?? ''
    this.#aclOf = options.aclOf ?? (() => OPEN_ACL)
    const openHost =
      options.openHost ??
      ((host, timeoutMs) => options.platform.network.connect({ ...host, timeoutMs }))
    const { random } = options.platform
    const hosts = shuffled(target?.hosts ?? [], () => random.uint32())
    this.#session = new ClientSession({
      platform: options.platform,
      logger: options.logger,
      openers:
        embedded === undefined
          ? hosts.map((host) => (timeoutMs: number) => openHost(host, timeoutMs))
          : [embedded.open],
      sessionTimeoutMs: options.sessionTimeoutMs,
      sessionId: options.session?.id ?? 0n,
      password: options.session?.password ?? Buffer.alloc(16),
      sasl: options.sasl,
      maxInFlight: options.maxInFlight ?? 10,
      maxQueued: options.maxQueued ?? 100_000,
      maxFrameBytes: options.maxFrameBytes ?? 4 * 1024 * 1024,
      onState: (state) => this.#states.tell(state),
      onEvent: (type, path) => this.#onEvent(type, path),
      onRefused: (reason) => this.#refusals.tell(reason),
    })
    for (const { scheme, auth } of options.auth ?? []) this.#session.addIdentity(scheme, auth)
  }

  /**
   * Resolves with an established session. Rejects with CONNECTIONLOSS when no host answers in
   * `connectionTimeoutMs`, with AUTHFAILED as soon as one does not believe who this is.
   */
  static async connect(options: ClientOptions): Promise<ZooKeeperClient> {
    const client = new ZooKeeperClient(options)
    let reached = await client.#firstState(options, () => client.#session.start())
    client.#resumed = options.session !== undefined && reached === 'connected'
    if (reached === 'expired') {
      reached = await client.#firstState(options, () => client.#session.reset())
    }
    if (reached === 'connected') return client
    client.#session.abandon()
    const where = typeof options.connect === 'string' ? options.connect : 'the embedded server'
    if (reached === 'refused') {
      const detail = `ZooKeeper at ${where} does not believe who this client says it is`
      throw new ZooKeeperError(ZooKeeperCode.AUTHFAILED, undefined, detail)
    }
    throw new ZooKeeperError(
      ZooKeeperCode.CONNECTIONLOSS,
      undefined,
      `no ZooKeeper answers at ${where} within ${options.connectionTimeoutMs} ms`,
      client.#session.lastFailure,
    )
  }

  /** Ends the session of an earlier process, so that its ephemeral nodes go now. False: it was gone. */
  static async closeSession(options: ClientOptions & { session: Session }): Promise<boolean> {
    const client = await ZooKeeperClient.connect(options)
    const { resumed } = client
    await client.close()
    return resumed
  }

  get state(): SessionState {
    return this.#session.state
  }

  get sessionId(): bigint {
    return this.#session.sessionId
  }

  get sessionPassword(): Buffer {
    return this.#session.password
  }

  /** Keep it to resume after a restart. */
  get session(): Session {
    return { id: this.#session.sessionId, password: this.#session.password }
  }

  /** Whether `options.session` was still alive and is this session now. */
  get resumed(): boolean {
    return this.#resumed
  }

  /** As the server granted it. */
  get sessionTimeoutMs(): number {
    return this.#session.timeoutMs
  }

  /** Returns a function that removes the listener. */
  onState(listener: (state: SessionState) => void): () => void {
    return this.#states.add(listener)
  }

  /** The server did not believe an identity. Returns a function that removes the listener. */
  onRefused(listener: (reason: string) => void): () => void {
    return this.#refusals.add(listener)
  }

  /** Returns a function that removes the listener. */
  onWatch(listener: (event: WatchEvent) => void): () => void {
    return this.#events.add(listener)
  }

  /** After 'expired': begins a new session on this client; watches are forgotten. */
  renew(): Promise<void> {
    if (this.state !== 'expired') return Promise.resolve()
    return new Promise((resolve, reject) => {
      const remove = this.onState((state) => {
        if (state === 'disconnected') return
        remove()
        if (state === 'connected') resolve()
        else reject(new ZooKeeperError(ZooKeeperCode.CONNECTIONLOSS))
      })
      this.#resumed = false
      this.#session.reset()
    })
  }

  async create(
    path: string,
    data: Buffer | null,
    options: CreateOptions = {},
  ): Promise<{ path: string; stat: Stat }> {
    const zxidBefore = this.#session.lastZxid
    const body = createBody(data, { ...options, acl: options.acl ?? this.#aclOf(path) })
    const reply = await this.#call(createOpCode(options), path, body, {
      whenLost: options.sequential === true ? 'fail' : 'retry',
      suffix: options.sequential === true,
    })
    if (reply.code === ZooKeeperCode.NODEEXISTS && reply.afterLoss) {
      const stat = await this.#ownCreation(path, data, options, zxidBefore)
      if (stat !== undefined) return { path, stat }
    }
    refuse(reply, path)
    const created = this.#relative(reply.reader.text())
    return { path: created, stat: readStat(reply.reader) }
  }

  /** The node with all above it; nothing happens to those that exist. */
  createRecursive(
    path: string,
    data: Buffer | null = null,
    options: CreateOptions = {},
  ): Promise<void> {
    return createRecursive(this, path, data, options)
  }

  async exists(path: string, options: WatchOption = {}): Promise<Stat | undefined> {
    const reply = await this.#read(OpCode.exists, path, options)
    const missing = reply.code === ZooKeeperCode.NONODE
    if (!missing) refuse(reply, path)
    if (options.watch === true) {
      this.#session.watches.add(missing ? 'exist' : 'data', this.#absolute(path))
    }
    return missing ? undefined : readStat(reply.reader)
  }

  async get(path: string, options: WatchOption = {}): Promise<{ data: Buffer | null; stat: Stat }> {
    const reply = await this.#read(OpCode.getData, path, options)
    refuse(reply, path)
    if (options.watch === true) this.#session.watches.add('data', this.#absolute(path))
    return { data: ownBytes(reply.reader), stat: readStat(reply.reader) }
  }

  /** Names, in no particular order. */
  async children(path: string, options: WatchOption = {}): Promise<string[]> {
    return (await this.childrenWithStat(path, options)).names
  }

  async childrenWithStat(
    path: string,
    options: WatchOption = {},
  ): Promise<{ names: string[]; stat: Stat }> {
    const reply = await this.#read(OpCode.getChildren2, path, options)
    refuse(reply, path)
    if (options.watch === true) this.#session.watches.add('children', this.#absolute(path))
    return { names: reply.reader.strings(), stat: readStat(reply.reader) }
  }

  async set(path: string, data: Buffer | null, version = -1): Promise<Stat> {
    const reply = await this.#call(
      OpCode.setData,
      path,
      (writer) => writer.bytes(data).int32(version),
      { whenLost: version === -1 ? 'fail' : 'retry' },
    )
    if (reply.code === ZooKeeperCode.BADVERSION && reply.afterLoss) {
      const now = await this.get(path)
      if (now.stat.version === version + 1 && sameBytes(now.data, data)) return now.stat
    }
    refuse(reply, path)
    return readStat(reply.reader)
  }

  async delete(path: string, version = -1): Promise<void> {
    const reply = await this.#call(OpCode.delete, path, (writer) => writer.int32(version))
    if (reply.code === ZooKeeperCode.NONODE && reply.afterLoss) return
    refuse(reply, path)
  }

  /** The node and all below it; nothing happens when it is not there. */
  deleteRecursive(path: string): Promise<void> {
    return deleteRecursive(this, path)
  }

  /**
   * All or nothing. Resolves also when it is refused: see `MultiResult`. Rejects with
   * CONNECTIONLOSS when it is unknown, unless `retryWhenLost` says that doing it twice does no harm.
   */
  async multi(
    ops: readonly MultiOp[],
    options: { retryWhenLost?: boolean } = {},
  ): Promise<MultiResult[]> {
    for (const { path } of ops) checkPath(path, true)
    const body = multiBody(ops, (path) => this.#absolute(path), this.#aclOf)
    const whenLost = options.retryWhenLost === true ? 'retry' : 'fail'
    const reply = await this.#send(OpCode.multi, undefined, body, whenLost)
    refuse(reply, undefined)
    return readMultiResults(reply.reader, ops, (path) => this.#relative(path))
  }

  async getAcl(path: string): Promise<{ acl: Acl[]; stat: Stat }> {
    const reply = await this.#call(OpCode.getAcl, path, () => {})
    refuse(reply, path)
    return { acl: readAcls(reply.reader), stat: readStat(reply.reader) }
  }

  async setAcl(path: string, acl: readonly Acl[], aversion = -1): Promise<Stat> {
    const body: Body = (writer) => {
      writeAcls(writer, acl)
      writer.int32(aversion)
    }
    const reply = await this.#call(OpCode.setAcl, path, body, { whenLost: 'fail' })
    refuse(reply, path)
    return readStat(reply.reader)
  }

  /** What any client has had acknowledged before is seen by this one's reads afterwards. */
  async sync(path: string): Promise<void> {
    refuse(await this.#call(OpCode.sync, path, () => {}), path)
  }

  /** A watch that stays; a recursive one also hears of everything below, but not of children lists. */
  async addWatch(path: string, mode: 'persistent' | 'recursive'): Promise<void> {
    const number = mode === 'recursive' ? 1 : 0
    refuse(await this.#call(OpCode.addWatch, path, (writer) => writer.int32(number)), path)
    this.#session.watches.add(mode, this.#absolute(path))
  }

  /**
   * Forgets watches on the path: those on data, those on children, or every one. Resolves with the
   * kinds that were there. `local`: also when the server cannot be asked.
   */
  async removeWatches(
    path: string,
    kind: RemovedWatches = 'any',
    options: { local?: boolean } = {},
  ): Promise<Exclude<RemovedWatches, 'any'>[]> {
    const { watches } = this.#session
    const absolute = this.#absolute(path)
    if (!watches.has(absolute, kind)) throw new ZooKeeperError(ZooKeeperCode.NOWATCHER, path)
    if (options.local !== true || this.state === 'connected') {
      const body: Body = (writer) => writer.int32(REMOVED_NUMBERS[kind])
      refuse(await this.#call(OpCode.removeWatches, path, body), path)
    }
    return watches.removeKind(absolute, kind)
  }

  /** Changes the members of an ensemble; a server that stands alone refuses. */
  async reconfig(change: {
    joining?: string | undefined
    leaving?: string | undefined
    members?: string | undefined
    version: number
  }): Promise<{ data: Buffer | null; stat: Stat }> {
    const writer = new JuteWriter().string(change.joining ?? null)
    writer
      .string(change.leaving ?? null)
      .string(change.members ?? null)
      .long(change.version)
    const reply = await this.#send(OpCode.reconfig, undefined, writer.finish(), 'fail')
    refuse(reply, undefined)
    return { data: ownBytes(reply.reader), stat: readStat(reply.reader) }
  }

  async allChildrenNumber(path: string): Promise<number> {
    const reply = await this.#call(OpCode.getAllChildrenNumber, path, () => {})
    refuse(reply, path)
    return reply.reader.int32()
  }

  /** The ephemeral nodes of this session below the path. */
  async ephemerals(prefix = '/'): Promise<string[]> {
    const reply = await this.#call(OpCode.getEphemerals, prefix, () => {})
    refuse(reply, prefix)
    return reply.reader.strings().map((path) => this.#relative(path))
  }

  async whoAmI(): Promise<{ scheme: string; user: string }[]> {
    const reply = await this.#send(OpCode.whoAmI, undefined, Buffer.alloc(0), 'retry')
    refuse(reply, undefined)
    return reply.reader.vector(8, (reader) => ({ scheme: reader.text(), user: reader.text() }))
  }

  /** Sent on this and on every later connection. */
  addAuth(scheme: string, auth: Buffer | null): void {
    this.#session.addIdentity(scheme, auth)
  }

  /** Ends the session: its ephemeral nodes go. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** Leaves the session to its timeout, as a crash would. */
  abandon(): void {
    this.#session.abandon()
  }

  async #close(): Promise<void> {
    if (this.state === 'connected') {
      const { clock } = this.#platform
      await new Promise<void>((resolve) => {
        const timer = clock.setTimer(CLOSE_WAIT_MS, resolve)
        const done = (): void => {
          timer.cancel()
          resolve()
        }
        this.#send(OpCode.closeSession, undefined, Buffer.alloc(0), 'fail').then(done, done)
      })
    }
    this.#session.abandon()
  }

  #firstState(options: ClientOptions, begin: () => void): Promise<SessionState | 'refused'> {
    return new Promise((resolve) => {
      const settle = (state: SessionState | 'refused'): void => {
        timer.cancel()
        remove()
        removeRefused()
        resolve(state)
      }
      const removeRefused = this.onRefused(() => settle('refused'))
      const remove = this.onState((state) => {
        if (state !== 'disconnected') settle(state)
      })
      const { clock } = this.#platform
      const timer = clock.setTimer(options.connectionTimeoutMs, () => settle('disconnected'))
      begin()
    })
  }

  #onEvent(type: number, path: string): void {
    const name = EVENT_NAMES[type]
    if (name === undefined) return
    this.#events.tell({ type: name, path: this.#relative(path) })
  }

  #absolute(path: string): string {
    if (this.#chroot === '') return path
    return path === '/' ? this.#chroot : this.#chroot + path
  }

  #relative(path: string): string {
    if (this.#chroot === '' || !path.startsWith(this.#chroot)) return path
    return path.length === this.#chroot.length ? '/' : path.slice(this.#chroot.length)
  }

  #read(opCode: number, path: string, options: WatchOption): Promise<Reply> {
    return this.#call(opCode, path, (writer) => writer.bool(options.watch === true))
  }

  #call(
    opCode: number,
    path: string,
    body: Body,
    options: { whenLost?: 'retry' | 'fail'; suffix?: boolean } = {},
  ): Promise<Reply> {
    checkPath(path, options.suffix === true)
    const writer = new JuteWriter().string(this.#absolute(path))
    body(writer)
    return this.#send(opCode, path, writer.finish(), options.whenLost ?? 'retry')
  }

  #send(
    opCode: number,
    path: string | undefined,
    body: Buffer,
    whenLost: 'retry' | 'fail',
  ): Promise<Reply> {
    const frame = Buffer.allocUnsafe(12 + body.length)
    frame.writeInt32BE(8 + body.length, 0)
    frame.writeInt32BE(opCode, 8)
    frame.set(body, 12)
    return new Promise((resolve, reject) => {
      this.#session.submit({ frame, path, whenLost, resolve, reject, xid: 0, lost: false })
    })
  }

  /** Whether the node that stands in the way is the one that a lost request made. */
  async #ownCreation(
    path: string,
    data: Buffer | null,
    options: CreateOptions,
    zxidBefore: number,
  ): Promise<Stat | undefined> {
    if (options.ephemeral === true) {
      const stat = await this.exists(path)
      if (stat === undefined || stat.czxid <= zxidBefore) return undefined
      return stat.ephemeralOwner === this.sessionId ? stat : undefined
    }
    const found = await this.get(path).catch(ignoreMissing)
    if (found === undefined || found.stat.czxid <= zxidBefore) return undefined
    return sameBytes(found.data, data) ? found.stat : undefined
  }
}

function refuse(reply: Reply, path: string | undefined): void {
  if (reply.code !== ZooKeeperCode.OK) throw new ZooKeeperError(reply.code, path)
}

/** A sequential node's path gets its number only at the server, and may end with a slash before. */
function checkPath(path: string, suffixed: boolean): void {
  const fault = pathFault(suffixed && path.endsWith('/') ? `${path}0` : path)
  if (fault !== undefined) throw new ZooKeeperError(ZooKeeperCode.BADARGUMENTS, path, fault)
}

function sameBytes(left: Buffer | null, right: Buffer | null): boolean {
  return left === null || right === null ? left === right : left.equals(right)
}
