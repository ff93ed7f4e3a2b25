// A producer of one partition, one record at a time, that does what clients do when it fails: asks who
// leads now and sends the record again.
import { Errors } from '../src/wire/errors.ts'
import { leadersOf, type ClusterCommon } from './cluster-view.ts'
import type { BrokerAddress } from './clusters.ts'
import { errorPosition, produceFrames, type BatchShape, type ProduceFrames } from './frames.ts'
import { pause } from './pause.ts'
import { RawConnection } from './raw-connection.ts'

export interface PatientProducerOptions extends ClusterCommon {
  readonly partition: number
  readonly shape: BatchShape
  /** The brokers that are asked who leads. */
  readonly survivors: readonly BrokerAddress[]
}

const BETWEEN_RECORDS_MS = 2
const BETWEEN_ATTEMPTS_MS = 10
const RETRIABLE: ReadonlySet<number> = new Set([
  Errors.NOT_LEADER_OR_FOLLOWER,
  Errors.LEADER_NOT_AVAILABLE,
  Errors.UNKNOWN_TOPIC_OR_PARTITION,
  Errors.NOT_ENOUGH_REPLICAS,
  Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  Errors.REQUEST_TIMED_OUT,
  Errors.KAFKA_STORAGE_ERROR,
])

export class PatientProducer {
  readonly #options: PatientProducerOptions
  readonly #frames: ProduceFrames
  readonly #errorAt: number
  #connection: RawConnection | undefined
  #isOver = false
  #acknowledgedAt = performance.now()
  #longestGapMs = 0
  /** Answers that asked it to try again, and connections that were lost. */
  refusals = 0
  /** Answers that a client would have to tell its user. */
  errors = 0

  constructor(options: PatientProducerOptions) {
    const { topic, partition, shape } = options
    this.#options = options
    this.#frames = produceFrames(topic, partition + 1, shape, -1, -1)
    this.#errorAt = errorPosition(topic)
  }

  startCounting(): void {
    this.#longestGapMs = 0
    this.refusals = 0
    this.errors = 0
  }

  get silentMs(): number {
    return performance.now() - this.#acknowledgedAt
  }

  /** Without an acknowledgement, the present silence included. */
  get longestGapMs(): number {
    return Math.max(this.#longestGapMs, this.silentMs)
  }

  async run(): Promise<void> {
    while (!this.#isOver) {
      const error = await this.#attempt()
      if (error === Errors.NONE) {
        this.#longestGapMs = this.longestGapMs
        this.#acknowledgedAt = performance.now()
        await pause(BETWEEN_RECORDS_MS)
      } else {
        if (error === undefined || RETRIABLE.has(error)) this.refusals++
        else this.errors++
        this.#connection?.close()
        this.#connection = undefined
        await pause(BETWEEN_ATTEMPTS_MS)
      }
    }
  }

  stop(): void {
    this.#isOver = true
    this.#connection?.close()
  }

  /** The error that came back; undefined when none did. */
  async #attempt(): Promise<number | undefined> {
    try {
      const connection = (this.#connection ??= await this.#connectToLeader())
      if (!connection.isOpen) return undefined
      const answer = await connection.request(this.#frames.next(this.#options.partition))
      return answer.readInt16BE(this.#errorAt)
    } catch {
      return undefined
    }
  }

  async #connectToLeader(): Promise<RawConnection> {
    const { brokers, topic, partition, survivors } = this.#options
    const leaders = await leadersOf({ brokers, topic }, survivors)
    const leader = leaders.find(({ partitions }) => partitions.includes(partition))
    if (leader === undefined) throw new Error('nobody leads')
    return RawConnection.open(leader.port)
  }
}
