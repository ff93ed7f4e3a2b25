// Sends records: chooses partitions, gathers batches, one request at a time per leader.
//
// Always: a partition has at most one batch in flight, so the order of its records is that of the
// calls; what waits in memory stays below `bufferBytes`, beyond which `send` waits itself.
import { sleep } from '../platform/clock.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import { Produce } from '../wire/messages/00-produce.ts'
import { InitProducerId } from '../wire/messages/22-init-producer-id.ts'
import type { RecordInput } from '../wire/records/build-batch.ts'
import { Compression } from '../wire/records/compression.ts'
import type { KafkaClient } from './kafka-client.ts'
import { partitionForKey } from './partitioner.ts'
import { PartitionQueue, estimateBytes } from './producer-batch.ts'
import type { ProducedRecord, ProducerIdentity, SealedBatch } from './producer-batch.ts'
import { backoffMs } from './retry.ts'

export interface ProducerOptions {
  /** -1 (all in sync) when left out. */
  readonly acks?: -1 | 0 | 1 | undefined
  readonly compression?: Compression | undefined
  /** Numbers batches so that a retry is not written twice; on unless acks says otherwise. */
  readonly idempotent?: boolean | undefined
  /** How long a batch waits for more records; 0 when left out. */
  readonly lingerMs?: number | undefined
  /** 16 KiB when left out. */
  readonly batchBytes?: number | undefined
  /** 32 MiB when left out. */
  readonly bufferBytes?: number | undefined
  /** What a broker may take for one request; 30 s when left out. */
  readonly requestTimeoutMs?: number | undefined
  /** From the first attempt to send a batch until it is given up; 2 min when left out. */
  readonly deliveryTimeoutMs?: number | undefined
}

/** A record to send. */
export interface RecordToSend {
  readonly topic: string
  /** Chosen by key, or in turn, when left out. */
  readonly partition?: number | undefined
  readonly key?: Buffer | null | undefined
  readonly value: Buffer | null
  readonly headers?: RecordInput['headers']
  /** Now, when left out. */
  readonly timestamp?: number | undefined
}

type Resolve = (produced: ProducedRecord) => void
type Reject = (error: unknown) => void

const MARGIN_MS = 5000
const COUNT_MAX_AGE_MS = 1000

export class Producer {
  readonly #client: KafkaClient
  readonly #options: Required<{ [K in keyof ProducerOptions]: NonNullable<ProducerOptions[K]> }>
  readonly #queues = new Map<string, Map<number, PartitionQueue>>()
  /** Per topic, the partition that records without a key go to, and how full its batch is. */
  readonly #sticky = new Map<string, { partition: number; bytes: number }>()
  readonly #releaseWaiters: (() => void)[] = []
  /** How many partitions topics have, for a short while. */
  readonly #counts = new Map<string, { count: number; atMs: number }>()
  #admission: Promise<void> = Promise.resolve()
  /** Records that wait to be admitted. */
  #admitting = 0
  #bufferedBytes = 0
  #identity: Promise<ProducerIdentity> | undefined
  #closed = false

