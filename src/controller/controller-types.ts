// The seam between the controller and the broker that runs it: what it is given, what it asks for.
import type { BrokerImage } from '../metadata/cluster-image.ts'
import type { EntityConfigs, Settings } from '../metadata/entity-configs.ts'
import type { MetadataCache } from '../metadata/metadata-cache.ts'
import type { TopicNaming } from '../metadata/topic-name.ts'
import type { Clock } from '../platform/clock.ts'
import type { Network } from '../platform/network.ts'
import type { Random } from '../platform/random.ts'
import type { Logger } from '../telemetry/logger.ts'
import type {
  LeaderAndIsrRequest,
  LeaderAndIsrResponse,
} from '../wire/messages/04-leader-and-isr.ts'
import type { StopReplicaRequest, StopReplicaResponse } from '../wire/messages/05-stop-replica.ts'
import type {
  UpdateMetadataRequest,
  UpdateMetadataResponse,
} from '../wire/messages/06-update-metadata.ts'
import type { CreateTopicsResponse } from '../wire/messages/19-create-topics.ts'
import type { ZooKeeperClient } from '../zookeeper/client.ts'

/**
 * How the controller reaches brokers: in process for its own id, over the inter-broker listener
 * for the others. It sends one request at a time to each broker, and sends it again after a
 * rejection until the broker is removed. Requests carry every field, as if decoded.
 */
export interface BrokerChannel {
  /** Also called for a broker that is known, when its endpoints have changed. */
  addBroker(broker: BrokerImage): void
  removeBroker(brokerId: number): void
  leaderAndIsr(
    brokerId: number,
    version: number,
    request: LeaderAndIsrRequest,
  ): Promise<LeaderAndIsrResponse>
  stopReplica(
    brokerId: number,
    version: number,
    request: StopReplicaRequest,
  ): Promise<StopReplicaResponse>
  updateMetadata(
    brokerId: number,
    version: number,
    request: UpdateMetadataRequest,
  ): Promise<UpdateMetadataResponse>
}

/** The settings that the controller reads, each time anew, so that they may change. */
export interface ControllerSettings {
  readonly numPartitions: number
  readonly defaultReplicationFactor: number
  readonly deleteTopicEnable: boolean
  readonly uncleanLeaderElectionEnable: boolean
  readonly autoLeaderRebalanceEnable: boolean
  readonly leaderImbalanceCheckIntervalSeconds: number
  readonly leaderImbalancePerBrokerPercentage: number
  readonly interBrokerListenerName: string
  /** Whether brokers whose process is gone are noticed before their sessions run out. */
  readonly fastFailoverEnable: boolean
  readonly topicNaming: TopicNaming
}

export type CreatedTopic = CreateTopicsResponse['topics'][number]
export type CreatedTopicConfig = NonNullable<CreatedTopic['configs']>[number]

/** What the broker knows about topic settings. */
export interface TopicConfigRules {
  /** Kafka's message when a setting is unknown or out of range. */
  validate(overrides: Settings): string | undefined
  /** All settings of a topic with these overrides, in Kafka's order. */
  describe(overrides: Settings): CreatedTopicConfig[]
}

export interface ControllerOptions {
  readonly brokerId: number
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly zookeeper: ZooKeeperClient
  readonly channel: BrokerChannel
  readonly metadata: MetadataCache
  readonly settings: () => ControllerSettings
  readonly topicConfigs: TopicConfigRules
  /** Settings in ZooKeeper: an election may become possible when one changes. */
  readonly configs: EntityConfigs
  /** For watching the processes of other brokers. */
  readonly network: Network
}
