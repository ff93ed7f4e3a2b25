// Records that wait for their partition's next request. One partition sends one batch at a time, so
// that a retry can never change the order.
import { buildBatch } from '../wire/records/build-batch.ts'
import type { RecordInput } from '../wire/records/build-batch.ts'
import type { Compression } from '../wire/records/compression.ts'

/** What becomes of a record: where it is, once a broker has it. Offset -1 with acks 0. */
export interface ProducedRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
}

/** A record with what to do when it is through. */
export interface WaitingRecord {
  readonly record: RecordInput
  readonly bytes: number
  readonly resolve: (produced: ProducedRecord) => void
  readonly reject: (error: unknown) => void
}

/** The id that a broker gave to an idempotent producer. */
export interface ProducerIdentity {
  readonly producerId: number
  readonly producerEpoch: number
}

/** A batch that is being sent. */
export interface SealedBatch {
  readonly queue: PartitionQueue
  readonly waiting: readonly WaitingRecord[]
  readonly bytes: Buffer
}

/** Upper bound of what a record takes in a batch, besides key, value and headers. */
const RECORD_OVERHEAD = 32
const SEQUENCES = 2 ** 31

/** Bytes that a record may take in a batch. */
export function estimateBytes(record: RecordInput): number {
  let bytes = RECORD_OVERHEAD + (record.key?.length ?? 0) + (record.value?.length ?? 0)
  for (const { key, value } of record.headers ?? []) {
    bytes += key.length * 3 + (value?.length ?? 0) + 10
  }
  return bytes
}

/** The records of one partition, in the order they were given. */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  /** A drain is due to start. */
  isScheduled = false
  /** The batch in flight, also while it waits to be sent again. */
  sealed: SealedBatch | undefined
  #waiting: WaitingRecord[] = []
  #waitingBytes = 0
  /** Numbers belong to an identity: under another one they begin again. */
  #identity: ProducerIdentity | undefined
  #sequence = 0

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  get waitingBytes(): number {
    return this.#waitingBytes
  }

  push(waiting: WaitingRecord): void {
    this.#waiting.push(waiting)
    this.#waitingBytes += waiting.bytes
  }

  /** Makes the next batch of at most `maxBytes`, one record at least. */
  seal(
    maxBytes: number,
    compression: Compression,
    identity: ProducerIdentity | undefined,
  ): SealedBatch {
    let bytes = 0
    let count = 0
    for (const waiting of this.#waiting) {
      if (count > 0 && bytes + waiting.bytes > maxBytes) break
      bytes += waiting.bytes
      count++
    }
    const waiting = this.#waiting.slice(0, count)
    this.#waiting = this.#waiting.slice(count)
    this.#waitingBytes -= bytes
    if (identity !== this.#identity) this.#sequence = 0
    this.#identity = identity
    const records = waiting.map(({ record }) => record)
    const numbers = identity === undefined ? {} : { ...identity, baseSequence: this.#sequence }
    this.sealed = { queue: this, waiting, bytes: buildBatch({ records, compression, ...numbers }) }
    this.#sequence = (this.#sequence + count) % SEQUENCES
    return this.sealed
  }

  /** Gives up everything that waits. */
  rejectAll(error: unknown): void {
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error)
    this.#waitingBytes = 0
  }
}
