// A broker's copy of the cluster image, kept up by UpdateMetadata requests of the controller.
// Listeners are told what a request changed, after the new image is in place.
import { ZERO_UUID } from '../wire/uuid.ts'
import type { UpdateMetadataRequest } from '../wire/messages/06-update-metadata.ts'
import { emptyImage, LEADER_DURING_DELETE, securityProtocolById } from './cluster-image.ts'
import type { BrokerImage, ClusterImage, PartitionState, TopicImage } from './cluster-image.ts'

/** What a request holds (KIP-866): only changes, or, from a controller's start, everything. */
export const UpdateType = { unknown: 0, incremental: 1, full: 2 } as const

/** What one UpdateMetadata changed. */
export interface MetadataChange {
  readonly before: ClusterImage
  readonly after: ClusterImage
  /** Topics with a partition that was added, changed or removed. */
  readonly topics: ReadonlySet<string>
  /** Partitions that are gone. */
  readonly deleted: readonly { readonly topic: string; readonly partition: number }[]
}

export type MetadataListener = (change: MetadataChange) => void

type WirePartition = UpdateMetadataRequest['topicStates'][number]['partitionStates'][number]
interface WireTopic {
  readonly topicName: string
  readonly topicId: string
  readonly partitionStates: readonly WirePartition[]
}

export class MetadataCache {
  #image: ClusterImage
  readonly #listeners = new Set<MetadataListener>()

  constructor(clusterId: string) {
    this.#image = emptyImage(clusterId)
  }

  get image(): ClusterImage {
    return this.#image
  }

  /** Calls `listener` after every change; the result removes it. */
  onChange(listener: MetadataListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Replaces brokers and controller, and merges the partition states; leader -2 removes one, and a
   * request of the type that holds everything removes what it does not name. Whether the controller
   * is the newest one is checked before (STALE_CONTROLLER_EPOCH).
   */
  applyUpdateMetadata(request: UpdateMetadataRequest): MetadataChange {
    const before = this.#image
    const merge = new TopicMerge(before)
    const topics = topicsOf(request)
    if (request.type === UpdateType.full) merge.removeAllBut(topics)
    for (const topic of topics) merge.add(topic)
    this.#image = {
      clusterId: before.clusterId,
      controllerId: request.controllerId,
      brokers: brokersOf(request),
      topics: merge.topics,
      topicNames: merge.topicNames,
    }
    const change: MetadataChange = {
      before,
      after: this.#image,
      topics: merge.changed,
      deleted: merge.deleted,
    }
    for (const listener of this.#listeners) listener(change)
    return change
  }
}

/** The topics of the next image; the maps are copied on the first change, and only then. */
class TopicMerge {
  topics: ReadonlyMap<string, TopicImage>
  topicNames: ReadonlyMap<string, string>
  readonly changed = new Set<string>()
  readonly deleted: { topic: string; partition: number }[] = []
  #writable: { topics: Map<string, TopicImage>; names: Map<string, string> } | undefined

  constructor(image: ClusterImage) {
    this.topics = image.topics
    this.topicNames = image.topicNames
  }

  add(topic: WireTopic): void {
    if (topic.partitionStates.length === 0) return
    const { topics, names } = this.#copies()
    this.changed.add(topic.topicName)
    const known = topics.get(topic.topicName)
    const id = topic.topicId === ZERO_UUID ? known?.id : topic.topicId
    const partitions = this.#mergePartitions(topic, known)
    if (known?.id !== undefined && (known.id !== id || partitions.size === 0))
      names.delete(known.id)
    if (partitions.size === 0) {
      topics.delete(topic.topicName)
      return
    }
    topics.set(topic.topicName, { name: topic.topicName, id, partitions })
    if (id !== undefined) names.set(id, topic.topicName)
  }

  /** A controller that has just been elected names everything: what it does not know is gone. */
  removeAllBut(named: readonly WireTopic[]): void {
    const kept = new Map(named.map((it) => [it.topicName, it.partitionStates]))
    for (const { name, id, partitions } of this.topics.values()) {
      const indexes = new Set(kept.get(name)?.map((it) => it.partitionIndex))
      const left = [...partitions].filter(([index]) => indexes.has(index))
      if (left.length === partitions.size) continue
      const { topics, names } = this.#copies()
      this.changed.add(name)
      for (const partition of partitions.keys()) {
        if (!indexes.has(partition)) this.deleted.push({ topic: name, partition })
      }
      if (left.length > 0) topics.set(name, { name, id, partitions: new Map(left) })
      else topics.delete(name)
      if (left.length === 0 && id !== undefined) names.delete(id)
    }
  }

  #mergePartitions(
    topic: WireTopic,
    known: TopicImage | undefined,
  ): ReadonlyMap<number, PartitionState> {
    const partitions = new Map(known?.partitions)
    for (const state of topic.partitionStates) {
      if (state.leader !== LEADER_DURING_DELETE) {
        partitions.set(state.partitionIndex, partitionState(state))
      } else if (partitions.delete(state.partitionIndex)) {
        this.deleted.push({ topic: topic.topicName, partition: state.partitionIndex })
      }
    }
    return partitions
  }

  #copies(): { topics: Map<string, TopicImage>; names: Map<string, string> } {
    if (this.#writable === undefined) {
      this.#writable = { topics: new Map(this.topics), names: new Map(this.topicNames) }
      this.topics = this.#writable.topics
      this.topicNames = this.#writable.names
    }
    return this.#writable
  }
}

// Up to version 4 the partitions stand in one list that names their topics.
function topicsOf(request: UpdateMetadataRequest): readonly WireTopic[] {
  if (request.ungroupedPartitionStates.length === 0) return request.topicStates
  const byName = Map.groupBy(request.ungroupedPartitionStates, (state) => state.topicName)
  return [...byName].map(([topicName, partitionStates]) => ({
    topicName,
    topicId: ZERO_UUID,
    partitionStates,
  }))
}

function partitionState(state: WirePartition): PartitionState {
  return {
    leader: state.leader,
    leaderEpoch: state.leaderEpoch,
    isr: state.isr,
    replicas: state.replicas,
    partitionEpoch: state.zkVersion,
    controllerEpoch: state.controllerEpoch,
    offlineReplicas: state.offlineReplicas,
  }
}

function brokersOf(request: UpdateMetadataRequest): ReadonlyMap<number, BrokerImage> {
  const brokers = new Map<number, BrokerImage>()
  for (const broker of request.liveBrokers) {
    const endpoints = new Map(
      broker.endpoints.map(({ listener, host, port, securityProtocol }) => {
        const protocol = securityProtocolById(securityProtocol)
        // Up to version 2 a listener has no name: the protocol stands in, as in Kafka.
        return [listener === '' ? protocol : listener, { host, port, securityProtocol: protocol }]
      }),
    )
    brokers.set(broker.id, { id: broker.id, rack: broker.rack, endpoints })
  }
  return brokers
}
