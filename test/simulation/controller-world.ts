// A cluster of controllers without logs: the embedded ZooKeeper server, one controller and one
// metadata cache per broker, and brokers that obey every request and remember it. Time is virtual.
import assert from 'node:assert/strict'
import { registerBroker, createPersistentPaths } from '../../src/controller/broker-registration.ts'
import { ConfigStore } from '../../src/controller/config-store.ts'
import { Controller } from '../../src/controller/controller.ts'
import type { BrokerChannel, ControllerSettings } from '../../src/controller/controller-types.ts'
import { EntityConfigs } from '../../src/metadata/entity-configs.ts'
import { MetadataCache, UpdateType } from '../../src/metadata/metadata-cache.ts'
import { ANY_NAME } from '../../src/metadata/topic-name.ts'
import type { BrokerNode } from '../../src/metadata/znodes.ts'
import type { NetworkListener, Socket } from '../../src/platform/network.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import type { SimulatedPlatform } from '../../src/testing/simulated/simulated-world.ts'
import { SimulatedWorld } from '../../src/testing/simulated/simulated-world.ts'
import type {
  LeaderAndIsrRequest,
  LeaderAndIsrResponse,
} from '../../src/wire/messages/04-leader-and-isr.ts'
import type {
  StopReplicaRequest,
  StopReplicaResponse,
} from '../../src/wire/messages/05-stop-replica.ts'
import type {
  UpdateMetadataRequest,
  UpdateMetadataResponse,
} from '../../src/wire/messages/06-update-metadata.ts'
import type { WatchEvent } from '../../src/zookeeper/client.ts'
import { ZooKeeperClient } from '../../src/zookeeper/client.ts'
import { ZooKeeperServer } from '../../src/zookeeper/server.ts'
import { FragileConnection } from './fragile-connection.ts'

export const SESSION_TIMEOUT_MS = 6000
const PORT = 9092
const STALE_CONTROLLER_EPOCH = 11
const STALE_BROKER_EPOCH = 77

