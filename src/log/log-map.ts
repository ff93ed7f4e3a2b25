// Logs by topic and partition.
import type { Log } from './log.ts'

export class LogMap {
  readonly #topics = new Map<string, Map<number, Log>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  get(topic: string, partition: number): Log | undefined {
    return this.#topics.get(topic)?.get(partition)
  }

  set(log: Log): void {
    let partitions = this.#topics.get(log.topic)
    if (partitions === undefined) {
      partitions = new Map()
      this.#topics.set(log.topic, partitions)
    }
    if (!partitions.has(log.partition)) this.#size += 1
    partitions.set(log.partition, log)
  }

  delete(topic: string, partition: number): void {
    const partitions = this.#topics.get(topic)
    if (partitions === undefined || !partitions.delete(partition)) return
    this.#size -= 1
    if (partitions.size === 0) this.#topics.delete(topic)
  }

  topics(): Iterable<string> {
    return this.#topics.keys()
  }

  ofTopic(topic: string): Iterable<Log> {
    return this.#topics.get(topic)?.values() ?? []
  }

  *all(): Iterable<Log> {
    for (const partitions of this.#topics.values()) yield* partitions.values()
  }
}
