// What is still to be sent to each broker, one request at a time and in order. A request is sent
// again until it is answered or the broker is removed. A broker that does not take its requests
// does not cost memory without end: beyond the limit what waits is dropped, and the broker will be
// told everything anew.
import { sleep } from '../platform/clock.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { BrokerChannel } from './controller-types.ts'
import type { BrokerRequests, BrokerResponse } from './request-batch.ts'

// What a cluster of inter.broker.protocol.version 3.4 to 3.9 sends.
const LEADER_AND_ISR_VERSION = 7
const UPDATE_METADATA_VERSION = 8
const STOP_REPLICA_VERSION = 4

const RETRY_BACKOFF_MS = 100
const QUEUE_LIMIT = 1000

export interface BrokerQueuesOptions {
  readonly channel: BrokerChannel
  readonly clock: Clock
  readonly logger: Logger
  onResponse(brokerId: number, response: BrokerResponse): void
  /** Requests to this broker were dropped: send it the whole state. */
  onOverflow(brokerId: number): void
}

type Send = () => Promise<BrokerResponse | undefined>

interface Queue {
  waiting: Send[]
  isRunning: boolean
  isRemoved: boolean
}

export class BrokerQueues {
  readonly #options: BrokerQueuesOptions
  readonly #queues = new Map<number, Queue>()

  constructor(options: BrokerQueuesOptions) {
    this.#options = options
  }

  add(brokerId: number): void {
    if (this.#queues.has(brokerId)) return
    this.#queues.set(brokerId, { waiting: [], isRunning: false, isRemoved: false })
  }

  /** What waits for the broker is dropped, and the answer to what was sent is not heard. */
  remove(brokerId: number): void {
    const queue = this.#queues.get(brokerId)
    if (queue === undefined) return
    queue.isRemoved = true
    queue.waiting = []
    this.#queues.delete(brokerId)
  }

  removeAll(): void {
    for (const brokerId of this.#queues.keys()) this.remove(brokerId)
  }

  /** Requests that wait for a broker. */
  length(brokerId: number): number {
    return this.#queues.get(brokerId)?.waiting.length ?? 0
  }

  send(requests: readonly BrokerRequests[]): void {
    for (const one of requests) this.#enqueue(one)
  }

  #enqueue({ brokerId, leaderAndIsr, updateMetadata, stopReplica }: BrokerRequests): void {
    const queue = this.#queues.get(brokerId)
    if (queue === undefined) return
    const { channel } = this.#options
    if (leaderAndIsr !== undefined) {
      queue.waiting.push(async () => ({
        kind: 'leaderAndIsr',
        request: leaderAndIsr,
        response: await channel.leaderAndIsr(brokerId, LEADER_AND_ISR_VERSION, leaderAndIsr),
      }))
    }
    if (updateMetadata !== undefined) {
      queue.waiting.push(async () => {
        await channel.updateMetadata(brokerId, UPDATE_METADATA_VERSION, updateMetadata)
        return undefined
      })
    }
    if (stopReplica !== undefined) {
      queue.waiting.push(async () => ({
        kind: 'stopReplica',
        request: stopReplica,
        response: await channel.stopReplica(brokerId, STOP_REPLICA_VERSION, stopReplica),
      }))
    }
    if (queue.waiting.length > QUEUE_LIMIT) {
      queue.waiting = []
      this.#options.onOverflow(brokerId)
    }
    if (!queue.isRunning) void this.#work(brokerId, queue)
  }

  async #work(brokerId: number, queue: Queue): Promise<void> {
    queue.isRunning = true
    for (;;) {
      const send = queue.waiting.shift()
      if (send === undefined) break
      const response = await this.#sendUntilAnswered(brokerId, queue, send)
      if (queue.isRemoved) return
      if (response !== undefined) this.#options.onResponse(brokerId, response)
    }
    queue.isRunning = false
  }

  async #sendUntilAnswered(
    brokerId: number,
    queue: Queue,
    send: Send,
  ): Promise<BrokerResponse | undefined> {
    const { clock, logger } = this.#options
    for (let attempt = 1; !queue.isRemoved; attempt += 1) {
      try {
        return await send()
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        if (attempt === 1) {
          logger.warn(`A request to broker ${brokerId} is sent until it succeeds: ${reason}`)
        }
        await sleep(clock, RETRY_BACKOFF_MS)
      }
    }
    return undefined
  }
}
