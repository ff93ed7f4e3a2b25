// Fetch sessions (KIP-227): the broker remembers what a reader asked, so that each request names
// only what changed and each answer only what is new. What a session remembers of one partition,
// and the session itself.
import type { FetchResult, FetchTarget } from './fetch-types.ts'

/** Epoch of a request that wants no session, or closes the one it names. */
export const FINAL_EPOCH = -1
/** Epoch of a request that names all of its partitions and wants a session. */
export const INITIAL_EPOCH = 0
const MAX_EPOCH = 0x7fffffff

/** What a request says of one partition. */
export interface RequestedPartition {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  readonly fetchOffset: number
  readonly maxBytes: number
  readonly currentLeaderEpoch: number
  readonly lastFetchedEpoch: number
  readonly logStartOffset: number
}

/** A partition as asked for, and what its reader was told last. */
export class SessionPartition implements FetchTarget {
  /** Empty while no topic of the id is known. */
  topic: string
  readonly topicId: string
  readonly partition: number
  fetchOffset: number
  maxBytes: number
  currentLeaderEpoch: number
  lastFetchedEpoch: number
  logStartOffset: number
  #toldHighWatermark = -1
  #toldLogStartOffset = -1

  constructor(requested: RequestedPartition) {
    this.topic = requested.topic
    this.topicId = requested.topicId
    this.partition = requested.partition
    this.fetchOffset = requested.fetchOffset
    this.maxBytes = requested.maxBytes
    this.currentLeaderEpoch = requested.currentLeaderEpoch
    this.lastFetchedEpoch = requested.lastFetchedEpoch
    this.logStartOffset = requested.logStartOffset
  }

  update(requested: RequestedPartition): void {
    this.fetchOffset = requested.fetchOffset
    this.maxBytes = requested.maxBytes
    this.currentLeaderEpoch = requested.currentLeaderEpoch
    this.lastFetchedEpoch = requested.lastFetchedEpoch
    this.logStartOffset = requested.logStartOffset
  }

  /** Whether the reader has to be told `result`; takes note that it was. */
  tell(result: FetchResult): boolean {
    let news = result.sizeBytes > 0 || result.preferredReadReplica !== -1
    if (result.highWatermark !== this.#toldHighWatermark) {
      news = true
      this.#toldHighWatermark = result.highWatermark
    }
    if (result.logStartOffset !== this.#toldLogStartOffset) {
      news = true
      this.#toldLogStartOffset = result.logStartOffset
    }
    if (result.divergingEpoch !== undefined) news = true
    if (result.error !== 0) {
      // So that the first answer after the error is news again, whatever it says.
      this.#toldHighWatermark = -1
      news = true
    }
    return news
  }
}

/** What tells partitions of a request apart: topics by id or by name, never both in one session. */
export function partitionKey(requested: RequestedPartition, usesTopicIds: boolean): string {
  return `${usesTopicIds ? requested.topicId : requested.topic}/${requested.partition}`
}

export class FetchSession {
  readonly id: number
  /** Of a follower: may take the place of consumers' sessions. */
  readonly isPrivileged: boolean
  readonly usesTopicIds: boolean
  readonly createdMs: number
  lastUsedMs: number
  /** What the next request has to carry. */
  epoch = 1
  /** In the order in which they are read: those that gave data go to the end. */
  readonly partitions: Map<string, SessionPartition>
  /** As of the last use: what decides who has to go when slots run out. */
  size: number

  constructor(
    id: number,
    isPrivileged: boolean,
    usesTopicIds: boolean,
    nowMs: number,
    partitions: Map<string, SessionPartition>,
  ) {
    this.id = id
    this.isPrivileged = isPrivileged
    this.usesTopicIds = usesTopicIds
    this.createdMs = nowMs
    this.lastUsedMs = nowMs
    this.partitions = partitions
    this.size = partitions.size
  }

  /** Takes what an incremental request changes. */
  update(
    requested: readonly RequestedPartition[],
    forgotten: readonly { topic: string; topicId: string; partition: number }[],
  ): void {
    for (const partition of requested) {
      const key = partitionKey(partition, this.usesTopicIds)
      const known = this.partitions.get(key)
      if (known === undefined) this.partitions.set(key, new SessionPartition(partition))
      else known.update(partition)
    }
    for (const { topic, topicId, partition } of forgotten) {
      this.partitions.delete(`${this.usesTopicIds ? topicId : topic}/${partition}`)
    }
    this.size = this.partitions.size
  }

  advanceEpoch(): void {
    this.epoch = this.epoch === MAX_EPOCH ? 1 : this.epoch + 1
  }

  /** Which results are news; partitions that gave data are read last next time. */
  select(targets: readonly FetchTarget[], results: readonly FetchResult[]): boolean[] {
    const news: boolean[] = []
    for (const [place, target] of targets.entries()) {
      const result = results[place]
      if (!(target instanceof SessionPartition) || result === undefined) continue
      news.push(target.tell(result))
      if (result.sizeBytes === 0) continue
      const key = partitionKey(target, this.usesTopicIds)
      if (this.partitions.get(key) !== target) continue
      this.partitions.delete(key)
      this.partitions.set(key, target)
    }
    return news
  }
}
