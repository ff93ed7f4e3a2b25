// Collects what a change means for each broker, and makes of it as few requests as there are kinds:
// LeaderAndIsr, then UpdateMetadata, then StopReplica. Built from the context as it is when the
// batch is closed; only partitions that were added appear, never all of them.
import { LEADER_DURING_DELETE, securityProtocolId } from '../metadata/cluster-image.ts'
import { UpdateType } from '../metadata/metadata-cache.ts'
import type {
  LeaderAndIsrRequest,
  LeaderAndIsrResponse,
} from '../wire/messages/04-leader-and-isr.ts'
import type { StopReplicaRequest, StopReplicaResponse } from '../wire/messages/05-stop-replica.ts'
import type { UpdateMetadataRequest } from '../wire/messages/06-update-metadata.ts'
import { ZERO_UUID } from '../wire/uuid.ts'
import type { ControllerContext, LiveBroker, Partition, Topic } from './context.ts'

/** The leader epoch of a StopReplica for a topic that is being deleted: always obeyed. */
const EPOCH_DURING_DELETE = -2
const NO_EPOCH = -1

/** What goes to one broker, in this order. */
export interface BrokerRequests {
  readonly brokerId: number
  readonly leaderAndIsr: LeaderAndIsrRequest | undefined
  readonly updateMetadata: UpdateMetadataRequest | undefined
  readonly stopReplica: StopReplicaRequest | undefined
}

export type BrokerResponse =
  | {
      readonly kind: 'leaderAndIsr'
      readonly request: LeaderAndIsrRequest
      readonly response: LeaderAndIsrResponse
    }
  | {
      readonly kind: 'stopReplica'
      readonly request: StopReplicaRequest
      readonly response: StopReplicaResponse
    }

type LeaderAndIsrTopic = LeaderAndIsrRequest['topicStates'][number]
type LeaderAndIsrPartition = LeaderAndIsrTopic['partitionStates'][number]
type UpdateMetadataTopic = UpdateMetadataRequest['topicStates'][number]
type UpdateMetadataPartition = UpdateMetadataTopic['partitionStates'][number]
type StopReplicaTopic = StopReplicaRequest['topicStates'][number]

export class RequestBatch {
  readonly #context: ControllerContext
  readonly #listener: string
  /** By broker, then partition: whether the replica is new there. */
  readonly #leaderAndIsr = new Map<number, Map<Partition, boolean>>()
  /** By broker, then partition: whether it is to be deleted. */
  readonly #stopReplica = new Map<number, Map<Partition, boolean>>()
  readonly #metadataBrokers = new Set<number>()
  readonly #metadataPartitions = new Set<Partition>()
  #isFull = false

  /** `listener`: the one over which brokers talk to each other. */
  constructor(context: ControllerContext, listener: string) {
    this.#context = context
    this.#listener = listener
  }

