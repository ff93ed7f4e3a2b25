// One term of an active controller: what it reads when it begins, and what it does with each event
// of ZooKeeper and each answer of a broker. All events go through the one queue.
import type { Clock, Timer } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import type { Logger } from '../telemetry/logger.ts'
import {
  BROKER_IDS,
  DELETE_TOPICS,
  FEATURE,
  ISR_CHANGES,
  LOG_DIR_EVENTS,
  PREFERRED_ELECTION,
  REASSIGN_PARTITIONS,
  TOPICS,
} from '../metadata/znode-paths.ts'
import type { BrokerImage } from '../metadata/cluster-image.ts'
import { encodeFeatures } from '../metadata/znodes.ts'
import type { WatchEvent, ZooKeeperClient } from '../zookeeper/client.ts'
import { ZooKeeperCode } from '../zookeeper/errors.ts'
import { BrokerChanges } from './broker-changes.ts'
import { BrokerQueues } from './broker-queues.ts'
import { onBrokerResponse } from './broker-responses.ts'
import { ControllerContext } from './context.ts'
import type { Partition } from './context.ts'
import type { BrokerChannel, ControllerSettings } from './controller-types.ts'
import type { Won } from './election.ts'
import { EventDropped } from './event-queue.ts'
import type { EventQueue } from './event-queue.ts'
import { ControllerMoved, GuardedStore, isCode } from './guarded-store.ts'
import { electRequested, rebalance } from './leader-elections.ts'
import { readLeaderships } from './leadership-writes.ts'
import { Machine } from './machine.ts'
import { onIsrNotifications, onLogDirNotifications } from './notifications.ts'
import { reassignRequested, resumeReassignments } from './reassignment-requests.ts'
import { settleRestarts } from './restarts.ts'
import { absolve, absolveAll, suspect } from './suspicion.ts'
import { Term } from './term.ts'
import type { ControllerStatistics } from './term.ts'
import { TopicChanges } from './topic-changes.ts'

const FIRST_BALANCE_DELAY_MS = 5000
const SECOND_MS = 1000

export interface ActiveControllerOptions {
  readonly brokerId: number
  readonly won: Won
  readonly queue: EventQueue
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly zookeeper: ZooKeeperClient
  readonly channel: BrokerChannel
  readonly settings: () => ControllerSettings
  readonly statistics: ControllerStatistics
  /** Another controller has been elected. */
  readonly onMoved: () => void
  /** The registered brokers, or their endpoints, have changed. */
  readonly onBrokersChange: (brokers: readonly BrokerImage[]) => void
}

export class ActiveController {
  readonly won: Won
  readonly term: Term
  readonly machine: Machine
  readonly #options: ActiveControllerOptions
  readonly #brokers: BrokerChanges
  readonly #topics: TopicChanges
  #balanceTimer: Timer | undefined

  constructor(options: ActiveControllerOptions) {
    const { brokerId, won, clock, logger, zookeeper, channel, settings, random } = options
    this.#options = options
    this.won = won
    const queues = new BrokerQueues({
      channel,
      clock,
      logger,
      onResponse: (id, response) => {
        this.#event('answer of a broker', () => onBrokerResponse(this.machine, id, response))
      },
      onOverflow: (id) => this.#event('overflow', () => this.machine.resend(id)),
    })
    const context = new ControllerContext(brokerId, won.epoch, won.epochVersion)
    const store = new GuardedStore(zookeeper, won.epochVersion)
    const { statistics } = options
    this.term = new Term({ context, store, queues, clock, logger, settings, statistics })
    this.machine = new Machine(this.term)
    this.#brokers = new BrokerChanges(this.machine, channel, options.onBrokersChange)
    this.#topics = new TopicChanges(this.machine, (count) => random.bytes(count))
  }

  /** Takes over the cluster: reads everything, with watches, and gives leaders where they miss. */
  async begin(): Promise<void> {
    const { context, store, logger } = this.term
    await store.write([[{ kind: 'create', path: FEATURE, data: encodeFeatures() }]])
    await this.#dropNotifications()
    await this.#brokers.load()
    await this.#topics.load()
    const writtenAt = await readLeaderships(this.term, [...context.allPartitions()])
    await settleRestarts(this.term, writtenAt)
    await this.#topics.loadDeletions()
    this.machine.announce([])
    this.machine.replicaStates.initialize()
    this.machine.partitionStates.initialize()
    await this.machine.partitionStates.electLeaderless()
    await this.machine.replicaStates.removeOffline()
    await resumeReassignments(this.machine)
    await reassignRequested(this.machine)
    await this.machine.deletion.resume()
    await electRequested(this.machine)
    this.#scheduleBalance(FIRST_BALANCE_DELAY_MS)
    logger.info(
      `Controller of epoch ${context.epoch} is ready: ` +
        `${context.brokers.size} brokers, ${context.topics.size} topics`,
    )
  }

