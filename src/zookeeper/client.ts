// One client for the embedded server and for remote ensembles: a session that survives its
// connections. Paths are relative to the connect string's chroot.
import type { Logger } from '../telemetry/logger.ts'
import type { Platform } from '../platform/platform.ts'
import type { Socket } from '../platform/network.ts'
import type { Acl, Stat } from './protocol.ts'

export type SessionState = 'connected' | 'disconnected' | 'expired' | 'closed'

export interface WatchEvent {
  readonly type: 'created' | 'deleted' | 'dataChanged' | 'childrenChanged'
  readonly path: string
}

export interface Session {
  readonly id: bigint
  /** Sixteen bytes. */
  readonly password: Buffer
}

export interface ClientOptions {
  readonly platform: Platform
  readonly logger: Logger
  /** `h1:p1,h2:p2/chroot`, or how to open a connection to the embedded server. */
  readonly connect: string | { open: () => Promise<Socket>; chroot?: string }
  readonly sessionTimeoutMs: number
  /** How long the first connection may take, over all hosts. */
  readonly connectionTimeoutMs: number
  /** A session of an earlier process to go on with. When it has expired, a new one is begun. */
  readonly session?: Session | undefined
  readonly maxInFlight?: number | undefined
  /** Sent on every connection before anything else. */
  readonly auth?: readonly { scheme: string; auth: Buffer }[] | undefined
}

export interface CreateOptions {
  readonly ephemeral?: boolean | undefined
  readonly sequential?: boolean | undefined
  readonly acl?: readonly Acl[] | undefined
}

export interface WatchOption {
  readonly watch?: boolean | undefined
}

export type MultiOp =
  | ({
      readonly kind: 'create'
      readonly path: string
      readonly data: Buffer | null
    } & CreateOptions)
  | { readonly kind: 'delete'; readonly path: string; readonly version?: number | undefined }
  | {
      readonly kind: 'set'
      readonly path: string
      readonly data: Buffer | null
      readonly version?: number | undefined
    }
  | { readonly kind: 'check'; readonly path: string; readonly version: number }

/** One per operation. After a failure: code 0 before the failed one, its code, -2 after it. */
export type MultiResult =
  | { readonly kind: 'create'; readonly path: string; readonly stat: Stat }
  | { readonly kind: 'delete' }
  | { readonly kind: 'set'; readonly stat: Stat }
  | { readonly kind: 'check' }
  | { readonly kind: 'error'; readonly code: number }

export declare class ZooKeeperClient {
  /** Resolves with an established session. */
  static connect(options: ClientOptions): Promise<ZooKeeperClient>
  /** Ends the session of an earlier process, so that its ephemeral nodes go now. False: it was gone. */
  static closeSession(options: ClientOptions & { session: Session }): Promise<boolean>
  readonly state: SessionState
  readonly sessionId: bigint
  readonly sessionPassword: Buffer
  /** Keep it to resume after a restart. */
  readonly session: Session
  /** Whether `options.session` was still alive and is this session now. */
  readonly resumed: boolean
  readonly sessionTimeoutMs: number
  /** Each returns a function that removes the listener. */
  onState(listener: (state: SessionState) => void): () => void
  onWatch(listener: (event: WatchEvent) => void): () => void
  /** After 'expired': begins a new session on this client; watches are forgotten. */
  renew(): Promise<void>
  create(
    path: string,
    data: Buffer | null,
    options?: CreateOptions,
  ): Promise<{ path: string; stat: Stat }>
  createRecursive(path: string, data?: Buffer | null, options?: CreateOptions): Promise<void>
  exists(path: string, options?: WatchOption): Promise<Stat | undefined>
  get(path: string, options?: WatchOption): Promise<{ data: Buffer | null; stat: Stat }>
  children(path: string, options?: WatchOption): Promise<string[]>
  set(path: string, data: Buffer | null, version?: number): Promise<Stat>
  delete(path: string, version?: number): Promise<void>
  deleteRecursive(path: string): Promise<void>
  /** Resolves also when refused: see `MultiResult`. Rejects with CONNECTIONLOSS when it is unknown. */
  multi(ops: readonly MultiOp[]): Promise<MultiResult[]>
  getAcl(path: string): Promise<{ acl: Acl[]; stat: Stat }>
  setAcl(path: string, acl: readonly Acl[], aversion?: number): Promise<Stat>
  sync(path: string): Promise<void>
  addAuth(scheme: string, auth: Buffer): Promise<void>
  close(): Promise<void>
}
