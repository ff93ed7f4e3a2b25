// When sessions end. Deadlines are rounded up to whole ticks, so that many sessions share one
// bucket, and a session's every sign of life costs one comparison most of the time. Pure: time
// comes in as monotonic milliseconds.

interface Tracked {
  readonly timeoutMs: number
  bucket: number
}

export class SessionDeadlines {
  readonly #tickMs: number
  readonly #sessions = new Map<bigint, Tracked>()
  readonly #buckets = new Map<number, Set<bigint>>()

  constructor(tickMs: number) {
    this.#tickMs = tickMs
  }

  get size(): number {
    return this.#sessions.size
  }

  /** Begins, or goes on with another timeout. */
  track(id: bigint, timeoutMs: number, nowMs: number): void {
    this.forget(id)
    const bucket = this.#bucketAfter(nowMs + timeoutMs)
    this.#sessions.set(id, { timeoutMs, bucket })
    this.#enter(id, bucket)
  }

  /** A sign of life. False: the session is not known. */
  touch(id: bigint, nowMs: number): boolean {
    const session = this.#sessions.get(id)
    if (session === undefined) return false
    const bucket = this.#bucketAfter(nowMs + session.timeoutMs)
    if (bucket > session.bucket) {
      this.#leave(id, session.bucket)
      session.bucket = bucket
      this.#enter(id, bucket)
    }
    return true
  }

  forget(id: bigint): void {
    const session = this.#sessions.get(id)
    if (session === undefined) return
    this.#sessions.delete(id)
    this.#leave(id, session.bucket)
  }

  /** Sessions whose time is over; each is returned once and no longer tracked. */
  takeExpired(nowMs: number): bigint[] {
    const expired: bigint[] = []
    for (const [bucket, ids] of this.#buckets) {
      if (bucket <= nowMs) expired.push(...ids)
    }
    for (const id of expired) this.forget(id)
    return expired
  }

  nextDeadlineMs(): number {
    let next = Infinity
    for (const bucket of this.#buckets.keys()) next = Math.min(next, bucket)
    return next
  }

  /** Buckets with their sessions, by deadline, for the four-letter word `dump`. */
  buckets(): [number, readonly bigint[]][] {
    const buckets: [number, readonly bigint[]][] = []
    for (const [bucket, ids] of this.#buckets) buckets.push([bucket, [...ids]])
    return buckets.sort((left, right) => left[0] - right[0])
  }

  #bucketAfter(deadlineMs: number): number {
    return (Math.floor(deadlineMs / this.#tickMs) + 1) * this.#tickMs
  }

  #enter(id: bigint, bucket: number): void {
    const ids = this.#buckets.get(bucket)
    if (ids === undefined) this.#buckets.set(bucket, new Set([id]))
    else ids.add(id)
  }

  #leave(id: bigint, bucket: number): void {
    const ids = this.#buckets.get(bucket)
    ids?.delete(id)
    if (ids?.size === 0) this.#buckets.delete(bucket)
  }
}
