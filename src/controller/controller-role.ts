// Whether this broker is the controller, and who is otherwise: elections, resignations, and the
// watch over the processes of the others. One event queue serves all terms, so that a resignation
// and the next election never overlap.
import type { BrokerImage, Endpoint } from '../metadata/cluster-image.ts'
import { CONTROLLER } from '../metadata/znode-paths.ts'
import type { WatchEvent } from '../zookeeper/client.ts'
import { ZooKeeperCode } from '../zookeeper/errors.ts'
import { ActiveController } from './active-controller.ts'
import type { ControllerOptions } from './controller-types.ts'
import {
  giveUpController,
  NO_CONTROLLER,
  readController,
  readEpoch,
  takeController,
} from './election.ts'
import type { Won } from './election.ts'
import { EventDropped, EventQueue } from './event-queue.ts'
import { ControllerMoved, isCode } from './guarded-store.ts'
import { UNCLEAN_ELECTION } from './partition-states.ts'
import { PeerWatch } from './peer-watch.ts'
import type { ControllerStatistics } from './term.ts'

/** How long giving up `/controller` may hold up the end of the broker. */
const STOP_LIMIT_MS = 1000

export class ControllerRole {
  readonly statistics: ControllerStatistics = { uncleanElections: 0 }
  readonly #options: ControllerOptions
  readonly #queue = new EventQueue()
  readonly #peers: PeerWatch
  #active: ActiveController | undefined
  #controllerId = NO_CONTROLLER
  #epoch = 0
  /** Version of /controller_epoch when this broker last looked. */
  #epochVersion = -1
  #stopWatching: (() => void) | undefined

