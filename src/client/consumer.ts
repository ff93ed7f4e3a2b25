// Reads records: of partitions that the caller names, or of those that a group assigns.
//
// Always: each leader has at most one fetch under way; what it brought is handed out before its
// partitions are fetched again, so memory is bounded by `maxBytes` per leader. Records of one
// partition come in order.
import { sleep } from '../platform/clock.ts'
import { Errors, KafkaError, errorByCode } from '../wire/errors.ts'
import { Fetch } from '../wire/messages/01-fetch.ts'
import type { FetchResponse } from '../wire/messages/01-fetch.ts'
import { Admin, OffsetSpec } from './admin.ts'
import { recordsFrom } from './fetched-records.ts'
import type { FetchedRecord } from './fetched-records.ts'
import { GroupAdmin } from './group-admin.ts'
import { GroupMember } from './group-member.ts'
import type { GroupOptions } from './group-member.ts'
import type { KafkaClient } from './kafka-client.ts'
import { byTopic, throwFirst } from './partition-leaders.ts'
import type { TopicPartition } from './partition-leaders.ts'
import { Positions } from './positions.ts'
import type { Position } from './positions.ts'

export interface ConsumerOptions {
  /** Membership of a group, for `subscribe` and `commit`. */
  readonly group?: GroupOptions | undefined
  /**
   * Commits what was handed out this often, before a rebalance and at the end; never when left
   * out.
   */
  readonly autoCommitMs?: number | undefined
  /** Where to begin without a position: latest when left out. */
  readonly autoOffsetReset?: 'earliest' | 'latest' | 'none' | undefined
  /** Hides records of transactions that are open or were aborted. */
  readonly readCommitted?: boolean | undefined
  /** How long a broker may hold back an answer without records; 500 ms when left out. */
  readonly maxWaitMs?: number | undefined
  /** Per answer; 50 MiB when left out. */
  readonly maxBytes?: number | undefined
  /** Per partition; 1 MiB when left out. */
  readonly maxPartitionBytes?: number | undefined
  readonly minBytes?: number | undefined
}

/** A record and where it was. */
export interface ConsumedRecord extends TopicPartition, FetchedRecord {}

const CONSUMER = -1
const READ_COMMITTED = 1
/** From version 13 topics go by id, which a consumer of names gains nothing from. */
const FETCH_VERSIONS = { min: 4, max: 12 }
const MARGIN_MS = 5000
const ERROR_BACKOFF_MS = 100

export class Consumer {
  readonly #client: KafkaClient
  readonly #options: ConsumerOptions
  readonly #lane: string
  #member: GroupMember | undefined
  #positions = new Positions([])
  #ready: { position: Position; records: ConsumedRecord[]; nextOffset: number }[] = []
  readonly #fetching = new Map<number, Promise<void>>()
  #failure: unknown
  #nextCommitMs: number

  constructor(client: KafkaClient, options: ConsumerOptions = {}) {
    this.#client = client
    this.#options = options
    this.#lane = client.newLane()
    this.#nextCommitMs = client.platform.clock.monotonicMs() + (options.autoCommitMs ?? 0)
  }

  /** Takes these partitions, in place of those before. */
  assign(partitions: readonly TopicPartition[]): void {
    this.#positions = new Positions(partitions)
    this.#ready = []
  }

  /** Joins the group of the options with these topics; `poll` does the rest. */
  subscribe(topics: readonly string[]): void {
    const { group } = this.#options
    if (group === undefined) throw new Error('subscribe needs a group')
    this.#member = new GroupMember(this.#client, topics, group)
  }

