// One replica of one partition on this broker: follower or leader, with its log.
//   logStartOffset ≤ lastStableOffset ≤ highWatermark ≤ logEndOffset
//   A leader's high watermark is the smallest log end in the maximal in-sync set, and rests while
//   the committed set is smaller than `min.insync.replicas`; alone in that set, it follows what is
//   durable (KIP-966). Followers truncate by leader epoch,
//   never by the high watermark (KIP-101). Whatever carries an older epoch is refused.
// Hot: appends and wake-ups are plain calls, without a promise or a closure per batch.
import type { AppendOptions, AppendResult } from '../log/log-types.ts'
import type { Log } from '../log/log.ts'
import { Errors } from '../wire/errors.ts'
import { failedAppend } from './append-results.ts'
import { replicatedOffset } from './high-watermark.ts'
import type { ReplicationView } from './high-watermark.ts'
import { IsrNegotiation } from './isr-negotiation.ts'
import { LastStanding } from './last-standing.ts'
import { PartitionListeners } from './partition-listeners.ts'
import type { LeadershipState } from './partition-state.ts'
import type { PartitionSurroundings } from './partition-surroundings.ts'
import { ReplicaProgress } from './replica-progress.ts'
import type { FollowerPosition } from './replica-progress.ts'
import { WaitQueue } from './wait-queue.ts'
import type { AppendWait } from './wait-queue.ts'

const NONE = -1

export class Partition {
  readonly topic: string
  readonly index: number
  topicId: string | undefined
  readonly #surroundings: PartitionSurroundings
  #log: Log | undefined
  #offline = false
  #isLeader = false
  #leader = NONE
  #leaderEpoch = NONE
  #partitionEpoch = NONE
  /** Log end when this broker became leader of the epoch; NONE on a follower. */
  #epochStartOffset = NONE
  #replicas: readonly number[] = []
  readonly #inSync: IsrNegotiation
  /** Changes at the end of the log that have not finished. */
  #truncations = 0
  #truncated: Promise<void> = Promise.resolve()
  readonly #followers = new Map<number, ReplicaProgress>()
  readonly #lastStanding: LastStanding
  #leaderHighWatermark = 0
  #leaderLogStart = 0
  readonly #awaitingWrite = new WaitQueue()
  readonly #awaitingCommit = new WaitQueue()
  /** Who waits for what to happen here. */
  readonly listeners = new PartitionListeners()

