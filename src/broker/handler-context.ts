// Everything that handlers work with. The broker composes it once; handlers keep nothing.
import type { BrokerConfig } from '../config/broker-config.ts'
import type { ConfigStore } from '../controller/config-store.ts'
import type { Controller } from '../controller/controller.ts'
import type { GroupCoordinator } from '../coordinator/group/group-coordinator.ts'
import type { Logs } from '../log/logs.ts'
import type { EntityConfigs } from '../metadata/entity-configs.ts'
import type { MetadataCache } from '../metadata/metadata-cache.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import type { Replicas } from '../replication/replicas.ts'
import type { Authorizer } from '../security/authorizer.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { ZooKeeperClient } from '../zookeeper/client.ts'
import type { ControlRequests } from './control-requests.ts'
import type { DynamicSettings } from './dynamic-settings.ts'
import type { Handler } from './handler.ts'

export interface HandlerContext {
  readonly brokerId: number
  readonly clusterId: string
  /** The settings in force, dynamic ones included. */
  readonly config: BrokerConfig
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: Metrics
  readonly authorizer: Authorizer
  readonly zookeeper: ZooKeeperClient
  readonly logs: Logs
  readonly replicas: Replicas
  readonly metadata: MetadataCache
  /** Dynamic settings of topics, brokers, clients, users and addresses. */
  readonly configs: EntityConfigs
  /** The same, resolved with server.properties. */
  readonly settings: DynamicSettings
  /** Changes them, in ZooKeeper. */
  readonly configStore: ConfigStore
  readonly controller: Controller
  readonly groups: GroupCoordinator
  /** What the controller's requests do here. */
  readonly control: ControlRequests
  readonly internalTopics: InternalTopics
  readonly topicCreation: TopicCreation
  readonly producerIds: ProducerIds
  /** Listeners bound to every interface and advertised nowhere: clients are told what they dialled. */
  readonly unadvertisedListeners: ReadonlySet<string>
  /** Version of the znode `/feature`. */
  readonly finalizedFeaturesEpoch: number
  /** What this broker serves, by API key: the source of ApiVersions. */
  readonly handlers: ReadonlyMap<number, Handler>
}

/** Creates `__consumer_offsets` and its like when they are first needed. */
export interface InternalTopics {
  /** True when the topic is there; false when it is being created, or cannot be. */
  ensure(topic: string): boolean
}

/** Creates topics that a Metadata request named, as `auto.create.topics.enable` says. */
export interface TopicCreation {
  /** An error code: LEADER_NOT_AVAILABLE while it is being created. */
  autoCreate(topic: string): number
}

/** Hands out producer ids from blocks that the controller allocates. */
export interface ProducerIds {
  /** A fresh id; undefined when the controller gave no block in time. */
  next(): Promise<number | undefined>
}