  get assignment(): readonly TopicPartition[] {
    return [...this.#positions].map(({ topic, partition }) => ({ topic, partition }))
  }

  /** Goes on at `offset` of an assigned partition. */
  seek(topic: string, partition: number, offset: number): void {
    const position = this.#positions.get(topic, partition)
    if (position === undefined) throw new Error(`${topic}-${partition} is not assigned`)
    this.#ready = this.#ready.filter((fetched) => fetched.position !== position)
    position.offset = offset
    position.consumed = offset
    position.busy = false
  }

  /** The offset after the last record handed out; undefined before the first. */
  position(topic: string, partition: number): number | undefined {
    const position = this.#positions.get(topic, partition)
    return position?.consumed ?? position?.offset
  }

  /**
   * Records as soon as there are any, none when there are none within `timeoutMs`. Rejects with
   * KafkaError for what does not pass by itself.
   */
  async poll(timeoutMs: number): Promise<ConsumedRecord[]> {
    const { clock } = this.#client.platform
    const endMs = clock.monotonicMs() + timeoutMs
    for (;;) {
      await this.#autoCommit(false)
      await this.#rebalance()
      this.#throwFailure()
      const records = this.#takeReady()
      if (records.length > 0) return records
      await this.#findOffsets()
      await this.#startFetches()
      const leftMs = endMs - clock.monotonicMs()
      if (leftMs <= 0 && this.#ready.length === 0) return []
      await this.#firstFetch(Math.max(0, leftMs))
    }
  }

  /** Commits what `poll` has handed out. */
  async commit(): Promise<void> {
    const { group } = this.#options
    if (group === undefined) throw new Error('commit needs a group')
    const offsets = []
    for (const { topic, partition, consumed } of this.#positions) {
      if (consumed !== undefined) offsets.push({ topic, partition, offset: consumed })
    }
    if (offsets.length === 0) return
    const groups = new GroupAdmin(this.#client)
    throwFirst(await groups.commit(group.groupId, offsets, this.#member?.committer))
  }

  /** Leaves the group, after a last commit where commits are automatic. */
  async close(): Promise<void> {
    await this.#autoCommit(true)
    this.assign([])
    await this.#member?.leave()
    await Promise.all(this.#fetching.values())
    this.#client.closeLane(this.#lane)
  }

  async #autoCommit(isDue: boolean): Promise<void> {
    const { autoCommitMs } = this.#options
    if (autoCommitMs === undefined) return
    const nowMs = this.#client.platform.clock.monotonicMs()
    if (!isDue && nowMs < this.#nextCommitMs) return
    this.#nextCommitMs = nowMs + autoCommitMs
    try {
      await this.commit()
    } catch (error) {
      // Another member may own the partitions by now, and will read these records again.
      if (!(error instanceof KafkaError)) throw error
    }
  }

  async #rebalance(): Promise<void> {
    const member = this.#member
    if (member?.needsJoin !== true) return
    await this.#autoCommit(true)
    if (await member.join()) this.assign(member.assignment)
  }

  #throwFailure(): void {
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure
  }

  #takeReady(): ConsumedRecord[] {
    const records: ConsumedRecord[] = []
    for (const { position, records: fetched, nextOffset } of this.#ready.splice(0)) {
      for (const record of fetched) records.push(record)
      position.consumed = nextOffset
      position.busy = false
    }
    return records
  }

  /** Finds where to begin in partitions that have no position: committed, else by the option. */
  async #findOffsets(): Promise<void> {
    const unknown = [...this.#positions].filter(({ offset }) => offset === undefined)
    if (unknown.length === 0) return
    const { group } = this.#options
    if (group !== undefined) {
      const committed = await new GroupAdmin(this.#client).offsets(group.groupId, unknown)
      for (const { topic, partition, offset } of committed) {
        const position = this.#positions.get(topic, partition)
        if (position !== undefined && offset >= 0) begin(position, offset)
      }
    }
    await this.#reset(unknown.filter(({ offset }) => offset === undefined))
  }

  async #reset(positions: readonly Position[]): Promise<void> {
    if (positions.length === 0) return
    const { autoOffsetReset = 'latest', readCommitted } = this.#options
    if (autoOffsetReset === 'none') throw new KafkaError(Errors.OFFSET_OUT_OF_RANGE)
    const timestamp = OffsetSpec[autoOffsetReset]
    const questions = positions.map(({ topic, partition }) => ({ topic, partition, timestamp }))
    const isolation = readCommitted === true ? READ_COMMITTED : 0
    const outcomes = await new Admin(this.#client).listOffsets(questions, isolation)
    throwFirst(outcomes)
    for (const { topic, partition, offset } of outcomes) {
      const position = this.#positions.get(topic, partition)
      if (position !== undefined && position.offset === undefined) begin(position, offset)
    }
  }

  async #startFetches(): Promise<void> {
    const byLeader = new Map<number, Position[]>()
    for (const position of this.#positions) {
      if (position.busy || this.#isResting(position)) continue
      const leader = await this.#leaderOf(position)
      if (leader === undefined || this.#fetching.has(leader)) continue
      const list = byLeader.get(leader)
      if (list === undefined) byLeader.set(leader, [position])
      else list.push(position)
    }
    for (const [leader, positions] of byLeader) {
      for (const position of positions) position.busy = true
      const fetch = this.#fetch(leader, positions).finally(() => this.#fetching.delete(leader))
      this.#fetching.set(leader, fetch)
    }
  }

  async #leaderOf(position: Position): Promise<number | undefined> {
    try {
      const { topic, partition } = position
      const { leader, leaderEpoch } = await this.#client.partition(topic, partition)
      position.leaderEpoch = leaderEpoch
      return leader
    } catch (error) {
      if (!(error instanceof KafkaError) || !error.retriable) throw error
      this.#rest(position)
      return undefined
    }
  }

  // A broker that does not know yet that it leads refuses at once, as long as all others name it.
  #rest(position: Position): void {
    position.restsUntilMs = this.#client.platform.clock.monotonicMs() + ERROR_BACKOFF_MS
  }

  #isResting({ restsUntilMs }: Position): boolean {
    return restsUntilMs > this.#client.platform.clock.monotonicMs()
  }

  async #firstFetch(timeoutMs: number): Promise<void> {
    const { clock } = this.#client.platform
    // With nobody to ask (no leader, nothing assigned), a rest instead of a busy loop.
    const isIdle = this.#fetching.size === 0
    const mustRest = isIdle || [...this.#positions].some((position) => this.#isResting(position))
    const rest = mustRest ? Math.min(timeoutMs, ERROR_BACKOFF_MS) : timeoutMs
    const { promise: timeout, resolve } = Promise.withResolvers<void>()
    const timer = clock.setTimer(rest, resolve)
    await Promise.race([...this.#fetching.values(), timeout])
    timer.cancel()
  }

  /** Fetches from one leader. Never rejects: what fails for good is kept for the next `poll`. */
  async #fetch(leader: number, positions: readonly Position[]): Promise<void> {
    const owner = this.#positions
    const offsets = new Map(positions.map((position) => [position, position.offset ?? 0]))
    const done = new Set<Position>()
    try {
      const response = await this.#askLeader(leader, positions)
      for (const { topic, partitions } of response.responses) {
        for (const answer of partitions) {
          const position = owner.get(topic, answer.partitionIndex)
          const asked = position && offsets.get(position)
          const isCurrent = this.#positions === owner && position?.offset === asked
          if (position === undefined || asked === undefined || !isCurrent) continue
          if (this.#accept(position, asked, answer)) done.add(position)
        }
      }
    } catch (error) {
      for (const { topic } of positions) this.#client.forgetTopic(topic)
      if (error instanceof KafkaError && error.retriable) {
        await sleep(this.#client.platform.clock, ERROR_BACKOFF_MS)
      } else {
        this.#failure = error
      }
    } finally {
      for (const position of positions) if (!done.has(position)) position.busy = false
    }
  }

  #askLeader(leader: number, positions: readonly Position[]): Promise<FetchResponse> {
    const { maxWaitMs = 500, maxBytes = 50 * 1024 * 1024, minBytes = 1 } = this.#options
    const { maxPartitionBytes = 1024 * 1024, readCommitted } = this.#options
    const topics = byTopic(positions).map(({ topic, items }) => ({
      topic,
      partitions: items.map(({ partition, offset, leaderEpoch }) => ({
        partition,
        currentLeaderEpoch: leaderEpoch,
        fetchOffset: offset ?? 0,
        partitionMaxBytes: maxPartitionBytes,
      })),
    }))
    const isolationLevel = readCommitted === true ? READ_COMMITTED : 0
    const question = { replicaId: CONSUMER, maxWaitMs, minBytes, maxBytes, isolationLevel, topics }
    const bounds = { ...FETCH_VERSIONS, timeoutMs: maxWaitMs + MARGIN_MS + 30_000 }
    return this.#client.node(leader, this.#lane).call(Fetch, question, bounds)
  }

  /** Takes what was fetched of a partition; true when there is something to hand out. */
  #accept(
    position: Position,
    asked: number,
    answer: FetchResponse['responses'][number]['partitions'][number],
  ): boolean {
    const { topic, partition } = position
    const { errorCode } = answer
    if (errorCode === Errors.OFFSET_OUT_OF_RANGE && this.#options.autoOffsetReset !== 'none') {
      position.offset = undefined
      this.#rest(position)
      return false
    }
    if (errorCode !== Errors.NONE) {
      this.#client.forgetTopic(topic)
      this.#rest(position)
      if (!errorByCode(errorCode).retriable) this.#failure = new KafkaError(errorCode)
      return false
    }
    const aborted = this.#options.readCommitted === true ? (answer.abortedTransactions ?? []) : null
    const { records, nextOffset } = recordsFrom(answer.records ?? NOTHING, asked, aborted)
    position.offset = nextOffset
    if (records.length === 0) {
      if (nextOffset > asked) position.consumed = nextOffset
      return false
    }
    const consumed = records.map((record) => ({ ...record, topic, partition }))
    this.#ready.push({ position, records: consumed, nextOffset })
    return true
  }
}

/** Where a partition begins is committed, too: it is the place to go on at, even without records. */
function begin(position: Position, offset: number): void {
  position.offset = offset
  position.consumed = offset
}

const NOTHING = Buffer.alloc(0)