  constructor(client: KafkaClient, options: ProducerOptions = {}) {
    this.#client = client
    const acks = options.acks ?? -1
    this.#options = {
      acks,
      compression: options.compression ?? Compression.none,
      idempotent: options.idempotent ?? acks === -1,
      lingerMs: options.lingerMs ?? 0,
      batchBytes: options.batchBytes ?? 16 * 1024,
      bufferBytes: options.bufferBytes ?? 32 * 1024 * 1024,
      requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
      deliveryTimeoutMs: options.deliveryTimeoutMs ?? 120_000,
    }
  }

  /** Resolves when the record is written as `acks` demands. Rejects with KafkaError. */
  send(record: RecordToSend): Promise<ProducedRecord> {
    return new Promise((resolve, reject) => {
      // One after the other, so that records of a partition keep the order of the calls.
      if (this.#admitting === 0 && this.#admitAtOnce(record, resolve, reject)) return
      this.#admitting++
      this.#admission = this.#admission
        .then(() => this.#admit(record, resolve, reject))
        .catch(reject)
        .then(() => {
          this.#admitting--
        })
    })
  }

  /** Resolves when nothing waits or is in flight any more. */
  async flush(): Promise<void> {
    await this.#admission
    while (this.#bufferedBytes > 0) await this.#release()
  }

  /** Sends what waits, then ends. */
  async close(): Promise<void> {
    await this.flush()
    this.#closed = true
  }

  async #admit(record: RecordToSend, resolve: Resolve, reject: Reject): Promise<void> {
    if (this.#closed) throw new KafkaError(Errors.NETWORK_EXCEPTION, 'the producer was closed')
    const input = this.#inputOf(record)
    const bytes = estimateBytes(input)
    while (!this.#hasRoom(bytes)) await this.#release()
    const count = record.partition === undefined ? await this.#partitionCount(record.topic) : 0
    this.#enqueue(record, input, bytes, this.#partitionOf(record, bytes, count), resolve, reject)
  }

  /** The usual case, without waiting for anything; false when something must be waited for. */
  #admitAtOnce(record: RecordToSend, resolve: Resolve, reject: Reject): boolean {
    if (this.#closed) return false
    const count = record.partition === undefined ? this.#knownCount(record.topic) : 0
    if (count === undefined) return false
    const input = this.#inputOf(record)
    const bytes = estimateBytes(input)
    if (!this.#hasRoom(bytes)) return false
    this.#enqueue(record, input, bytes, this.#partitionOf(record, bytes, count), resolve, reject)
    return true
  }

  #inputOf(record: RecordToSend): RecordInput {
    return {
      key: record.key ?? null,
      value: record.value,
      headers: record.headers,
      timestamp: record.timestamp ?? this.#client.platform.clock.nowMs(),
    }
  }

  #hasRoom(bytes: number): boolean {
    return this.#bufferedBytes === 0 || this.#bufferedBytes + bytes <= this.#options.bufferBytes
  }

  #enqueue(
    record: RecordToSend,
    input: RecordInput,
    bytes: number,
    partition: number,
    resolve: Resolve,
    reject: Reject,
  ): void {
    const queue = this.#queue(record.topic, partition)
    this.#bufferedBytes += bytes
    queue.push({
      record: input,
      bytes,
      resolve: (produced) => {
        this.#finish(bytes)
        resolve(produced)
      },
      reject: (error) => {
        this.#finish(bytes)
        reject(error)
      },
    })
    this.#schedule(queue)
  }

  #finish(bytes: number): void {
    this.#bufferedBytes -= bytes
    if (this.#releaseWaiters.length === 0) return
    for (const waiter of this.#releaseWaiters.splice(0)) waiter()
  }

  /** Resolves when a record has left the buffer. */
  #release(): Promise<void> {
    return new Promise((resolve) => this.#releaseWaiters.push(resolve))
  }

  /** `count`: how many partitions the topic has; of no use when the record names one. */
  #partitionOf(record: RecordToSend, bytes: number, count: number): number {
    if (record.partition !== undefined) return record.partition
    if (record.key !== undefined && record.key !== null) return partitionForKey(record.key, count)
    let sticky = this.#sticky.get(record.topic)
    if (sticky === undefined) {
      sticky = { partition: this.#client.platform.random.uint32() % count, bytes: 0 }
      this.#sticky.set(record.topic, sticky)
    } else if (sticky.bytes + bytes > this.#options.batchBytes) {
      sticky.partition = (sticky.partition + 1) % count
      sticky.bytes = 0
    }
    sticky.bytes += bytes
    return sticky.partition % count
  }

  /** As it was known a short while ago; undefined when it must be asked for. */
  #knownCount(topic: string): number | undefined {
    const known = this.#counts.get(topic)
    if (known === undefined) return undefined
    const ageMs = this.#client.platform.clock.monotonicMs() - known.atMs
    return ageMs > COUNT_MAX_AGE_MS ? undefined : known.count
  }

  #partitionCount(topic: string): Promise<number> {
    return this.#client.retry(async () => {
      try {
        const count = (await this.#client.topic(topic)).partitions.length
        this.#counts.set(topic, { count, atMs: this.#client.platform.clock.monotonicMs() })
        return count
      } catch (error) {
        const isMissing =
          error instanceof KafkaError && error.code === Errors.UNKNOWN_TOPIC_OR_PARTITION
        if (isMissing) await this.#client.createMissing(topic)
        throw error
      }
    })
  }

  #queue(topic: string, partition: number): PartitionQueue {
    let partitions = this.#queues.get(topic)
    if (partitions === undefined) {
      partitions = new Map()
      this.#queues.set(topic, partitions)
    }
    let queue = partitions.get(partition)
    if (queue === undefined) {
      queue = new PartitionQueue(topic, partition)
      partitions.set(partition, queue)
    }
    return queue
  }

  #schedule(queue: PartitionQueue): void {
    if (queue.sealed !== undefined || queue.isScheduled) return
    queue.isScheduled = true
    const { lingerMs, batchBytes } = this.#options
    const start = (): void => {
      queue.isScheduled = false
      void this.#drain(queue)
    }
    const { clock } = this.#client.platform
    if (lingerMs === 0 || queue.waitingBytes >= batchBytes) clock.defer(start)
    else clock.setTimer(lingerMs, start)
  }

  /** Sends batch after batch until nothing waits; every record is resolved or rejected. */
  async #drain(queue: PartitionQueue): Promise<void> {
    while (!queue.isEmpty && queue.sealed === undefined) {
      let batch: SealedBatch | undefined
      try {
        const identity = this.#options.idempotent ? await this.#identify() : undefined
        // Another drain may have taken what waited, while this one learned who it is.
        if (queue.sealed !== undefined || queue.isEmpty) return
        batch = queue.seal(this.#options.batchBytes, this.#options.compression, identity)
        await this.#deliver(batch)
      } catch (error) {
        if (batch === undefined) queue.rejectAll(error)
        else this.#giveUp(batch, error)
      } finally {
        if (batch !== undefined) queue.sealed = undefined
      }
    }
  }

  #giveUp(batch: SealedBatch, error: unknown): void {
    for (const waiting of batch.waiting) waiting.reject(error)
    // The numbers of the lost batch are a gap that brokers refuse: begin anew under another id.
    this.#identity = undefined
  }

  #identify(): Promise<ProducerIdentity> {
    const question = { transactionalId: null, transactionTimeoutMs: 0 }
    this.#identity ??= this.#client
      .retry(async () => {
        const answer = await this.#client.call(InitProducerId, question)
        if (answer.errorCode !== Errors.NONE) throw new KafkaError(answer.errorCode)
        return { producerId: answer.producerId, producerEpoch: answer.producerEpoch }
      })
      .catch((error: unknown) => {
        this.#identity = undefined
        throw error
      })
    return this.#identity
  }

  async #deliver(batch: SealedBatch): Promise<void> {
    const { clock, random } = this.#client.platform
    const endMs = clock.monotonicMs() + this.#options.deliveryTimeoutMs
    for (let attempt = 1; ; attempt++) {
      try {
        if (await this.#sendOnce(batch)) return
        if (clock.monotonicMs() > endMs) throw new KafkaError(Errors.NOT_LEADER_OR_FOLLOWER)
      } catch (error) {
        if (!(error instanceof KafkaError) || !error.retriable) throw error
        this.#client.forgetTopic(batch.queue.topic)
        const waitMs = backoffMs(attempt, {}, random)
        if (clock.monotonicMs() + waitMs > endMs) throw error
        await sleep(clock, waitMs)
      }
    }
  }

  /** False: the leader has moved, to where is known. */
  async #sendOnce(batch: SealedBatch): Promise<boolean> {
    const { topic, partition } = batch.queue
    const { acks, requestTimeoutMs } = this.#options
    const { leader } = await this.#client.partition(topic, partition)
    const link = this.#client.node(leader)
    const partitionData = [{ index: partition, records: batch.bytes }]
    const question = {
      acks,
      timeoutMs: requestTimeoutMs,
      topicData: [{ name: topic, partitionData }],
    }
    const bounds = { min: 3, timeoutMs: requestTimeoutMs + MARGIN_MS }
    if (acks === 0) {
      await link.send(Produce, question, bounds)
      settle(batch, -1, -1)
      return true
    }
    const response = await link.call(Produce, question, bounds)
    const answer = response.responses[0]?.partitionResponses[0]
    if (answer === undefined) throw new KafkaError(Errors.UNKNOWN_SERVER_ERROR)
    const isWritten =
      answer.errorCode === Errors.NONE || answer.errorCode === Errors.DUPLICATE_SEQUENCE_NUMBER
    if (!isWritten) {
      const { nodeEndpoints } = response
      const hint = { ...answer.currentLeader, nodeEndpoints }
      if (this.#client.learnLeader(topic, partition, hint)) return false
      throw new KafkaError(answer.errorCode, answer.errorMessage ?? undefined)
    }
    settle(batch, answer.baseOffset, answer.logAppendTimeMs)
    return true
  }
}

function settle(batch: SealedBatch, baseOffset: number, appendTimeMs: number): void {
  const { topic, partition } = batch.queue
  for (const [index, { record, resolve }] of batch.waiting.entries()) {
    const offset = baseOffset < 0 ? -1 : baseOffset + index
    const timestamp = appendTimeMs >= 0 ? appendTimeMs : record.timestamp
    resolve({ topic, partition, offset, timestamp })
  }
}
