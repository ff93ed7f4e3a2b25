// One fetcher: copies partitions from one leader over one connection, one request at a time.
//   An answer is used only for a partition that still is what it was when the request was made.
//   The next request goes out when everything of the last one is written: its answer may come in
//   the same memory.
//   A fetch may be parked at the leader for half a second; a partition that comes meanwhile does not
//   wait for it, as a new leader cannot acknowledge anything before its followers fetch. The parked
//   fetch goes with its connection, and a new one names all partitions.
import type { Clock, Timer } from '../platform/clock.ts'
import type { Logger } from '../telemetry/logger.ts'
import { Errors } from '../wire/errors.ts'
import type { FetchResponse } from '../wire/messages/01-fetch.ts'
import { findOffset } from './leader-offset.ts'
import { FollowedPartition, FollowerWrites } from './followed-partition.ts'
import { FollowerSession } from './follower-session.ts'
import type { FollowerFetchSettings } from './follower-session.ts'
import type { LeaderEndpoint } from './leader-endpoint.ts'
import type { Partition } from './partition.ts'
import type { ReplicationThrottle } from './replication-throttle.ts'

export interface FetcherOptions {
  readonly leaderId: number
  readonly endpoint: LeaderEndpoint
  readonly clock: Clock
  readonly logger: Logger
  readonly throttle: ReplicationThrottle
  settings(): FollowerFetchSettings
  /** The longest; the first pauses of a row are shorter. */
  backoffMs(): number
  /** The partition is no longer fetched until the controller speaks of it again. */
  onFailed(partition: Partition, error: number): void
  onFetched(bytes: number): void
}

type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number]

/**
 * A new leader is often a few milliseconds behind its followers in hearing of it; while it is not
 * asked again, nothing that needs this follower is acknowledged.
 */
const FIRST_BACKOFF_MS = 20
const LATEST = -1
const EARLIEST_LOCAL = -4

export class Fetcher {
  readonly #options: FetcherOptions
  readonly #partitions = new Map<Partition, FollowedPartition>()
  readonly #byName = new Map<string, FollowedPartition>()
  readonly #session = new FollowerSession()
  #wake: (() => void) | undefined
  #timer: Timer | undefined
  #closed = false
  #reachable = true
  #refusals = 0
  #isAsking = false
  #isInterrupted = false
  /** Until the first delay is over, as of the last look at what is ready. */
  #pauseMs = 0
  #loop: Promise<void>

  constructor(options: FetcherOptions) {
    this.#options = options
    this.#loop = this.#run()
  }

  get size(): number {
    return this.#partitions.size
  }

  get maxLag(): number {
    let lag = 0
    for (const followed of this.#partitions.values()) lag = Math.max(lag, followed.lag)
    return lag
  }

  add(partition: Partition): void {
    const followed = new FollowedPartition(partition)
    this.#partitions.set(partition, followed)
    this.#byName.set(keyOf(partition.topic, partition.index), followed)
    if (this.#isAsking && !this.#isInterrupted) {
      this.#isInterrupted = true
      this.#options.endpoint.close()
    }
    this.#wakeUp()
  }

  remove(partition: Partition): void {
    this.#partitions.delete(partition)
    this.#byName.delete(keyOf(partition.topic, partition.index))
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#options.endpoint.close()
    this.#wakeUp()
    await this.#loop
  }

  async #run(): Promise<void> {
    // Begins after the constructor has returned: its caller adds the first partition.
    await Promise.resolve()
    while (!this.#closed) {
      await this.#positionNewcomers()
      const ready = this.#ready()
      if (this.#closed) return
      if (ready.length === 0) await this.#rest()
      else await this.#fetch(ready)
    }
  }

  async #positionNewcomers(): Promise<void> {
    for (const followed of this.#partitions.values()) {
      if (followed.isPositioned || !this.#isUsable(followed)) continue
      await this.#guard(followed, () => followed.position())
    }
  }

  #isUsable(followed: FollowedPartition): boolean {
    return this.#partitions.get(followed.partition) === followed && followed.isCurrent
  }

