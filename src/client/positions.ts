// Where a consumer stands in each of its partitions.
import type { TopicPartition } from './partition-leaders.ts'

/** One assigned partition. */
export interface Position extends TopicPartition {
  /** The next offset to fetch; undefined until it is known. */
  offset: number | undefined
  /** The offset after the last record that was handed out. */
  consumed: number | undefined
  /** A fetch is under way, or what it brought has not been handed out. */
  busy: boolean
  /** Monotonic: not fetched before, after an error that time mends. */
  restsUntilMs: number
  /** Of the leader that is asked: a broker that led before must not answer (KIP-320). */
  leaderEpoch: number
}

/** All positions; replaced as a whole by an assignment, so that late answers find nothing. */
export class Positions {
  readonly #topics = new Map<string, Map<number, Position>>()

  constructor(partitions: readonly TopicPartition[]) {
    for (const { topic, partition } of partitions) {
      let positions = this.#topics.get(topic)
      if (positions === undefined) {
        positions = new Map()
        this.#topics.set(topic, positions)
      }
      const unknown = {
        offset: undefined,
        consumed: undefined,
        busy: false,
        restsUntilMs: 0,
        leaderEpoch: -1,
      }
      positions.set(partition, { topic, partition, ...unknown })
    }
  }

  get(topic: string, partition: number): Position | undefined {
    return this.#topics.get(topic)?.get(partition)
  }

  *[Symbol.iterator](): Iterator<Position> {
    for (const positions of this.#topics.values()) yield* positions.values()
  }
}
