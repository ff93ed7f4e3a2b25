// How fast clients may connect (`connection_throttle_*`): each connect request takes a token out of
// a bucket that is filled again bit by bit. Pure: time comes in.

export interface ThrottleRules {
  /** Size of the bucket; 0 is no throttle. */
  readonly tokens: number
  /** So many tokens come back … */
  readonly fillCount: number
  /** … every so many milliseconds. */
  readonly fillTimeMs: number
}

export const NO_THROTTLE: ThrottleRules = { tokens: 0, fillCount: 1, fillTimeMs: 1 }

export class ConnectionThrottle {
  readonly #rules: ThrottleRules
  #tokens: number
  #filledMs: number

  constructor(rules: ThrottleRules, nowMs: number) {
    this.#rules = rules
    this.#tokens = rules.tokens
    this.#filledMs = nowMs
  }

  /** False: the client has to come again later. */
  admit(nowMs: number): boolean {
    const { tokens, fillCount, fillTimeMs } = this.#rules
    if (tokens === 0) return true
    const fills = Math.floor((nowMs - this.#filledMs) / fillTimeMs)
    if (fills > 0) {
      this.#tokens = Math.min(tokens, this.#tokens + fills * fillCount)
      this.#filledMs += fills * fillTimeMs
    }
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}
