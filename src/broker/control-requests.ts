// What this broker does when the controller tells it: leaderships, stopped replicas, metadata. The
// same code runs for requests from the network and, in process, from this broker's own controller.
import type { GroupCoordinator } from '../coordinator/group/group-coordinator.ts'
import { OFFSETS_TOPIC } from '../coordinator/group/group-coordinator.ts'
import type { TopicPartition } from '../log/logs.ts'
import type { EntityConfigs } from '../metadata/entity-configs.ts'
import type { MetadataCache } from '../metadata/metadata-cache.ts'
import type { Partition } from '../replication/partition.ts'
import type { Replicas } from '../replication/replicas.ts'
import type { LeadershipChanges } from '../replication/replicas-options.ts'
import type { Logger } from '../telemetry/logger.ts'
import { Errors } from '../wire/errors.ts'
import type {
  LeaderAndIsrRequest,
  LeaderAndIsrResponse,
} from '../wire/messages/04-leader-and-isr.ts'
import type { StopReplicaRequest, StopReplicaResponse } from '../wire/messages/05-stop-replica.ts'
import type {
  UpdateMetadataRequest,
  UpdateMetadataResponse,
} from '../wire/messages/06-update-metadata.ts'

export interface ControlRequestsOptions {
  readonly replicas: Replicas
  readonly metadata: MetadataCache
  readonly groups: GroupCoordinator
  readonly configs: EntityConfigs
  readonly logger: Logger
  readonly readTopicSettings: (topics: readonly string[]) => Promise<void>
}

export class ControlRequests {
  readonly #options: ControlRequestsOptions

  constructor(options: ControlRequestsOptions) {
    this.#options = options
  }

  /** Both forms of the answer: flat up to version 4, by topic id from 5 on. */
  async leaderAndIsr(request: LeaderAndIsrRequest): Promise<LeaderAndIsrResponse> {
    await this.#readSettings(request)
    const changes = this.#options.replicas.leaderAndIsr(request)
    for (const partition of changes.becameLeader) this.#onLeader(partition)
    for (const partition of changes.becameFollower) this.#onFollower(partition)
    return leadershipAnswer(changes)
  }

  stopReplica(request: StopReplicaRequest): StopReplicaResponse {
    const { replicas, groups } = this.#options
    const stops = replicas.stopReplica(request)
    for (const { topic, partition } of stops.stopped) {
      if (topic === OFFSETS_TOPIC) groups.onResigned(partition)
    }
    return {
      errorCode: stops.error,
      partitionErrors: stops.partitions.map(({ topic, partition, error }) => ({
        topicName: topic,
        partitionIndex: partition,
        errorCode: error,
      })),
    }
  }

  /** Partitions that went with their log directory. */
  partitionsLost(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) {
      if (topic === OFFSETS_TOPIC) this.#options.groups.onResigned(partition)
    }
  }

  updateMetadata(request: UpdateMetadataRequest): UpdateMetadataResponse {
    const { replicas, metadata, groups, configs, logger } = this.#options
    const refusal =
      replicas.admitBrokerEpoch(request.brokerEpoch) ||
      replicas.admitController(request.controllerEpoch)
    if (refusal !== Errors.NONE) {
      logger.warn(
        `Refused UpdateMetadata of controller ${request.controllerId} with epoch ` +
          `${request.controllerEpoch} and broker epoch ${request.brokerEpoch}: it is for the past`,
      )
      return { errorCode: refusal }
    }
    const { deleted, after } = metadata.applyUpdateMetadata(request)
    const touched = new Set(deleted.map(({ topic }) => topic))
    const gone = [...touched].filter((topic) => !after.topics.has(topic))
    groups.onTopicsDeleted(gone)
    for (const topic of gone) configs.set(`topics/${topic}`, undefined)
    return { errorCode: Errors.NONE }
  }

  // A topic is created without a notification of its settings, and its logs open with them.
  async #readSettings({
    topicStates,
    ungroupedPartitionStates,
  }: LeaderAndIsrRequest): Promise<void> {
    const { metadata, readTopicSettings } = this.#options
    const topics = new Set<string>()
    for (const { topicName } of [...topicStates, ...ungroupedPartitionStates]) {
      if (!metadata.image.topics.has(topicName)) topics.add(topicName)
    }
    if (topics.size > 0) await readTopicSettings([...topics])
  }

  #onLeader(partition: Partition): void {
    if (partition.topic !== OFFSETS_TOPIC) return
    this.#options.groups.onLeaderElected(partition.index, partition.leaderEpoch)
  }

  #onFollower(partition: Partition): void {
    if (partition.topic !== OFFSETS_TOPIC) return
    this.#options.groups.onResigned(partition.index, partition.leaderEpoch)
  }
}

function leadershipAnswer({ error, partitions }: LeadershipChanges): LeaderAndIsrResponse {
  const errors = partitions.map(({ topic, topicId, partition, error: errorCode }) => ({
    topicId,
    partitionError: { topicName: topic, partitionIndex: partition, errorCode },
  }))
  const byTopic = Map.groupBy(errors, ({ topicId }) => topicId)
  return {
    errorCode: error,
    partitionErrors: errors.map(({ partitionError }) => partitionError),
    topics: [...byTopic].map(([topicId, ofTopic]) => ({
      topicId,
      partitionErrors: ofTopic.map(({ partitionError }) => partitionError),
    })),
  }
}
