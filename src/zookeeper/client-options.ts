// What a client is told, and what it tells of: its options and events.
import type { Platform } from '../platform/platform.ts'
import type { Socket } from '../platform/network.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { HostPort } from './connect-string.ts'
import type { Credentials } from './digest-md5.ts'
import type { JuteWriter } from './jute.ts'
import { OpCode, OPEN_ACL, writeAcls } from './protocol.ts'
import type { Acl } from './protocol.ts'

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
  /** How to reach a host of the connect string, instead of plain TCP. */
  readonly openHost?: ((host: HostPort, timeoutMs: number) => Promise<Socket>) | undefined
  readonly sessionTimeoutMs: number
  /** How long the first connection may take, over all hosts. */
  readonly connectionTimeoutMs: number
  /** A session of an earlier process to go on with. When it has expired, a new one is begun. */
  readonly session?: Session | undefined
  /** Requests sent and not yet answered; 10 by default. */
  readonly maxInFlight?: number | undefined
  /** Requests waiting to be sent; more are rejected with THROTTLEDOP. */
  readonly maxQueued?: number | undefined
  /** Largest reply, `jute.maxbuffer` of a client. */
  readonly maxFrameBytes?: number | undefined
  /** Who may do what to a node that is made without an access list; everybody everything by default. */
  readonly aclOf?: ((path: string) => readonly Acl[]) | undefined
  /** Sent on every connection before anything else. */
  readonly auth?: readonly { scheme: string; auth: Buffer }[] | undefined
  /** Who this is by SASL (DIGEST-MD5); a server that does not believe it is not used. */
  readonly sasl?: Credentials | undefined
}

export interface CreateOptions {
  readonly ephemeral?: boolean | undefined
  readonly sequential?: boolean | undefined
  /** A container goes when its last child has gone. */
  readonly container?: boolean | undefined
  /** The node goes when it has not changed for so long and has no children. */
  readonly ttlMs?: number | undefined
  readonly acl?: readonly Acl[] | undefined
}

export interface WatchOption {
  readonly watch?: boolean | undefined
}

/** Writes what follows the path in a request. */
export type Body = (writer: JuteWriter) => void

export function createOpCode(options: CreateOptions): number {
  if (options.container === true) return OpCode.createContainer
  return options.ttlMs === undefined ? OpCode.create2 : OpCode.createTtl
}

export function createBody(data: Buffer | null, options: CreateOptions): Body {
  return (writer) => {
    writer.bytes(data)
    writeAcls(writer, options.acl ?? OPEN_ACL)
    writer.int32(createFlags(options))
    if (options.ttlMs !== undefined) writer.long(options.ttlMs)
  }
}

function createFlags(options: CreateOptions): number {
  if (options.container === true) return 4
  if (options.ttlMs !== undefined) return options.sequential === true ? 6 : 5
  return (options.ephemeral === true ? 1 : 0) + (options.sequential === true ? 2 : 0)
}