  /** No more requests, no more timers; what still runs finds the term over. */
  end(): void {
    this.#balanceTimer?.cancel()
    this.#brokers.removeAll()
    this.term.end()
  }

  onWatch({ path, type }: WatchEvent): void {
    const handle = this.#handlerOf(path)
    if (handle !== undefined) this.#event(`${type} ${path}`, handle)
  }

  /** Handles `event` in turn and answers with its result; rejects when the term is over. */
  run<T>(name: string, event: () => Promise<T>): Promise<T> {
    return this.#options.queue.run(name, async () => {
      if (this.term.hasEnded) throw new EventDropped()
      try {
        return await event()
      } catch (error) {
        if (error instanceof ControllerMoved) this.#options.onMoved()
        throw error
      }
    })
  }

  /** A topic, or all of them, may now have leaders from outside their in-sync sets. */
  onUncleanAllowed(): void {
    this.#event('unclean election allowed', () => this.machine.partitionStates.electLeaderless())
  }

  /** Settings that are read only now and then are other ones. */
  onSettingsChange(): void {
    this.#event('settings change', async () => {
      this.#brokers.report()
      if (!this.term.settings.fastFailoverEnable) await absolveAll(this.machine)
    })
  }

  /** The process of a broker is gone, though its session lives. */
  onBrokerGone(brokerId: number): void {
    this.#event('broker gone', () => suspect(this.machine, brokerId))
  }

  onBrokerBack(brokerId: number): void {
    this.#event('broker back', () => absolve(this.machine, brokerId))
  }

  /** In-sync sets have changed: moves that waited for it may go on. */
  continueReassignments(changed: readonly Partition[]): void {
    const running = changed.filter((partition) => this.term.context.reassigning.has(partition))
    if (running.length === 0) return
    this.#event('reassignment', () => this.machine.reassignments.finishComplete(running))
  }

  #event(name: string, event: () => Promise<void>): void {
    this.run(name, event).catch((error) => this.#onFailure(name, error))
  }

  #onFailure(name: string, error: unknown): void {
    if (error instanceof EventDropped || error instanceof ControllerMoved) return
    if (isCode(error, ZooKeeperCode.SESSIONEXPIRED)) return
    this.term.logger.error(`The controller failed at: ${name}`, error)
  }

  #handlerOf(path: string): (() => Promise<void>) | undefined {
    const { machine } = this
    switch (path) {
      case BROKER_IDS:
        return () => this.#brokers.onListChange()
      case TOPICS:
        return () => this.#topics.onListChange()
      case DELETE_TOPICS:
        return () => this.#topics.onDeletionRequests()
      case REASSIGN_PARTITIONS:
        return () => reassignRequested(machine)
      case PREFERRED_ELECTION:
        return () => electRequested(machine)
      case ISR_CHANGES:
        return () => onIsrNotifications(machine)
      case LOG_DIR_EVENTS:
        return () => onLogDirNotifications(machine)
      default:
        return this.#handlerBelow(path)
    }
  }

  #handlerBelow(path: string): (() => Promise<void>) | undefined {
    const broker = nameBelow(BROKER_IDS, path)
    if (broker !== undefined) return () => this.#brokers.onNodeChange(Number(broker))
    const topic = nameBelow(TOPICS, path)
    return topic === undefined ? undefined : () => this.#topics.onTopicChange(topic)
  }

  // What happened before this term is read from the states themselves.
  async #dropNotifications(): Promise<void> {
    const { store } = this.term
    for (const parent of [ISR_CHANGES, LOG_DIR_EVENTS]) {
      const names = await store.children(parent, true)
      await store.delete(names.map((name) => `${parent}/${name}`))
    }
  }

  #scheduleBalance(delayMs: number): void {
    const { clock } = this.#options
    this.#balanceTimer = clock.setTimer(delayMs, () => {
      const { autoLeaderRebalanceEnable, leaderImbalanceCheckIntervalSeconds } = this.term.settings
      if (autoLeaderRebalanceEnable) this.#event('balance', () => rebalance(this.machine))
      this.#scheduleBalance(leaderImbalanceCheckIntervalSeconds * SECOND_MS)
    })
  }
}

// The name of a direct child of `parent`.
function nameBelow(parent: string, path: string): string | undefined {
  if (!path.startsWith(`${parent}/`)) return undefined
  const name = path.slice(parent.length + 1)
  return name.includes('/') ? undefined : name
}
