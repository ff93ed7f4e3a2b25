// One broker as seen from afar: a connection that is made when it is needed and made again after it
// broke, and what the broker said it speaks.
//
// Always: one connection at a time; after a failed attempt the next one waits (longer each time),
// so that a broker that is down is not hammered.
import type { AnyApi, Api } from '../wire/api.ts'
import { sleep } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import { ApiVersions } from '../wire/messages/18-api-versions.ts'
import { Connection } from './connection.ts'
import type { ConnectionOptions, ConnectionPlatform } from './connection.ts'
import { backoffMs } from './retry.ts'
import { SOFTWARE_NAME, SOFTWARE_VERSION } from './software.ts'

/** What of a platform a link needs. */
export interface LinkPlatform extends ConnectionPlatform {
  readonly random: Random
}

export interface LinkOptions extends ConnectionOptions {
  /** Wait after the first failed attempt to connect; 50 ms when left out. */
  readonly reconnectBackoffMs?: number | undefined
  /** 1 s when left out. */
  readonly maxReconnectBackoffMs?: number | undefined
  /** Runs on every new connection before anything else is sent: authentication. */
  readonly prepare?: ((connection: Connection) => Promise<void>) | undefined
}

/** Versions that a caller accepts, where it is not all that are declared here. */
export interface VersionBounds {
  readonly min?: number | undefined
  readonly max?: number | undefined
  readonly timeoutMs?: number | undefined
}

/** What of an API choosing a version needs. */
type ApiRange = Pick<AnyApi, 'key' | 'name' | 'minVersion' | 'maxVersion'>

interface Offered {
  readonly minVersion: number
  readonly maxVersion: number
}

interface Open {
  readonly connection: Connection
  /** What the broker speaks, once asked. */
  versions: Promise<ReadonlyMap<number, Offered>> | undefined
}

/** A broker at an address. */
export class BrokerLink {
  readonly host: string
  readonly port: number
  readonly #options: LinkOptions
  readonly #platform: LinkPlatform
  #open: Open | undefined
  #opening: Promise<Open> | undefined
  #failures = 0
  #nextAttemptMs = 0
  #closed = false

  constructor(options: LinkOptions, platform: LinkPlatform) {
    this.host = options.host
    this.port = options.port
    this.#options = options
    this.#platform = platform
  }

  get isConnected(): boolean {
    return this.#open?.connection.isOpen === true
  }

  /**
   * Sends a request in a version that is known beforehand, as brokers do among each other. Rejects
   * with KafkaError: NETWORK_EXCEPTION, REQUEST_TIMED_OUT.
   */
  async request<Q, QI, S, SI>(
    api: Api<Q, QI, S, SI>,
    version: number,
    value: QI,
    timeoutMs?: number,
  ): Promise<S> {
    const { connection } = await this.#connected()
    return connection.request(api, version, value, timeoutMs)
  }

  /** Sends a request in the highest version that both sides speak. */
  async call<Q, QI, S, SI>(
    api: Api<Q, QI, S, SI>,
    value: QI,
    bounds: VersionBounds = {},
  ): Promise<S> {
    const open = await this.#connected()
    const version = choose(api, await this.#versionsOf(open), bounds)
    return open.connection.request(api, version, value, bounds.timeoutMs)
  }

  /** Sends a request that has no response (Produce with acks 0). */
  async send<Q, QI, S, SI>(
    api: Api<Q, QI, S, SI>,
    value: QI,
    bounds: VersionBounds = {},
  ): Promise<void> {
    const open = await this.#connected()
    await open.connection.send(api, choose(api, await this.#versionsOf(open), bounds), value)
  }

  /** The highest version of `api` that both sides speak. Rejects with UNSUPPORTED_VERSION. */
  async versionOf(api: ApiRange, bounds: VersionBounds = {}): Promise<number> {
    return choose(api, await this.#versionsOf(await this.#connected()), bounds)
  }

  /** Closes the connection; the next request makes a new one. */
  disconnect(): void {
    this.#open?.connection.close()
    this.#open = undefined
  }

  /** Closes for good. */
  close(): void {
    this.#closed = true
    this.disconnect()
  }

  async #connected(): Promise<Open> {
    if (this.#open?.connection.isOpen === true) return this.#open
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  async #connect(): Promise<Open> {
    const { clock, random } = this.#platform
    const waitMs = this.#nextAttemptMs - clock.monotonicMs()
    if (waitMs > 0) await sleep(clock, waitMs)
    this.#refuseIfClosed()
    try {
      const open = await this.#openPrepared()
      this.#failures = 0
      this.#open = open
      return open
    } catch (error) {
      this.#failures++
      const { reconnectBackoffMs = 50, maxReconnectBackoffMs = 1000 } = this.#options
      const policy = { backoffMs: reconnectBackoffMs, maxBackoffMs: maxReconnectBackoffMs }
      this.#nextAttemptMs = clock.monotonicMs() + backoffMs(this.#failures, policy, random)
      throw error
    }
  }

  async #openPrepared(): Promise<Open> {
    const connection = await Connection.open(this.#options, this.#platform)
    try {
      await this.#options.prepare?.(connection)
      this.#refuseIfClosed()
    } catch (error) {
      connection.close()
      throw error
    }
    return { connection, versions: undefined }
  }

  #refuseIfClosed(): void {
    if (!this.#closed) return
    throw new KafkaError(Errors.NETWORK_EXCEPTION, `the link to ${this.host} was closed`)
  }

  #versionsOf(open: Open): Promise<ReadonlyMap<number, Offered>> {
    open.versions ??= askVersions(open.connection)
    return open.versions
  }
}

async function askVersions(connection: Connection): Promise<ReadonlyMap<number, Offered>> {
  const question = {
    clientSoftwareName: SOFTWARE_NAME,
    clientSoftwareVersion: SOFTWARE_VERSION,
  }
  let answer = await connection.request(ApiVersions, 3, question)
  if (answer.errorCode === Errors.UNSUPPORTED_VERSION) {
    answer = await connection.request(ApiVersions, 0, question)
  }
  if (answer.errorCode !== Errors.NONE) throw new KafkaError(answer.errorCode)
  return new Map(answer.apiKeys.map((entry) => [entry.apiKey, entry]))
}

function choose(
  api: ApiRange,
  offered: ReadonlyMap<number, Offered>,
  bounds: VersionBounds,
): number {
  const broker = offered.get(api.key)
  const min = Math.max(bounds.min ?? api.minVersion, broker?.minVersion ?? 0)
  const max = Math.min(bounds.max ?? api.maxVersion, broker?.maxVersion ?? -1)
  if (max >= min) return max
  const text = `The broker does not support any version of ${api.name} that this client speaks.`
  throw new KafkaError(Errors.UNSUPPORTED_VERSION, text)
}
