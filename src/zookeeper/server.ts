// The embedded ZooKeeper server.
import type { Logger } from '../telemetry/logger.ts'
import type { Platform } from '../platform/platform.ts'
import type { Socket } from '../platform/network.ts'

export interface ServerOptions {
  readonly platform: Platform
  readonly logger: Logger
  /** Holds `version-2/`; made when missing. */
  readonly directory: string
  /** Transaction logs apart from snapshots, as `dataLogDir`. */
  readonly logDirectory?: string | undefined
  readonly listeners?: readonly { host?: string | undefined; port: number }[] | undefined
  readonly tickTimeMs?: number | undefined
  readonly minSessionTimeoutMs?: number | undefined
  readonly maxSessionTimeoutMs?: number | undefined
  /** Per address; 0 is unlimited. */
  readonly maxClientConnections?: number | undefined
}

export declare class ZooKeeperServer {
  static start(options: ServerOptions): Promise<ZooKeeperServer>
  /** The ports of `options.listeners`, in their order. */
  readonly ports: readonly number[]
  /** A connection without TCP; give it to `ZooKeeperClient.connect({ connect: { open } })`. */
  connectInProcess(): Promise<Socket>
  /** Disk errors and the like end the server: called once, before its connections are cut. */
  onFailure(listener: (error: Error) => void): void
  close(): Promise<void>
}
