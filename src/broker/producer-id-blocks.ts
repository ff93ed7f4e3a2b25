// Producer ids from blocks that the controller allocates. The next block is fetched when most of
// the current one has been handed out, so that nobody waits for it in normal running.
import { sleep, type Clock } from '../platform/clock.ts'
import type { Logger } from '../telemetry/logger.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import type { ControllerLink } from './controller-link.ts'
import type { ProducerIds } from './handler-context.ts'

interface Block {
  next: number
  readonly end: number
  /** Reaching this id makes the next block be fetched. */
  readonly fetchAt: number
}

const USED_BEFORE_FETCH = 0.9
const RETRY_MS = 50
/** Kafka turns a producer away while the first block is fetched; here it waits so long. */
const MAX_WAIT_MS = 2_000

export interface ProducerIdBlocksOptions {
  readonly brokerId: number
  readonly brokerEpoch: () => number
  readonly controllerLink: ControllerLink
  readonly clock: Clock
  readonly logger: Logger
}

export class ProducerIdBlocks implements ProducerIds {
  readonly #options: ProducerIdBlocksOptions
  #current: Block | undefined
  #following: Block | undefined
  #fetching: Promise<void> | undefined
  #closed = false

  constructor(options: ProducerIdBlocksOptions) {
    this.#options = options
  }

  async next(): Promise<number | undefined> {
    const id = this.#take()
    if (id !== undefined) return id
    await Promise.race([this.#fetching, sleep(this.#options.clock, MAX_WAIT_MS)])
    return this.#take()
  }

  #take(): number | undefined {
    if (this.#current === undefined || this.#current.next >= this.#current.end) {
      this.#current = this.#following
      this.#following = undefined
    }
    const block = this.#current
    if (block === undefined || block.next >= block.fetchAt) this.#fetch()
    return block === undefined ? undefined : block.next++
  }

  close(): void {
    this.#closed = true
  }

  #fetch(): void {
    if (this.#fetching !== undefined || this.#following !== undefined || this.#closed) return
    this.#fetching = this.#fetchUntilDone().finally(() => {
      this.#fetching = undefined
    })
  }

  async #fetchUntilDone(): Promise<void> {
    const { clock, logger } = this.#options
    while (!this.#closed) {
      try {
        this.#following = await this.#allocate()
        return
      } catch (error) {
        logger.warn('No block of producer ids yet; asking the controller again.', error)
        await sleep(clock, RETRY_MS)
      }
    }
  }

  async #allocate(): Promise<Block> {
    const { brokerId, brokerEpoch, controllerLink } = this.#options
    const answer = await controllerLink.allocateProducerIds({
      brokerId,
      brokerEpoch: brokerEpoch(),
    })
    if (answer.errorCode !== Errors.NONE) throw new KafkaError(answer.errorCode)
    const start = answer.producerIdStart
    return {
      next: start,
      end: start + answer.producerIdLen,
      fetchAt: start + Math.floor(answer.producerIdLen * USED_BEFORE_FETCH),
    }
  }
}
