// How far one follower has come, as its leader sees it in the follower's fetches.
//   A fetch from offset n says that the follower has written everything below n.

/** What one fetch of a follower tells its leader. */
export interface FollowerPosition {
  readonly fetchOffset: number
  readonly logStartOffset: number
  readonly fetchMs: number
  /** Of the leader, when it read for this fetch. */
  readonly leaderEndOffset: number
  /** -1: not told. */
  readonly brokerEpoch: number
}

const UNKNOWN = -1
/** Not 0: the clock is monotonic and may have begun a moment ago. */
const NEVER = Number.NEGATIVE_INFINITY

export class ReplicaProgress {
  readonly brokerId: number
  /** UNKNOWN until its first fetch of the leader epoch. */
  logEndOffset = UNKNOWN
  logStartOffset = UNKNOWN
  /** When it last had all that the leader had at that time. */
  lastCaughtUpMs = NEVER
  /** Incarnation of the broker that fetches (KIP-903); -1 when not told. */
  brokerEpoch = UNKNOWN
  #lastFetchMs = NEVER
  #leaderEndAtLastFetch = UNKNOWN

  constructor(brokerId: number) {
    this.brokerId = brokerId
  }

  /** A new leader epoch on another leader: nothing is known; in-sync members get the benefit of time. */
  reset(nowMs: number, inSync: boolean): void {
    this.logEndOffset = UNKNOWN
    this.logStartOffset = UNKNOWN
    this.lastCaughtUpMs = inSync ? nowMs : NEVER
    this.brokerEpoch = UNKNOWN
    this.#lastFetchMs = NEVER
    this.#leaderEndAtLastFetch = UNKNOWN
  }

  /** The same leader under a new epoch: positions stay true, times start again. */
  renew(nowMs: number, leaderEndOffset: number, inSync: boolean): void {
    this.lastCaughtUpMs = inSync ? nowMs : NEVER
    this.#lastFetchMs = inSync ? nowMs : NEVER
    this.#leaderEndAtLastFetch = leaderEndOffset
  }

  /** It is not about to join the in-sync set, however recently it had everything. */
  forgetCaughtUp(): void {
    this.lastCaughtUpMs = NEVER
    this.#lastFetchMs = NEVER
  }

  /** A fetch from before the broker's restart must not count for the broker after it (KIP-903). */
  isStale(brokerEpoch: number): boolean {
    return brokerEpoch !== UNKNOWN && brokerEpoch < this.brokerEpoch
  }

  /**
   * Takes note of a fetch. It was caught up now if it asks for the leader's end, and at its last
   * fetch if it asks for what was the leader's end then.
   */
  record(position: FollowerPosition): void {
    const { fetchOffset, fetchMs } = position
    if (fetchOffset >= position.leaderEndOffset) {
      this.lastCaughtUpMs = Math.max(this.lastCaughtUpMs, fetchMs)
    } else if (fetchOffset >= this.#leaderEndAtLastFetch) {
      this.lastCaughtUpMs = Math.max(this.lastCaughtUpMs, this.#lastFetchMs)
    }
    this.logEndOffset = fetchOffset
    this.logStartOffset = position.logStartOffset
    this.#leaderEndAtLastFetch = Math.max(position.leaderEndOffset, this.#leaderEndAtLastFetch)
    this.#lastFetchMs = fetchMs
    if (position.brokerEpoch !== UNKNOWN) this.brokerEpoch = position.brokerEpoch
  }

  isCaughtUp(leaderEndOffset: number, nowMs: number, maxLagMs: number): boolean {
    return this.logEndOffset === leaderEndOffset || nowMs - this.lastCaughtUpMs <= maxLagMs
  }
}