  /** Tells the replicas on `brokerIds` who leads, and everybody's metadata. */
  addLeaderAndIsr(brokerIds: readonly number[], partition: Partition, isNew: boolean): void {
    for (const brokerId of brokerIds) {
      const partitions = this.#leaderAndIsr.get(brokerId) ?? new Map<Partition, boolean>()
      this.#leaderAndIsr.set(brokerId, partitions)
      partitions.set(partition, isNew || partitions.get(partition) === true)
    }
    this.addUpdateMetadata(this.#context.reachableBrokers, [partition])
  }

  /** Sends these partitions, and all brokers, to `brokerIds`. */
  addUpdateMetadata(brokerIds: readonly number[], partitions: Iterable<Partition>): void {
    for (const brokerId of brokerIds) this.#metadataBrokers.add(brokerId)
    for (const partition of partitions) this.#metadataPartitions.add(partition)
  }

  /** Sends all that there is to `brokerIds`, who forget everything else. */
  addEverything(brokerIds: readonly number[]): void {
    this.#isFull = true
    this.addUpdateMetadata(brokerIds, this.#context.allPartitions())
  }

  addStopReplica(brokerId: number, partition: Partition, deletePartition: boolean): void {
    const partitions = this.#stopReplica.get(brokerId) ?? new Map<Partition, boolean>()
    this.#stopReplica.set(brokerId, partitions)
    partitions.set(partition, deletePartition || partitions.get(partition) === true)
  }

  /** The requests to brokers that can be reached. */
  build(): BrokerRequests[] {
    const metadata = this.#buildMetadata()
    const brokerIds = new Set([
      ...this.#leaderAndIsr.keys(),
      ...this.#metadataBrokers,
      ...this.#stopReplica.keys(),
    ])
    const requests: BrokerRequests[] = []
    for (const brokerId of brokerIds) {
      const broker = this.#context.brokers.get(brokerId)
      if (broker === undefined || !this.#context.isReachable(brokerId)) continue
      const toTell = this.#metadataBrokers.has(brokerId)
      requests.push({
        brokerId,
        leaderAndIsr: this.#buildLeaderAndIsr(broker),
        updateMetadata: toTell ? { ...metadata, brokerEpoch: broker.epoch } : undefined,
        stopReplica: this.#buildStopReplica(broker),
      })
    }
    return requests
  }

  #buildLeaderAndIsr(broker: LiveBroker): LeaderAndIsrRequest | undefined {
    const partitions = this.#leaderAndIsr.get(broker.image.id)
    if (partitions === undefined) return undefined
    const topics = new Map<Topic, LeaderAndIsrTopic>()
    const leaders = new Set<number>()
    for (const [partition, isNew] of partitions) {
      const state = leaderAndIsrState(partition, isNew)
      if (state === undefined) continue
      leaders.add(state.leader)
      topicEntry(topics, partition.topic).partitionStates.push(state)
    }
    if (topics.size === 0) return undefined
    return {
      controllerId: this.#context.brokerId,
      isKRaftController: false,
      controllerEpoch: this.#context.epoch,
      brokerEpoch: broker.epoch,
      type: 0,
      ungroupedPartitionStates: [],
      topicStates: [...topics.values()],
      liveLeaders: this.#liveLeaders(leaders),
    }
  }

  #liveLeaders(leaders: ReadonlySet<number>): LeaderAndIsrRequest['liveLeaders'] {
    const live: LeaderAndIsrRequest['liveLeaders'] = []
    for (const brokerId of leaders) {
      const endpoint = this.#context.brokers.get(brokerId)?.image.endpoints.get(this.#listener)
      if (endpoint !== undefined && this.#context.isReachable(brokerId)) {
        live.push({ brokerId, hostName: endpoint.host, port: endpoint.port })
      }
    }
    return live
  }

  #buildMetadata(): UpdateMetadataRequest {
    const topics = new Map<Topic, UpdateMetadataTopic>()
    for (const partition of this.#metadataPartitions) {
      const state = this.#metadataState(partition)
      if (state !== undefined) topicEntry(topics, partition.topic).partitionStates.push(state)
    }
    return {
      controllerId: this.#context.brokerId,
      isKRaftController: false,
      // A Kafka broker that is not in migration takes both for changes.
      type: this.#isFull ? UpdateType.full : UpdateType.unknown,
      controllerEpoch: this.#context.epoch,
      brokerEpoch: -1,
      ungroupedPartitionStates: [],
      topicStates: [...topics.values()],
      liveBrokers: this.#context.reachableBrokers.flatMap((id) => {
        const broker = this.#context.brokers.get(id)
        return broker === undefined ? [] : [liveBroker(broker)]
      }),
    }
  }

  #metadataState(partition: Partition): UpdateMetadataPartition | undefined {
    const { leadership, topic } = partition
    if (leadership === undefined) return undefined
    const isGoing = this.#context.isBeingDeleted(topic.name)
    return {
      topicName: topic.name,
      partitionIndex: partition.index,
      controllerEpoch: leadership.controllerEpoch,
      leader: isGoing ? LEADER_DURING_DELETE : leadership.leader,
      leaderEpoch: leadership.leaderEpoch,
      isr: [...leadership.isr],
      zkVersion: leadership.partitionEpoch,
      replicas: [...partition.assignment.replicas],
      offlineReplicas: this.#context.offlineReplicas(partition),
    }
  }

  #buildStopReplica(broker: LiveBroker): StopReplicaRequest | undefined {
    const partitions = this.#stopReplica.get(broker.image.id)
    if (partitions === undefined) return undefined
    const topics = new Map<string, StopReplicaTopic>()
    for (const [partition, deletePartition] of partitions) {
      const topicName = partition.topic.name
      const entry = topics.get(topicName) ?? { topicName, partitionStates: [] }
      topics.set(topicName, entry)
      entry.partitionStates.push({
        partitionIndex: partition.index,
        leaderEpoch: this.#context.isBeingDeleted(topicName)
          ? EPOCH_DURING_DELETE
          : (partition.leadership?.leaderEpoch ?? NO_EPOCH),
        deletePartition,
      })
    }
    return {
      controllerId: this.#context.brokerId,
      isKRaftController: false,
      controllerEpoch: this.#context.epoch,
      brokerEpoch: broker.epoch,
      deletePartitions: false,
      ungroupedPartitions: [],
      topics: [],
      topicStates: [...topics.values()],
    }
  }
}

function topicEntry<State>(
  topics: Map<Topic, { topicName: string; topicId: string; partitionStates: State[] }>,
  topic: Topic,
): { topicName: string; topicId: string; partitionStates: State[] } {
  const known = topics.get(topic)
  if (known !== undefined) return known
  const entry = { topicName: topic.name, topicId: topic.id ?? ZERO_UUID, partitionStates: [] }
  topics.set(topic, entry)
  return entry
}

function leaderAndIsrState(
  partition: Partition,
  isNew: boolean,
): LeaderAndIsrPartition | undefined {
  const { leadership, assignment } = partition
  if (leadership === undefined) return undefined
  return {
    topicName: partition.topic.name,
    partitionIndex: partition.index,
    controllerEpoch: leadership.controllerEpoch,
    leader: leadership.leader,
    leaderEpoch: leadership.leaderEpoch,
    isr: [...leadership.isr],
    partitionEpoch: leadership.partitionEpoch,
    replicas: [...assignment.replicas],
    addingReplicas: [...assignment.adding],
    removingReplicas: [...assignment.removing],
    isNew,
    leaderRecoveryState: leadership.leaderRecoveryState,
  }
}

function liveBroker({ image }: LiveBroker): UpdateMetadataRequest['liveBrokers'][number] {
  const endpoints = [...image.endpoints].map(([listener, endpoint]) => ({
    port: endpoint.port,
    host: endpoint.host,
    listener,
    securityProtocol: securityProtocolId(endpoint.securityProtocol),
  }))
  return { id: image.id, v0Host: '', v0Port: 0, endpoints, rack: image.rack }
}
