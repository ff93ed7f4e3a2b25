// A cluster of controllers without logs: the embedded ZooKeeper server, one controller and one
// metadata cache per broker, and brokers that obey every request and remember it. Time is virtual.
import assert from 'node:assert/strict'
import { createPersistentPaths } from '../../src/controller/broker-registration.ts'
import type { Controller } from '../../src/controller/controller.ts'
import type { ControllerSettings } from '../../src/controller/controller-types.ts'
import { ANY_NAME } from '../../src/metadata/topic-name.ts'
import type { Socket } from '../../src/platform/network.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import type { SimulatedPlatform } from '../../src/testing/simulated/simulated-world.ts'
import { SimulatedWorld } from '../../src/testing/simulated/simulated-world.ts'
import { ZooKeeperClient } from '../../src/zookeeper/client.ts'
import { ZooKeeperServer } from '../../src/zookeeper/server.ts'
import { WorldBroker } from './world-broker.ts'

export const SESSION_TIMEOUT_MS = 6000

const SETTINGS: ControllerSettings = {
  numPartitions: 1,
  defaultReplicationFactor: 1,
  deleteTopicEnable: true,
  uncleanLeaderElectionEnable: false,
  autoLeaderRebalanceEnable: false,
  leaderImbalanceCheckIntervalSeconds: 300,
  leaderImbalancePerBrokerPercentage: 10,
  interBrokerListenerName: 'PLAINTEXT',
  fastFailoverEnable: false,
  topicNaming: ANY_NAME,
}

/** A request as it reached a broker, in one line. */
export interface Received {
  readonly brokerId: number
  readonly text: string
}

export class ControllerWorld {
  readonly simulated: SimulatedWorld
  /** The machine of ZooKeeper, whose clock tests move. */
  readonly platform: SimulatedPlatform
  readonly brokers = new Map<number, WorldBroker>()
  readonly received: Received[] = []
  settings = SETTINGS
  #server: ZooKeeperServer | undefined
  #observer: ZooKeeperClient | undefined

  constructor(seed = 1) {
    this.simulated = new SimulatedWorld({ seed })
    this.platform = this.simulated.machine('zookeeper').platform
  }

  static async create(seed = 1): Promise<ControllerWorld> {
    const world = new ControllerWorld(seed)
    await world.#startZooKeeper()
    return world
  }

  async #startZooKeeper(): Promise<void> {
    const { platform } = this
    this.#server = await ZooKeeperServer.start({ platform, logger: silentLogger, directory: '/zk' })
    this.#observer = await this.connect()
    await createPersistentPaths(this.#observer)
  }

  /** A client of its own session, for looking and for meddling. */
  get zookeeper(): ZooKeeperClient {
    assert(this.#observer !== undefined)
    return this.#observer
  }

  /** `wrap` sees each connection that the client makes. */
  connect(
    session?: ZooKeeperClient['session'],
    wrap: (socket: Socket) => Socket = (socket) => socket,
  ): Promise<ZooKeeperClient> {
    const server = this.#server
    assert(server !== undefined)
    const open = async (): Promise<Socket> => wrap(await server.connectInProcess())
    return ZooKeeperClient.connect({
      platform: this.platform,
      logger: silentLogger,
      connect: { open },
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      connectionTimeoutMs: 1000,
      session,
    })
  }

  async start(brokerId: number, rack: string | null = null): Promise<WorldBroker> {
    return this.#join(await WorldBroker.start(this, brokerId, rack))
  }

  /** Kill -9, and a new process that goes on with the session of the old one. */
  async restart(brokerId: number): Promise<WorldBroker> {
    const old = this.broker(brokerId)
    const { session } = old.client
    old.crash()
    const broker = await WorldBroker.start(this, brokerId, null, session)
    assert(broker.client.resumed)
    return this.#join(broker)
  }

  async #join(broker: WorldBroker): Promise<WorldBroker> {
    this.brokers.set(broker.id, broker)
    await broker.controller.start()
    await this.settle()
    return broker
  }

  broker(brokerId: number): WorldBroker {
    const broker = this.brokers.get(brokerId)
    assert(broker !== undefined, `broker ${brokerId} does not run`)
    return broker
  }

  get active(): WorldBroker | undefined {
    return [...this.brokers.values()].find(({ controller }) => controller.isActive)
  }

  get controller(): Controller {
    const { active } = this
    assert(active !== undefined, 'no controller is active')
    return active.controller
  }

  /** Ends the session of a broker behind its back, as ZooKeeper does when it hears nothing. */
  async expire({ client }: WorldBroker): Promise<void> {
    const server = this.#server
    assert(server !== undefined)
    await ZooKeeperClient.closeSession({
      platform: this.platform,
      logger: silentLogger,
      connect: { open: () => server.connectInProcess() },
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      connectionTimeoutMs: 1000,
      session: client.session,
    })
    await this.settle()
  }

  /** Until nothing happens any more without time passing. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 10; quiet += 1) {
      const before = this.received.length
      await this.platform.clock.settle()
      await this.#untilIdle()
      if (this.received.length !== before) quiet = 0
    }
  }

  // Not longer than a while: a controller may wait for an answer that comes when time has passed.
  async #untilIdle(): Promise<void> {
    let isIdle = false
    const idle = [...this.brokers.values()].map(({ controller }) => controller.idle())
    void Promise.all(idle).then(() => {
      isIdle = true
    })
    for (let turn = 0; turn < 50 && !isIdle; turn += 1) await this.platform.clock.settle()
  }

  async advance(spanMs: number): Promise<void> {
    await this.platform.clock.advance(spanMs)
    await this.settle()
  }

  async close(): Promise<void> {
    for (const broker of this.brokers.values()) broker.client.abandon()
    this.#observer?.abandon()
    await this.#server?.close()
  }
}
