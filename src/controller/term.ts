// What one active controller works with from its election to its resignation. A new election makes
// a new term; what still runs for an old one finds its queues closed and its writes refused.
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { BrokerQueues } from './broker-queues.ts'
import type { ControllerContext } from './context.ts'
import type { ControllerSettings } from './controller-types.ts'
import type { GuardedStore } from './guarded-store.ts'
import { RequestBatch } from './request-batch.ts'

export interface TermOptions {
  readonly context: ControllerContext
  readonly store: GuardedStore
  readonly queues: BrokerQueues
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: () => ControllerSettings
  readonly statistics: ControllerStatistics
}

/** Counted over all terms of a broker. */
export interface ControllerStatistics {
  uncleanElections: number
}

export class Term {
  readonly context: ControllerContext
  readonly store: GuardedStore
  readonly queues: BrokerQueues
  readonly clock: Clock
  readonly logger: Logger
  readonly statistics: ControllerStatistics
  readonly #settings: () => ControllerSettings
  #hasEnded = false

  constructor(options: TermOptions) {
    this.context = options.context
    this.store = options.store
    this.queues = options.queues
    this.clock = options.clock
    this.logger = options.logger
    this.statistics = options.statistics
    this.#settings = options.settings
  }

  get settings(): ControllerSettings {
    return this.#settings()
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  end(): void {
    this.#hasEnded = true
    this.queues.removeAll()
  }

  /** Collects requests with `add` and hands them to the queues of their brokers. */
  send(batch: RequestBatch): void {
    this.queues.send(batch.build())
  }

  batch(): RequestBatch {
    return new RequestBatch(this.context, this.settings.interBrokerListenerName)
  }
}