const SETTINGS: ControllerSettings = {
  numPartitions: 1,
  defaultReplicationFactor: 1,
  deleteTopicEnable: true,
  uncleanLeaderElectionEnable: false,
  autoLeaderRebalanceEnable: false,
  leaderImbalanceCheckIntervalSeconds: 300,
  leaderImbalancePerBrokerPercentage: 10,
  interBrokerListenerName: 'PLAINTEXT',
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
  /** Whether brokers watch each other's processes. */
  isFailoverFast = false
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

/** A broker that does what it is told. */
export class WorldBroker {
  readonly id: number
  readonly client: ZooKeeperClient
  /** To ZooKeeper. */
  readonly connection: FragileConnection
  readonly controller: Controller
  readonly metadata: MetadataCache
  readonly configs = new EntityConfigs()
  readonly configStore: ConfigStore
  readonly watched: WatchEvent[] = []
  /** What it answers for partitions instead of NONE, by `topic-partition`. */
  readonly errors = new Map<string, number>()
  epoch = -1
  isCutOff = false
  readonly #world: ControllerWorld
  readonly #node: BrokerNode
  #controllerEpoch = 0
  #listener: NetworkListener | undefined
  readonly #sockets: Socket[] = []
  readonly #topicIds = new Map<string, string>()

  private constructor(
    world: ControllerWorld,
    id: number,
    rack: string | null,
    client: ZooKeeperClient,
    connection: FragileConnection,
  ) {
    const { clock, random, network } = world.simulated.machine(`host${id}`).platform
    this.#world = world
    this.id = id
    this.client = client
    this.connection = connection
    this.metadata = new MetadataCache('cluster')
    this.#node = brokerNode(id, rack)
    this.configStore = new ConfigStore({
      zookeeper: client,
      configs: this.configs,
      clock,
      logger: silentLogger,
    })
    this.controller = new Controller({
      brokerId: id,
      clock,
      random,
      logger: silentLogger,
      zookeeper: client,
      channel: channelOf(world),
      metadata: this.metadata,
      settings: () => world.settings,
      configs: this.configs,
      topicConfigs: { validate: () => undefined, describe: () => [] },
      fastFailover: world.isFailoverFast ? network : undefined,
    })
  }

  static async start(
    world: ControllerWorld,
    id: number,
    rack: string | null,
    session?: ZooKeeperClient['session'],
  ): Promise<WorldBroker> {
    const connection = new FragileConnection()
    const client = await world.connect(session, (socket) => connection.wrap(socket))
    const broker = new WorldBroker(world, id, rack, client, connection)
    await broker.configStore.start()
    await broker.listen()
    await broker.register(session !== undefined)
    return broker
  }

  /** Takes connections, and does nothing with them. */
  async listen(): Promise<void> {
    const { network } = this.#world.simulated.machine(`host${this.id}`).platform
    this.#listener = await network.listen({ port: PORT }, (socket) => {
      socket.listen({ onData() {}, onDrain() {}, onClose() {} })
      this.#sockets.push(socket)
    })
  }

  /** Ends it in order, without asking the controller first. */
  async end(): Promise<void> {
    await this.client.close()
    await this.closeNetwork()
    this.#world.brokers.delete(this.id)
    await this.#world.settle()
  }

  /** Breaks its connections; it goes on listening. */
  reset(): void {
    for (const socket of this.#sockets.splice(0)) socket.destroy()
  }

  /** As at the end of a process: nothing listens, and connections are closed. */
  async closeNetwork(): Promise<void> {
    await this.#listener?.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  async register(isRestart = false): Promise<void> {
    this.epoch = await registerBroker(this.client, this.id, this.#node, isRestart)
  }

  /** As kill -9: its session lives on until it expires. */
  crash(): void {
    this.isCutOff = true
    this.client.abandon()
    this.#world.brokers.delete(this.id)
    this.#world.simulated.machine(`host${this.id}`).kill()
  }

  leaderAndIsr(request: LeaderAndIsrRequest): LeaderAndIsrResponse {
    const refusal = this.#refusal(request)
    if (refusal !== 0) return { errorCode: refusal, partitionErrors: [], topics: [] }
    const parts = request.topicStates.flatMap(({ topicName, topicId, partitionStates }) => {
      this.#topicIds.set(topicId, topicName)
      return partitionStates.map((it) => {
        const isNew = it.isNew ? ' new' : ''
        return `${topicName}-${it.partitionIndex} leader ${it.leader} epoch ${it.leaderEpoch}${isNew}`
      })
    })
    this.#record(`LeaderAndIsr ${parts.join(', ')}`)
    const topics = request.topicStates.map(({ topicId, topicName, partitionStates }) => ({
      topicId,
      partitionErrors: partitionStates.map(({ partitionIndex }) => ({
        topicName,
        partitionIndex,
        errorCode: this.errors.get(`${topicName}-${partitionIndex}`) ?? 0,
      })),
    }))
    return { errorCode: 0, partitionErrors: [], topics }
  }

  stopReplica(request: StopReplicaRequest): StopReplicaResponse {
    const refusal = this.#refusal(request)
    if (refusal !== 0) return { errorCode: refusal, partitionErrors: [] }
    const states = request.topicStates.flatMap(({ topicName, partitionStates }) => {
      return partitionStates.map((it) => ({ topicName, ...it }))
    })
    const parts = states.map((it) => {
      const isDeleted = it.deletePartition ? ' delete' : ''
      return `${it.topicName}-${it.partitionIndex} epoch ${it.leaderEpoch}${isDeleted}`
    })
    this.#record(`StopReplica ${parts.join(', ')}`)
    return {
      errorCode: 0,
      partitionErrors: states.map(({ topicName, partitionIndex }) => ({
        topicName,
        partitionIndex,
        errorCode: this.errors.get(`${topicName}-${partitionIndex}`) ?? 0,
      })),
    }
  }

  updateMetadata(request: UpdateMetadataRequest): UpdateMetadataResponse {
    const refusal = this.#refusal(request)
    if (refusal !== 0) return { errorCode: refusal }
    const brokers = request.liveBrokers.map(({ id }) => id).join(',')
    const parts = request.topicStates.flatMap(({ topicName, partitionStates }) => {
      return partitionStates.map((it) => `${topicName}-${it.partitionIndex} leader ${it.leader}`)
    })
    const all = request.type === UpdateType.full ? 'all ' : ''
    const detail = parts.length === 0 ? '' : `; ${parts.join(', ')}`
    this.#record(`UpdateMetadata ${all}brokers ${brokers}${detail}`)
    this.metadata.applyUpdateMetadata(request)
    return { errorCode: 0 }
  }

  #refusal(request: { controllerEpoch: number; brokerEpoch: number }): number {
    if (request.controllerEpoch < this.#controllerEpoch) return STALE_CONTROLLER_EPOCH
    if (request.brokerEpoch < this.epoch) return STALE_BROKER_EPOCH
    this.#controllerEpoch = request.controllerEpoch
    return 0
  }

  #record(text: string): void {
    this.#world.received.push({ brokerId: this.id, text })
  }
}

function brokerNode(id: number, rack: string | null): BrokerNode {
  const endpoint = { host: `host${id}`, port: PORT, securityProtocol: 'PLAINTEXT' } as const
  return {
    endpoints: new Map([['PLAINTEXT', endpoint]]),
    rack,
    jmxPort: -1,
    timestampMs: 0,
    features: new Map(),
  }
}

function channelOf(world: ControllerWorld): BrokerChannel {
  const reach = (brokerId: number): WorldBroker => {
    const broker = world.brokers.get(brokerId)
    if (broker === undefined || broker.isCutOff) throw new Error(`no way to broker ${brokerId}`)
    return broker
  }
  return {
    addBroker() {},
    removeBroker() {},
    leaderAndIsr: async (id, _, request) => reach(id).leaderAndIsr(request),
    stopReplica: async (id, _, request) => reach(id).stopReplica(request),
    updateMetadata: async (id, _, request) => reach(id).updateMetadata(request),
  }
}