  #ready(): FollowedPartition[] {
    const nowMs = this.#options.clock.monotonicMs()
    const ready: FollowedPartition[] = []
    // A throttle is looked at again after the longest delay.
    this.#pauseMs = this.#options.backoffMs()
    for (const followed of this.#partitions.values()) {
      const leftMs = followed.delayedUntilMs - nowMs
      if (leftMs > 0) this.#pauseMs = Math.min(this.#pauseMs, leftMs)
      if (!followed.isPositioned || !followed.isCurrent || leftMs > 0) continue
      if (followed.lag !== 0 && this.#options.throttle.holdsBack(followed.partition)) continue
      ready.push(followed)
    }
    return ready
  }

  /** Until a partition comes, a delay or a throttle may be over. */
  #rest(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
      if (this.#partitions.size === 0) return
      this.#timer = this.#options.clock.setTimer(this.#pauseMs, () => this.#wakeUp())
    })
  }

  #wakeUp(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  async #fetch(ready: readonly FollowedPartition[]): Promise<void> {
    const settings = this.#options.settings()
    // A partition that is delayed does not wait for the others' parked fetch.
    const maxWaitMs = Math.min(settings.maxWaitMs, Math.ceil(this.#pauseMs))
    const { version, request } = this.#session.next(ready, { ...settings, maxWaitMs })
    const offsets = new Map(ready.map((followed) => [followed, followed.fetchOffset]))
    let response: FetchResponse
    this.#isAsking = true
    this.#isInterrupted = false
    try {
      response = await this.#options.endpoint.fetch(version, request)
    } catch (error) {
      this.#onUnreachable(ready, error)
      return
    } finally {
      this.#isAsking = false
    }
    this.#reachable = true
    if (!this.#session.onAnswer(response)) {
      this.#onRefused(ready, response.errorCode)
      return
    }
    this.#refusals = 0
    await this.#process(response, offsets)
  }

  // A lost session is made anew at once; whatever is refused again would be refused for ever.
  #onRefused(ready: readonly FollowedPartition[], error: number): void {
    this.#refusals += 1
    if (this.#refusals === 1) return
    const { leaderId, logger } = this.#options
    logger.warn(`Broker ${leaderId} refuses fetches: error ${error}`)
    for (const followed of ready) this.#delay(followed)
  }

  #onUnreachable(ready: readonly FollowedPartition[], error: unknown): void {
    this.#session.reset()
    if (this.#closed || this.#isInterrupted) return
    const { leaderId, logger } = this.#options
    const message = error instanceof Error ? error.message : String(error)
    if (this.#reachable) logger.warn(`Cannot fetch from broker ${leaderId}: ${message}`)
    this.#reachable = false
    for (const followed of ready) this.#delay(followed)
  }

  #delay(followed: FollowedPartition): void {
    const pauseMs = FIRST_BACKOFF_MS * 2 ** followed.delays++
    followed.delayedUntilMs =
      this.#options.clock.monotonicMs() + Math.min(pauseMs, this.#options.backoffMs())
  }

  async #process(
    response: FetchResponse,
    offsets: ReadonlyMap<FollowedPartition, number>,
  ): Promise<void> {
    const writes = new FollowerWrites()
    const appended: FollowedPartition[] = []
    const unsettled: [FollowedPartition, PartitionAnswer][] = []
    const names = this.#namesById()
    for (const topic of response.responses) {
      const name = topic.topic === '' ? (names.get(topic.topicId) ?? '') : topic.topic
      for (const answer of topic.partitions) {
        const followed = this.#byName.get(keyOf(name, answer.partitionIndex))
        if (followed === undefined || !this.#isUsable(followed)) continue
        if (offsets.get(followed) !== followed.fetchOffset) continue
        const start = followed.startBefore(answer.records)
        if (start !== undefined) await this.#guard(followed, () => followed.startAt(start))
        if (this.#append(followed, answer, writes)) appended.push(followed)
        else unsettled.push([followed, answer])
      }
    }
    await writes.finished()
    for (const followed of appended) if (this.#isUsable(followed)) followed.moveToEnd()
    for (const [followed, answer] of unsettled) {
      if (this.#isUsable(followed))
        await this.#guard(followed, () => this.#settle(followed, answer))
    }
  }

  #namesById(): Map<string, string> {
    const names = new Map<string, string>()
    for (const { topic, topicId } of this.#partitions.keys()) {
      if (topicId !== undefined) names.set(topicId, topic)
    }
    return names
  }

  /** The ordinary case; false when the answer asks for something else. */
  #append(followed: FollowedPartition, answer: PartitionAnswer, writes: FollowerWrites): boolean {
    if (answer.errorCode !== Errors.NONE || answer.divergingEpoch.endOffset >= 0) return false
    const { records } = answer
    if (records !== null && records.length > 0) {
      const error = followed.append(records, writes)
      if (error !== Errors.NONE) {
        this.#onAppendFailed(followed, error)
        return true
      }
      this.#options.onFetched(records.length)
      this.#options.throttle.record(followed.partition, records.length)
    }
    followed.delays = 0
    followed.partition.followLeader(answer.highWatermark, answer.logStartOffset)
    followed.lag = Math.max(0, answer.highWatermark - followed.log.nextOffset)
    return true
  }

  #onAppendFailed(followed: FollowedPartition, error: number): void {
    const { topic, index } = followed.partition
    const { logger, leaderId } = this.#options
    logger.error(`Cannot append what broker ${leaderId} sent of ${topic}-${index}: error ${error}`)
    // Damaged on the way, perhaps: the same bytes are asked for again.
    if (error === Errors.CORRUPT_MESSAGE || error === Errors.INVALID_RECORD) this.#delay(followed)
    else this.#fail(followed, error)
  }

  async #settle(followed: FollowedPartition, answer: PartitionAnswer): Promise<void> {
    const { topic, index } = followed.partition
    switch (answer.errorCode) {
      case Errors.NONE: {
        const { fetchOffset, lastFetchedEpoch } = followed
        const offset = await followed.truncateAt(answer.divergingEpoch)
        this.#options.logger.info(`Truncated ${topic}-${index} to offset ${offset}: logs diverged`)
        // Nothing came of it: asking again at once would only bring the same answer.
        if (followed.isAt(fetchOffset, lastFetchedEpoch)) this.#delay(followed)
        return
      }
      case Errors.OFFSET_OUT_OF_RANGE:
        await this.#settleOutOfRange(followed)
        return
      case Errors.FENCED_LEADER_EPOCH:
        this.#fail(followed, answer.errorCode)
        return
      default:
        this.#delay(followed)
    }
  }

  // Longer than the leader's log: an unclean leader has less. Shorter than what the leader still
  // has: it deleted what is missing here.
  async #settleOutOfRange(followed: FollowedPartition): Promise<void> {
    const { endpoint, logger } = this.#options
    const { brokerId } = this.#options.settings()
    const { topic, index } = followed.partition
    const end = followed.log.logEndOffset
    const leaderEnd = await findOffset(endpoint, brokerId, followed, LATEST)
    if (!this.#isUsable(followed)) return
    if (leaderEnd < end) {
      logger.warn(`Truncating ${topic}-${index} to the leader's end ${leaderEnd}, from ${end}`)
      await followed.truncateTo(leaderEnd)
      return
    }
    const leaderStart = await findOffset(endpoint, brokerId, followed, EARLIEST_LOCAL)
    if (!this.#isUsable(followed)) return
    if (leaderStart <= end) return followed.moveToEnd()
    logger.warn(`Starting ${topic}-${index} at the leader's start ${leaderStart}, from ${end}`)
    await followed.startAt(leaderStart)
  }

  async #guard(followed: FollowedPartition, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const { topic, index } = followed.partition
      this.#options.logger.warn(`Cannot settle ${topic}-${index} with its leader`, error)
      this.#delay(followed)
    }
  }

  #fail(followed: FollowedPartition, error: number): void {
    this.remove(followed.partition)
    this.#options.onFailed(followed.partition, error)
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic}-${partition}`
}
