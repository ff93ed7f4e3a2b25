// How many connections there may be, and how fast new ones may come (max.connections,
// max.connections.per.ip with overrides, max.connection.creation.rate; the latter two also per
// listener). Pure: time comes in, verdicts go out.

export interface ConnectionLimitSettings {
  /** max.connections */
  readonly maxConnections: number
  /** listener.name.<name>.max.connections, by listener name */
  readonly maxConnectionsByListener: ReadonlyMap<string, number>
  /** max.connections.per.ip */
  readonly maxConnectionsPerIp: number
  /** max.connections.per.ip.overrides */
  readonly perIpOverrides: ReadonlyMap<string, number>
  /** max.connection.creation.rate, connections a second */
  readonly maxCreationRate: number
  /** listener.name.<name>.max.connection.creation.rate, by listener name */
  readonly maxCreationRateByListener: ReadonlyMap<string, number>
  /** The listener of the other brokers: never held back by the total. */
  readonly interBrokerListenerName: string | undefined
}

export const UNLIMITED: ConnectionLimitSettings = {
  maxConnections: Number.MAX_SAFE_INTEGER,
  maxConnectionsByListener: new Map(),
  maxConnectionsPerIp: Number.MAX_SAFE_INTEGER,
  perIpOverrides: new Map(),
  maxCreationRate: Number.MAX_SAFE_INTEGER,
  maxCreationRateByListener: new Map(),
  interBrokerListenerName: undefined,
}

export type Admission =
  | { readonly kind: 'admit' }
  /** Too many from this address: to be closed. */
  | { readonly kind: 'refuse' }
  /** A slot must become free first. */
  | { readonly kind: 'wait' }
  /** The rate of new connections is reached; ask again after so long. */
  | { readonly kind: 'delay'; readonly delayMs: number }

const ADMIT: Admission = { kind: 'admit' }
const REFUSE: Admission = { kind: 'refuse' }
const WAIT: Admission = { kind: 'wait' }
/** Connections that may come at once after a pause, in seconds of the rate. */
const BURST_SECONDS = 1

export class ConnectionLimits {
  #settings: ConnectionLimitSettings
  #total = 0
  readonly #byListener = new Map<string, number>()
  readonly #byAddress = new Map<string, number>()
  readonly #rates = new Map<string, TokenBucket>()

  constructor(settings: ConnectionLimitSettings = UNLIMITED) {
    this.#settings = settings
  }

  get total(): number {
    return this.#total
  }

  /** Applies to connections that come from now on. */
  update(settings: ConnectionLimitSettings): void {
    this.#settings = settings
    this.#rates.clear()
  }

  /** Decides about a new connection; an admitted one is counted until `release`. */
  admit(listenerName: string, address: string, nowMs: number): Admission {
    const settings = this.#settings
    const perIp = settings.perIpOverrides.get(address) ?? settings.maxConnectionsPerIp
    if (count(this.#byAddress, address) >= perIp) return REFUSE
    const byListener = settings.maxConnectionsByListener.get(listenerName)
    if (byListener !== undefined && count(this.#byListener, listenerName) >= byListener) return WAIT
    const isProtected = listenerName === settings.interBrokerListenerName
    if (!isProtected && this.#total >= settings.maxConnections) return WAIT
    const delayMs = this.#takeTokens(listenerName, isProtected, nowMs)
    if (delayMs > 0) return { kind: 'delay', delayMs }
    this.#total += 1
    this.#byListener.set(listenerName, count(this.#byListener, listenerName) + 1)
    this.#byAddress.set(address, count(this.#byAddress, address) + 1)
    return ADMIT
  }

  /** How many there are beyond the limit, because the brokers' listener was let in. */
  get excess(): number {
    return Math.max(0, this.#total - this.#settings.maxConnections)
  }

  release(listenerName: string, address: string): void {
    this.#total -= 1
    this.#byListener.set(listenerName, count(this.#byListener, listenerName) - 1)
    const left = count(this.#byAddress, address) - 1
    if (left > 0) this.#byAddress.set(address, left)
    else this.#byAddress.delete(address)
  }

  #takeTokens(listenerName: string, isProtected: boolean, nowMs: number): number {
    const { maxCreationRate, maxCreationRateByListener } = this.#settings
    const listenerRate = maxCreationRateByListener.get(listenerName)
    const own =
      listenerRate === undefined ? undefined : this.#bucket(listenerName, listenerRate, nowMs)
    const shared = isProtected ? undefined : this.#bucket('', maxCreationRate, nowMs)
    const delayMs = Math.max(own?.delayMs(nowMs) ?? 0, shared?.delayMs(nowMs) ?? 0)
    if (delayMs > 0) return delayMs
    own?.take()
    shared?.take()
    return 0
  }

  #bucket(name: string, rate: number, nowMs: number): TokenBucket {
    let bucket = this.#rates.get(name)
    if (bucket === undefined) {
      bucket = new TokenBucket(rate, nowMs)
      this.#rates.set(name, bucket)
    }
    return bucket
  }
}

class TokenBucket {
  readonly #rate: number
  #tokens: number
  #filledMs: number

  constructor(rate: number, nowMs: number) {
    this.#rate = rate
    this.#tokens = Math.max(1, rate * BURST_SECONDS)
    this.#filledMs = nowMs
  }

  /** 0 when a token is there, else how long until it is. */
  delayMs(nowMs: number): number {
    const gained = ((nowMs - this.#filledMs) * this.#rate) / 1000
    this.#tokens = Math.min(Math.max(1, this.#rate * BURST_SECONDS), this.#tokens + gained)
    this.#filledMs = nowMs
    if (this.#tokens >= 1) return 0
    return Math.ceil(((1 - this.#tokens) * 1000) / this.#rate)
  }

  take(): void {
    this.#tokens -= 1
  }
}

function count(counts: ReadonlyMap<string, number>, key: string): number {
  return counts.get(key) ?? 0
}
