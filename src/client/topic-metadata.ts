// What a client knows of topics, from the last Metadata answers.
import { Errors } from '../wire/errors.ts'
import type { MetadataResponse } from '../wire/messages/03-metadata.ts'
import { ZERO_UUID } from '../wire/uuid.ts'

/** One partition; leader -1 when there is none. */
export interface PartitionMetadata {
  readonly errorCode: number
  readonly partition: number
  readonly leader: number
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  readonly offlineReplicas: readonly number[]
}

/** A topic with its partitions in ascending order. */
export interface TopicMetadata {
  readonly errorCode: number
  readonly name: string
  readonly id: string
  readonly isInternal: boolean
  readonly partitions: readonly PartitionMetadata[]
}

/** The topics of a Metadata answer, also those with an error; nameless ones are left out. */
export function topicsOf(response: MetadataResponse): TopicMetadata[] {
  const topics: TopicMetadata[] = []
  for (const topic of response.topics) {
    if (topic.name === null) continue
    const partitions = topic.partitions.map((partition) => ({
      errorCode: partition.errorCode,
      partition: partition.partitionIndex,
      leader: partition.leaderId,
      leaderEpoch: partition.leaderEpoch,
      replicas: partition.replicaNodes,
      isr: partition.isrNodes,
      offlineReplicas: partition.offlineReplicas,
    }))
    partitions.sort((a, b) => a.partition - b.partition)
    const { errorCode, topicId, isInternal } = topic
    topics.push({ errorCode, name: topic.name, id: topicId, isInternal, partitions })
  }
  return topics
}

/**
 * Topics that were asked for lately, those without an error. A broker that is cut off goes on
 * telling of leaders that others have long replaced: an older epoch never takes the place of a
 * newer one, also when the topic was forgotten meanwhile (KIP-320).
 */
export class TopicCache {
  readonly #topics = new Map<string, { topic: TopicMetadata; fetchedMs: number }>()
  readonly #maxAgeMs: number
  readonly #maxTopics: number

  constructor(maxAgeMs: number, maxTopics = 10_000) {
    this.#maxAgeMs = maxAgeMs
    this.#maxTopics = maxTopics
  }

  get(name: string, nowMs: number): TopicMetadata | undefined {
    const entry = this.#topics.get(name)
    if (entry === undefined || nowMs - entry.fetchedMs > this.#maxAgeMs) return undefined
    return entry.topic
  }

  /** Answers what is to be believed of the topic. */
  put(topic: TopicMetadata, nowMs: number): TopicMetadata {
    if (topic.errorCode !== Errors.NONE) {
      this.forget(topic.name)
      return topic
    }
    const newest = withNewest(topic, this.#topics.get(topic.name)?.topic)
    this.#topics.delete(topic.name)
    this.#topics.set(topic.name, { topic: newest, fetchedMs: nowMs })
    const oldest = this.#topics.keys().next()
    if (this.#topics.size > this.#maxTopics && !oldest.done) this.#topics.delete(oldest.value)
    return newest
  }

  /** Another leader of a known partition; false when that is no news. */
  moveLeader(name: string, partition: number, leader: number, leaderEpoch: number): boolean {
    const entry = this.#topics.get(name)
    const known = entry?.topic.partitions.find((candidate) => candidate.partition === partition)
    if (entry === undefined || known === undefined) return false
    if (leader < 0 || leaderEpoch <= known.leaderEpoch) return false
    const moved = { ...known, leader, leaderEpoch }
    const partitions = entry.topic.partitions.map((it) => (it === known ? moved : it))
    this.#topics.set(name, { ...entry, topic: { ...entry.topic, partitions } })
    return true
  }

  /** Forgets a topic but for its epochs, so that the next question goes to a broker. */
  forget(name: string): void {
    const entry = this.#topics.get(name)
    if (entry !== undefined) entry.fetchedMs = Number.NEGATIVE_INFINITY
  }
}

/** What was said last, with the leaders of what is known where those are newer. */
function withNewest(said: TopicMetadata, known: TopicMetadata | undefined): TopicMetadata {
  if (known === undefined || said.id === ZERO_UUID || said.id !== known.id) return said
  const partitions = said.partitions.map((partition) => {
    const other = known.partitions.find((candidate) => candidate.partition === partition.partition)
    return other !== undefined && other.leaderEpoch > partition.leaderEpoch ? other : partition
  })
  return { ...said, partitions }
}