  constructor(options: ControllerOptions) {
    this.#options = options
    this.#peers = new PeerWatch({
      network: options.network,
      clock: options.clock,
      onGone: (brokerId) => this.#onPeerGone(brokerId),
      onBack: (brokerId) => this.#active?.onBrokerBack(brokerId),
    })
  }

  /** The running term, when this broker is the controller. */
  get active(): ActiveController | undefined {
    return this.#active
  }

  get controllerId(): number {
    return this.#controllerId
  }

  get epoch(): number {
    return this.#epoch
  }

  idle(): Promise<void> {
    return this.#queue.idle()
  }

  async start(): Promise<void> {
    const { zookeeper, metadata, configs } = this.#options
    const stopConfigs = configs.onChange(({ before, after }) => {
      const isAllowed = after.get(UNCLEAN_ELECTION) === 'true'
      if (isAllowed && before.get(UNCLEAN_ELECTION) !== 'true') this.#active?.onUncleanAllowed()
    })
    const stopWatch = zookeeper.onWatch((event) => this.#onWatch(event))
    const stopMetadata = metadata.onChange(() => this.#watchController())
    this.#stopWatching = () => {
      stopConfigs()
      stopWatch()
      stopMetadata()
      this.#peers.close()
    }
    await this.#queue.run('start', () => this.#elect())
  }

  async stop(): Promise<void> {
    this.#stopWatching?.()
    this.#stopWatching = undefined
    this.#queue.clear()
    const stopped = this.#queue.run('stop', async () => {
      const won = this.#resign()
      if (won !== undefined) await giveUpController(this.#options.zookeeper, won)
    })
    await this.#withinLimit(stopped)
  }

  // ZooKeeper may be away: then the node goes with the session.
  #withinLimit(stopped: Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = this.#options.clock.setTimer(STOP_LIMIT_MS, resolve)
    const done = (): void => {
      timer.cancel()
      resolve()
    }
    stopped.then(done, (error) => {
      this.#onFailure(error)
      done()
    })
    return promise
  }

  /** Settings that are read only now and then are other ones. */
  onSettingsChange(): void {
    if (this.#stopWatching === undefined) return
    if (this.#active === undefined) this.#watchController()
    else this.#active.onSettingsChange()
  }

  async onSessionExpired(): Promise<void> {
    this.#queue.clear()
    await this.#queue.run('session expired', async () => {
      this.#resign()
      this.#controllerId = NO_CONTROLLER
    })
  }

  async onSessionRenewed(): Promise<void> {
    await this.#queue.run('session renewed', () => this.#elect())
  }

  #onWatch(event: WatchEvent): void {
    if (event.path !== CONTROLLER) {
      this.#active?.onWatch(event)
      return
    }
    this.#queue
      .run('controller change', () => this.#onControllerChange())
      .catch((error) => this.#onFailure(error))
  }

  #onFailure(error: unknown): void {
    if (!isResignation(error)) this.#options.logger.error('The election failed', error)
  }

  async #onControllerChange(): Promise<void> {
    const holder = await readController(this.#options.zookeeper)
    if (holder?.isOurs === true && this.#active !== undefined) return
    this.#resign()
    await this.#elect()
  }

  async #elect(): Promise<void> {
    const { zookeeper, brokerId, clock, logger } = this.#options
    const holder = await readController(zookeeper)
    // A node that the process before this one left in the session that this one has resumed.
    const isLeftover = holder?.isOurs === true && this.#active === undefined
    if (isLeftover) await zookeeper.delete(CONTROLLER)
    if (holder !== undefined && !isLeftover) return this.#follow(holder.brokerId)
    const won = await takeController(zookeeper, brokerId, clock.nowMs())
    if (won !== undefined) {
      logger.info(`Broker ${brokerId} is the controller, epoch ${won.epoch}`)
      return this.#lead(won)
    }
    const winner = await readController(zookeeper)
    return this.#follow(winner?.brokerId ?? NO_CONTROLLER)
  }

  async #follow(controllerId: number): Promise<void> {
    this.#controllerId = controllerId
    const { epoch, epochVersion } = await readEpoch(this.#options.zookeeper)
    this.#epoch = epoch
    this.#epochVersion = epochVersion
    this.#watchController()
  }

  // Who is not the controller watches the process of the one that is.
  #watchController(): void {
    if (this.#active !== undefined) return
    const { metadata } = this.#options
    const broker = metadata.image.brokers.get(this.#controllerId)
    this.#watchPeers(broker === undefined ? [] : [broker])
  }

  #watchPeers(brokers: readonly BrokerImage[]): void {
    const { brokerId, settings } = this.#options
    const { interBrokerListenerName, fastFailoverEnable } = settings()
    const wanted = new Map<number, Endpoint>()
    for (const { id, endpoints } of fastFailoverEnable ? brokers : []) {
      const endpoint = endpoints.get(interBrokerListenerName)
      if (id !== brokerId && endpoint !== undefined) wanted.set(id, endpoint)
    }
    this.#peers.watchOnly(wanted)
  }

  #onPeerGone(brokerId: number): void {
    if (this.#active !== undefined) this.#active.onBrokerGone(brokerId)
    else if (brokerId === this.#controllerId) this.#forceElection(brokerId)
  }

  // As an operator would, by removing `/controller`; but only that of the epoch that was seen.
  #forceElection(controllerId: number): void {
    const { zookeeper, logger } = this.#options
    const seen = { epoch: this.#epoch, epochVersion: this.#epochVersion }
    logger.warn(`Controller ${controllerId} refuses connections: calling for another election`)
    this.#queue
      .run('force election', () => giveUpController(zookeeper, seen))
      .catch((error) => this.#onFailure(error))
  }

  async #lead(won: Won): Promise<void> {
    const { zookeeper, logger, brokerId } = this.#options
    const active = new ActiveController({
      ...this.#options,
      won,
      queue: this.#queue,
      statistics: this.statistics,
      onMoved: () => this.#resign(),
      onBrokersChange: (brokers) => this.#watchPeers(brokers),
    })
    this.#active = active
    this.#controllerId = brokerId
    this.#epoch = won.epoch
    try {
      await active.begin()
      // Seen while following: the controller before this one, as a rule.
      for (const id of active.term.context.brokers.keys()) {
        if (this.#peers.isGone(id)) active.onBrokerGone(id)
      }
    } catch (error) {
      this.#resign()
      if (isResignation(error)) return
      logger.error('The controller could not take over', error)
      await giveUpController(zookeeper, won)
    }
  }

  #resign(): Won | undefined {
    const active = this.#active
    if (active === undefined) return undefined
    this.#active = undefined
    this.#controllerId = NO_CONTROLLER
    active.end()
    this.#options.logger.info(`Broker ${this.#options.brokerId} is no longer the controller`)
    return active.won
  }
}

/** The work was not done because this broker is not, or no longer, the controller. */
export function isResignation(error: unknown): boolean {
  return (
    error instanceof EventDropped ||
    error instanceof ControllerMoved ||
    isCode(error, ZooKeeperCode.SESSIONEXPIRED)
  )
}
