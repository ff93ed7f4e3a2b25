// Gives the purgatory its events: changes of the metadata cache, and the clock.
import type { ClusterImage } from '../metadata/cluster-image.ts'
import type { MetadataCache } from '../metadata/metadata-cache.ts'
import type { Clock, Timer } from '../platform/clock.ts'
import { TopicPurgatory } from './topic-purgatory.ts'

type Condition = (image: ClusterImage, topic: string) => boolean

/** Every partition of the topic has a leader. */
export function hasLeaders(count: number): Condition {
  return (image, topic) => {
    const partitions = image.topics.get(topic)?.partitions
    if (partitions === undefined || partitions.size < count) return false
    for (const { leader } of partitions.values()) if (leader < 0) return false
    return true
  }
}

/** The topic is gone. */
export const isGone: Condition = (image, topic) => !image.topics.has(topic)

export class MetadataWaits {
  readonly #purgatory = new TopicPurgatory()
  readonly #metadata: MetadataCache
  readonly #clock: Clock
  readonly #stopListening: () => void
  #timer: Timer | undefined
  #timerDeadlineMs = Number.POSITIVE_INFINITY

  constructor(metadata: MetadataCache, clock: Clock) {
    this.#metadata = metadata
    this.#clock = clock
    this.#stopListening = metadata.onChange(({ after, topics }) => {
      if (this.#purgatory.size > 0) this.#purgatory.onChange(after, topics)
    })
  }

  /** Resolves with the topics that were not as wanted within `timeoutMs`. */
  wait(
    topics: Iterable<string>,
    isDone: Condition,
    timeoutMs: number,
  ): Promise<ReadonlySet<string>> {
    const nowMs = this.#clock.monotonicMs()
    const deadlineMs = nowMs + timeoutMs
    const result = this.#purgatory.wait(topics, isDone, this.#metadata.image, nowMs, deadlineMs)
    this.#arm()
    return result
  }

  close(): void {
    this.#stopListening()
    this.#timer?.cancel()
    this.#purgatory.clear()
  }

  #arm(): void {
    const deadlineMs = this.#purgatory.nextDeadlineMs
    if (deadlineMs === this.#timerDeadlineMs) return
    this.#timer?.cancel()
    this.#timer = undefined
    this.#timerDeadlineMs = deadlineMs
    if (deadlineMs === Number.POSITIVE_INFINITY) return
    const delayMs = Math.max(0, deadlineMs - this.#clock.monotonicMs())
    this.#timer = this.#clock.setTimer(delayMs, () => {
      this.#timerDeadlineMs = Number.POSITIVE_INFINITY
      this.#purgatory.expire(this.#clock.monotonicMs())
      this.#arm()
    })
  }
}
