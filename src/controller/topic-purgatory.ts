// Replies that wait until the metadata of this broker shows what was asked for, or until their time
// is up. A pure holder: the controller tells it about changes and the time.
import type { ClusterImage } from '../metadata/cluster-image.ts'

/** One reply: done when every topic of `pending` is as wanted. */
interface Waiting {
  readonly pending: Set<string>
  readonly isDone: (image: ClusterImage, topic: string) => boolean
  readonly deadlineMs: number
  readonly resolve: (unfinished: ReadonlySet<string>) => void
}

const LIMIT = 10_000

export class TopicPurgatory {
  readonly #waiting = new Set<Waiting>()

  get size(): number {
    return this.#waiting.size
  }

  /**
   * Resolves with the topics that were not as wanted when time was up: none after success. With a
   * deadline that is over, or too many waiting, it does not wait.
   */
  wait(
    topics: Iterable<string>,
    isDone: (image: ClusterImage, topic: string) => boolean,
    image: ClusterImage,
    nowMs: number,
    deadlineMs: number,
  ): Promise<ReadonlySet<string>> {
    const { promise, resolve } = Promise.withResolvers<ReadonlySet<string>>()
    const pending = new Set(topics)
    const waiting: Waiting = { pending, isDone, deadlineMs, resolve }
    this.#check(waiting, image, pending)
    if (pending.size === 0 || deadlineMs <= nowMs || this.#waiting.size >= LIMIT) resolve(pending)
    else this.#waiting.add(waiting)
    return promise
  }

  /** These topics have changed. */
  onChange(image: ClusterImage, topics: ReadonlySet<string>): void {
    for (const waiting of this.#waiting) {
      this.#check(waiting, image, topics)
      if (waiting.pending.size === 0) this.#release(waiting)
    }
  }

  #check(waiting: Waiting, image: ClusterImage, topics: ReadonlySet<string>): void {
    for (const topic of topics) {
      if (waiting.pending.has(topic) && waiting.isDone(image, topic)) waiting.pending.delete(topic)
    }
  }

  /** Releases those whose time is up. */
  expire(nowMs: number): void {
    for (const waiting of this.#waiting) {
      if (waiting.deadlineMs <= nowMs) this.#release(waiting)
    }
  }

  /** Releases all, finished or not. */
  clear(): void {
    for (const waiting of this.#waiting) this.#release(waiting)
  }

  /** When `expire` must be called next; infinity when nobody waits. */
  get nextDeadlineMs(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { deadlineMs } of this.#waiting) next = Math.min(next, deadlineMs)
    return next
  }

  #release(waiting: Waiting): void {
    this.#waiting.delete(waiting)
    waiting.resolve(waiting.pending)
  }
}
