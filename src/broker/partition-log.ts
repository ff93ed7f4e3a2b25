// A partition that this broker leads, as the log of a coordinator.
import type {
  AppendOutcome,
  OpenReplicatedLog,
  ReplicatedLog,
} from '../coordinator/replicated-log.ts'
import type { Log } from '../log/log.ts'
import type { Clock } from '../platform/clock.ts'
import type { Partition } from '../replication/partition.ts'
import type { Replicas } from '../replication/replicas.ts'
import { Errors, KafkaError } from '../wire/errors.ts'

const ALL_IN_SYNC = -1

/** Opens partitions of `topic`, as far as this broker leads them. */
export function partitionLogs(
  replicas: () => Replicas,
  clock: Clock,
  topic: string,
): OpenReplicatedLog {
  return (index) => {
    const partition = replicas().get(topic, index)
    if (partition?.log === undefined || !partition.isLeader) return undefined
    return new PartitionLog(partition, clock)
  }
}

class PartitionLog implements ReplicatedLog {
  readonly #partition: Partition
  readonly #clock: Clock

  constructor(partition: Partition, clock: Clock) {
    this.#partition = partition
    this.#clock = clock
  }

  /** Another one after a move between log directories. */
  get #log(): Log {
    const { log, topic, index } = this.#partition
    if (log === undefined) throw new KafkaError(Errors.KAFKA_STORAGE_ERROR, `${topic}-${index}`)
    return log
  }

  get logStartOffset(): number {
    return this.#log.logStartOffset
  }

  get logEndOffset(): number {
    return this.#log.logEndOffset
  }

  get highWatermark(): number {
    return this.#log.highWatermark
  }

  append(records: Buffer): AppendOutcome {
    const { error, lastOffset } = this.#partition.append(records, ALL_IN_SYNC, {
      origin: 'coordinator',
      requestVersion: Number.POSITIVE_INFINITY,
      nowMs: this.#clock.nowMs(),
    })
    return { error, lastOffset }
  }

  async read(fromOffset: number, maxBytes: number): Promise<Buffer> {
    const result = await this.#log.read({
      fetchOffset: fromOffset,
      maxBytes,
      minOneBatch: true,
      givesDamaged: true,
    })
    if (result.error !== Errors.NONE) throw new KafkaError(result.error)
    const [only, ...more] = result.segments
    if (only !== undefined && more.length === 0) return only
    return Buffer.concat(result.segments)
  }

  onHighWatermark(listener: (highWatermark: number) => void): () => void {
    return this.#partition.onHighWatermark(listener)
  }
}
