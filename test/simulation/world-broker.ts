// One broker of a world of controllers: it does what it is told, and remembers it.
import { registerBroker } from '../../src/controller/broker-registration.ts'
import { ConfigStore } from '../../src/controller/config-store.ts'
import { Controller } from '../../src/controller/controller.ts'
import type { BrokerChannel } from '../../src/controller/controller-types.ts'
import { EntityConfigs } from '../../src/metadata/entity-configs.ts'
import { MetadataCache, UpdateType } from '../../src/metadata/metadata-cache.ts'
import type { BrokerNode } from '../../src/metadata/znodes.ts'
import type { NetworkListener, Socket } from '../../src/platform/network.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { Errors } from '../../src/wire/errors.ts'
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
import type { ZooKeeperClient } from '../../src/zookeeper/client.ts'
import type { ControllerWorld } from './controller-world.ts'
import { FragileConnection } from './fragile-connection.ts'

const PORT = 9092

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
      network,
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
    if (request.controllerEpoch < this.#controllerEpoch) return Errors.STALE_CONTROLLER_EPOCH
    if (request.brokerEpoch < this.epoch) return Errors.STALE_BROKER_EPOCH
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