  constructor(topic: string, index: number, surroundings: PartitionSurroundings) {
    this.topic = topic
    this.index = index
    this.#surroundings = surroundings
    this.#lastStanding = new LastStanding(() => this.reconsiderHighWatermark())
    this.#inSync = new IsrNegotiation(this, surroundings, {
      committed: (partitionEpoch) => {
        this.#partitionEpoch = partitionEpoch
        // A confirmed shrink may be all that a waiting append was waiting for (KAFKA-13091).
        this.reconsiderHighWatermark()
      },
      // Until it fetches again nobody waits for a follower that stops, say.
      refused: (joining) => {
        for (const id of joining) this.#followers.get(id)?.forgetCaughtUp()
        this.reconsiderHighWatermark()
      },
    })
  }

  /** Undefined until the first LeaderAndIsr, or when its directory has failed. */
  get log(): Log | undefined {
    return this.#log
  }

  get isOffline(): boolean {
    return this.#offline
  }

  get isLeader(): boolean {
    return this.#isLeader
  }

  /** -1: none. */
  get leader(): number {
    return this.#leader
  }

  get leaderEpoch(): number {
    return this.#leaderEpoch
  }

  get partitionEpoch(): number {
    return this.#partitionEpoch
  }

  get replicas(): readonly number[] {
    return this.#replicas
  }

  get isr(): readonly number[] {
    return this.#inSync.committed
  }

  /** Committed and, of a growth on its way to the controller, those to come. */
  get maximalIsr(): readonly number[] {
    return this.#inSync.maximal
  }

  get followers(): ReadonlyMap<number, ReplicaProgress> {
    return this.#followers
  }

  get highWatermark(): number {
    return this.#log?.highWatermark ?? 0
  }

  /** Where the leader epoch began in this log; -1 on a follower. */
  get epochStartOffset(): number {
    return this.#epochStartOffset
  }

  get minInSyncReplicas(): number {
    const wanted = this.#log?.config.minInsyncReplicas ?? 1
    return Math.min(wanted, Math.max(1, this.#replicas.length))
  }

  get isUnderMinIsr(): boolean {
    return this.#isLeader && this.#inSync.committed.length < this.minInSyncReplicas
  }

  // ---- leadership

  /** The log to lead or follow with; replaces one that was lost with its directory. */
  attach(log: Log): void {
    if (this.#log === log) return
    this.#log = log
    this.#offline = false
    log.onAdvance = (logEndOffset) => this.#onAdvance(logEndOffset)
  }

  /** True when this broker leads under an epoch that it did not lead before. */
  becomeLeader(state: LeadershipState, nowMs: number): boolean {
    const log = this.#requireLog()
    if (state.partitionEpoch < this.#partitionEpoch) return false
    const isNewEpoch = state.leaderEpoch > this.#leaderEpoch
    const wasLeader = this.#isLeader
    this.#adopt(state)
    this.#isLeader = true
    if (isNewEpoch || !wasLeader) {
      this.#epochStartOffset = NONE
      for (const follower of this.#followers.values()) {
        const inSync = state.isr.includes(follower.brokerId)
        if (wasLeader) follower.renew(nowMs, log.nextOffset, inSync)
        else follower.reset(nowMs, inSync)
      }
      if (this.#truncations === 0) this.#openEpoch(log)
    }
    this.#advanceHighWatermark(nowMs)
    this.listeners.stateChanged()
    return isNewEpoch || !wasLeader
  }

  /** True when leader or leader epoch changed, so that fetching must start again. */
  becomeFollower(state: LeadershipState): boolean {
    if (state.partitionEpoch < this.#partitionEpoch) return false
    const changed = state.leader !== this.#leader || state.leaderEpoch !== this.#leaderEpoch
    const wasLeader = this.#isLeader
    this.#adopt(state)
    this.#isLeader = false
    this.#epochStartOffset = NONE
    for (const follower of this.#followers.values()) follower.reset(0, false)
    if (wasLeader) this.#resign(Errors.NOT_LEADER_OR_FOLLOWER)
    this.listeners.stateChanged()
    return changed
  }

  // The epoch is known before anything is served under it, also when nothing is appended
  // (KAFKA-7415). It reaches the disk with its first batch: of an epoch without one nobody has a
  // record, and after a kill the next leadership begins where it did.
  #openEpoch(log: Log): void {
    this.#epochStartOffset = log.nextOffset
    log.assignEpochStartOffset(this.#leaderEpoch, log.nextOffset)
  }

  /**
   * Changes the end of the log as a follower must. A leadership that comes meanwhile takes appends
   * only when it is done.
   */
  truncate(change: (log: Log) => Promise<unknown>): Promise<void> {
    this.#truncations += 1
    const done = this.#truncated
      .then(() => change(this.#requireLog()))
      .finally(() => this.#onTruncated())
    this.#truncated = done.then(
      () => {},
      () => {},
    )
    return done.then(() => {})
  }

  /** Resolves when no change at the end of the log is under way. */
  get settled(): Promise<void> {
    return this.#truncated
  }

  #onTruncated(): void {
    this.#truncations -= 1
    const log = this.#log
    if (this.#truncations > 0 || log === undefined || !this.#isLeader) return
    if (this.#epochStartOffset === NONE) this.#openEpoch(log)
    this.#advanceHighWatermark(this.#surroundings.clock.monotonicMs())
  }

  /** The controller has taken this replica away from the broker. */
  stop(): void {
    this.#isLeader = false
    this.#leader = NONE
    this.#resign(Errors.NOT_LEADER_OR_FOLLOWER)
    this.listeners.stateChanged()
  }

  /** The log directory has failed: nothing can be answered until a new log is attached. */
  goOffline(): void {
    this.#offline = true
    this.#isLeader = false
    this.#log = undefined
    this.#resign(Errors.KAFKA_STORAGE_ERROR)
    this.listeners.stateChanged()
  }

  /** 0, FENCED_LEADER_EPOCH or UNKNOWN_LEADER_EPOCH; -1 is not checked (KIP-320). */
  checkLeaderEpoch(currentLeaderEpoch: number): number {
    if (currentLeaderEpoch < 0 || currentLeaderEpoch === this.#leaderEpoch) return Errors.NONE
    return currentLeaderEpoch < this.#leaderEpoch
      ? Errors.FENCED_LEADER_EPOCH
      : Errors.UNKNOWN_LEADER_EPOCH
  }

  // ---- appending

  /** Appends as leader; with `acks` -1 only when enough replicas are in sync. */
  append(records: Buffer, acks: number, options: Omit<AppendOptions, 'leaderEpoch'>): AppendResult {
    const log = this.#log
    if (log === undefined) return failedAppend(Errors.KAFKA_STORAGE_ERROR)
    if (!this.#isLeader || this.#truncations > 0) {
      return failedAppend(Errors.NOT_LEADER_OR_FOLLOWER)
    }
    if (acks === -1 && this.#inSync.committed.length < this.minInSyncReplicas) {
      const { logStartOffset } = log
      return { ...failedAppend(Errors.NOT_ENOUGH_REPLICAS), logStartOffset }
    }
    const result = log.appendAsLeader(records, {
      leaderEpoch: this.#leaderEpoch,
      origin: options.origin,
      requestVersion: options.requestVersion,
      nowMs: options.nowMs,
    })
    if (result.error === Errors.NONE && !result.duplicate) this.listeners.appended(records.length)
    return result
  }

  /** Whether what was appended up to `lastOffset` is acknowledged already; else `wait` will be told. */
  awaitAppend(wait: AppendWait, acks: number): boolean {
    const log = this.#log
    if (log === undefined) return false
    if (acks === -1) {
      if (log.highWatermark > wait.lastOffset) return true
      this.#awaitingCommit.push(wait)
    } else {
      if (log.logEndOffset > wait.lastOffset) return true
      this.#awaitingWrite.push(wait)
    }
    return false
  }

  onAppendWaitOver(acks: number): void {
    if (acks === -1) this.#awaitingCommit.onOver()
    else this.#awaitingWrite.onOver()
  }

  /** 0, or NOT_ENOUGH_REPLICAS_AFTER_APPEND when the set shrank below the minimum meanwhile. */
  get commitError(): number {
    return this.#inSync.maximal.length < this.minInSyncReplicas
      ? Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND
      : Errors.NONE
  }

  // ---- following

  appendAsFollower(records: Buffer): AppendResult {
    const log = this.#requireLog()
    const result = log.appendAsFollower(records)
    if (result.error === Errors.NONE) this.listeners.appended(records.length)
    return result
  }

  /** What a fetch answer said of the leader's log. */
  followLeader(highWatermark: number, logStartOffset: number): void {
    this.#leaderHighWatermark = highWatermark
    this.#leaderLogStart = logStartOffset
    this.#followHighWatermark()
  }

  // ---- followers, as their leader sees them

  /** Takes note of a follower's fetch; answers an error that the follower gets instead of records. */
  recordFollowerFetch(brokerId: number, position: FollowerPosition): number {
    const follower = this.#followers.get(brokerId)
    if (follower === undefined) return Errors.NOT_LEADER_OR_FOLLOWER
    if (follower.isStale(position.brokerEpoch)) return Errors.NOT_LEADER_OR_FOLLOWER
    const endBefore = follower.logEndOffset
    const startBefore = follower.logStartOffset
    follower.record(position)
    this.#maybeExpand(follower)
    if (follower.logEndOffset !== endBefore) this.#advanceHighWatermark(position.fetchMs)
    if (follower.logStartOffset !== startBefore) this.listeners.lowWatermarkMoved()
    return Errors.NONE
  }

  /** Members of the in-sync set that lag; none while a change is on its way. */
  laggingMembers(nowMs: number): number[] {
    const log = this.#log
    if (!this.#isLeader || log === undefined || this.#inSync.isUnderWay) return []
    const maxLagMs = this.#surroundings.replicaLagTimeMaxMs()
    return this.#inSync.committed.filter((id) => {
      const follower = this.#followers.get(id)
      return follower !== undefined && !follower.isCaughtUp(log.logEndOffset, nowMs, maxLagMs)
    })
  }

  /** Proposes the in-sync set without its lagging members; returns how many. */
  shrinkIsr(nowMs: number): number {
    const lagging = this.laggingMembers(nowMs)
    if (lagging.length === 0) return 0
    this.#inSync.shrink(lagging)
    return lagging.length
  }

  /** A replica that was waited for may not count any more. */
  reconsiderHighWatermark(): void {
    this.#advanceHighWatermark(this.#surroundings.clock.monotonicMs())
  }

  /** The smallest log start among this and the live replicas: records below it are gone everywhere. */
  get lowWatermark(): number {
    let lowest = this.#requireLog().logStartOffset
    for (const follower of this.#followers.values()) {
      if (!this.#surroundings.isAlive(follower.brokerId)) continue
      lowest = Math.min(lowest, follower.logStartOffset)
    }
    return lowest
  }

  /**
   * Calls back whenever the high watermark of this leader moves, and with NO_LONGER_LEADER when it
   * stops leading. The result ends that.
   */
  onHighWatermark(listener: (offset: number) => void): () => void {
    return this.listeners.onHighWatermark(listener)
  }

  // ---- inside

  #requireLog(): Log {
    if (this.#log === undefined) throw new Error(`${this.topic}-${this.index} has no log`)
    return this.#log
  }

  #adopt(state: LeadershipState): void {
    this.#leader = state.leader
    this.#leaderEpoch = state.leaderEpoch
    this.#partitionEpoch = state.partitionEpoch
    this.#replicas = state.replicas
    this.#inSync.adopt(state.isr, state.leaderRecoveryState)
    const self = this.#surroundings.brokerId
    for (const id of this.#followers.keys()) {
      if (!state.replicas.includes(id)) this.#followers.delete(id)
    }
    for (const id of state.replicas) {
      if (id !== self && !this.#followers.has(id)) this.#followers.set(id, new ReplicaProgress(id))
    }
  }

  #resign(error: number): void {
    this.#awaitingWrite.fail(error)
    this.#awaitingCommit.fail(error)
    this.listeners.resigned()
  }

  #onAdvance(logEndOffset: number): void {
    this.#awaitingWrite.release(logEndOffset, Errors.NONE)
    this.listeners.written()
    if (this.#isLeader) this.#advanceHighWatermark(this.#surroundings.clock.monotonicMs())
    else if (this.#log !== undefined) this.#followHighWatermark()
  }

  #followHighWatermark(): void {
    const log = this.#requireLog()
    const offset = Math.min(this.#leaderHighWatermark, log.logEndOffset)
    if (offset > log.highWatermark) this.#moveHighWatermark(log, offset)
    // What is not known to be committed is not deleted (KAFKA-5634).
    const start = Math.min(this.#leaderLogStart, log.highWatermark)
    if (start > log.logStartOffset) log.advanceLogStartOffset(start)
  }

  #advanceHighWatermark(nowMs: number): void {
    const log = this.#log
    if (log === undefined || !this.#isLeader) return
    let offset = log.highWatermark
    if (!this.isUnderMinIsr) {
      offset =
        this.#followers.size === 0 ? log.logEndOffset : replicatedOffset(this.#view(log, nowMs))
    }
    if (this.#inSync.committed.length === 1 && this.#replicas.length > 1) {
      // Before the epoch began, more may have been committed than this replica has heard of.
      const wanted = Math.max(offset, Math.min(this.#epochStartOffset, log.logEndOffset))
      offset = this.#lastStanding.durableUpTo(log, offset, wanted)
    }
    if (offset > log.highWatermark) this.#moveHighWatermark(log, offset)
  }

  #view(log: Log, nowMs: number): ReplicationView {
    return {
      logEndOffset: log.logEndOffset,
      followers: this.#followers,
      maximalIsr: this.#inSync.maximal,
      nowMs,
      maxLagMs: this.#surroundings.replicaLagTimeMaxMs(),
      isAlive: this.#surroundings.isAlive,
    }
  }

  #moveHighWatermark(log: Log, offset: number): void {
    log.updateHighWatermark(offset)
    const highWatermark = log.highWatermark
    if (this.#isLeader) {
      this.#awaitingCommit.release(highWatermark, this.commitError)
      this.listeners.highWatermarkMoved(highWatermark)
    }
    this.listeners.committed(highWatermark >= log.nextOffset)
  }

  #maybeExpand(follower: ReplicaProgress): void {
    const log = this.#log
    if (log === undefined || !this.#isLeader || this.#inSync.isUnderWay) return
    if (this.#inSync.maximal.includes(follower.brokerId)) return
    // Not before it has something of this epoch: below, its log may still differ (KAFKA-7128).
    if (follower.logEndOffset < Math.max(log.highWatermark, this.#epochStartOffset)) return
    if (!this.#surroundings.isAlive(follower.brokerId)) return
    this.#inSync.expand(follower.brokerId)
  }
}
