// The parts of a broker that work on its logs and its metadata, wired to each other. Nothing runs
// yet: `Broker.start` says in which order they begin.
import type { ConfigStore } from '../controller/config-store.ts'
import { registerControllerMetrics } from '../controller/controller-counts.ts'
import { Controller } from '../controller/controller.ts'
import { GroupCoordinator, OFFSETS_TOPIC } from '../coordinator/group/group-coordinator.ts'
import type { Logs } from '../log/logs.ts'
import { MetadataCache } from '../metadata/metadata-cache.ts'
import type { Platform } from '../platform/platform.ts'
import { Replicas } from '../replication/replicas.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { ZooKeeperClient } from '../zookeeper/client.ts'
import { ControlChannel } from './control-channel.ts'
import { ControlRequests } from './control-requests.ts'
import { ControllerLink } from './controller-link.ts'
import { controllerSettings, topicConfigRules } from './controller-options.ts'
import type { DynamicSettings } from './dynamic-settings.ts'
import { groupSettings, partitionCount } from './group-options.ts'
import { IsrProposals } from './isr-proposals.ts'
import { partitionLogs } from './partition-log.ts'
import { Peers } from './peers.ts'
import { ProducerIdBlocks } from './producer-id-blocks.ts'
import { TopicAutoCreation } from './topic-auto-creation.ts'

export interface BrokerPartsOptions {
  readonly brokerId: number
  readonly clusterId: string
  readonly settings: DynamicSettings
  readonly configStore: ConfigStore
  readonly platform: Platform
  readonly logger: Logger
  readonly metrics: Metrics
  readonly logs: Logs
  readonly zookeeper: ZooKeeperClient
  readonly brokerEpoch: () => number
}

export class BrokerParts {
  readonly metadata: MetadataCache
  readonly peers: Peers
  readonly isrProposals: IsrProposals
  readonly replicas: Replicas
  readonly groups: GroupCoordinator
  readonly control: ControlRequests
  readonly controller: Controller
  readonly controllerLink: ControllerLink
  readonly producerIds: ProducerIdBlocks
  readonly topicAutoCreation: TopicAutoCreation

  constructor(options: BrokerPartsOptions) {
    const { brokerId, clusterId, settings, platform, logger, brokerEpoch } = options
    const { clock, random } = platform
    const { config } = settings
    const metadata = new MetadataCache(clusterId)
    this.metadata = metadata
    this.peers = new Peers({
      brokerId,
      platform,
      metadata,
      interBrokerListener: config.interBrokerListenerName,
      requestTimeoutMs: config.get('controller.socket.timeout.ms'),
    })
    const controllerLink = () => this.controllerLink
    this.isrProposals = new IsrProposals({ brokerId, brokerEpoch, controllerLink, clock, logger })
    this.replicas = new Replicas({
      ...options,
      config,
      metadata,
      isrWriter: this.isrProposals,
      leaders: this.peers,
      throttleRate: (side) => settings.config.get(`${side}.replication.throttled.rate`),
      directoryMoveRate: () =>
        settings.config.get('replica.alter.log.dirs.io.max.bytes.per.second'),
    })
    this.groups = new GroupCoordinator({
      platform,
      logger,
      metrics: options.metrics,
      settings: groupSettings(config),
      partitionCount: () =>
        partitionCount(metadata, OFFSETS_TOPIC, config.get('offsets.topic.num.partitions')),
      openLog: partitionLogs(() => this.replicas, clock, OFFSETS_TOPIC),
    })
    this.control = new ControlRequests({
      replicas: this.replicas,
      metadata,
      groups: this.groups,
      configs: settings.configs,
      logger,
      readTopicSettings: (topics) => options.configStore.read(topics.map((it) => `topics/${it}`)),
    })
    this.controller = new Controller({
      brokerId,
      clock,
      random,
      logger,
      zookeeper: options.zookeeper,
      channel: this.#controlChannel(options),
      metadata,
      settings: () => controllerSettings(settings.config),
      topicConfigs: topicConfigRules(settings),
      configs: settings.configs,
      network: platform.network,
    })
    registerControllerMetrics(options.metrics, this.controller)
    this.controllerLink = new ControllerLink(this.controller, (id) => this.peers.linkTo(id))
    const link = this.controllerLink
    const idOptions = { brokerId, brokerEpoch, controllerLink: link, clock, logger }
    this.producerIds = new ProducerIdBlocks(idOptions)
    this.topicAutoCreation = new TopicAutoCreation({
      config: () => settings.config,
      metadata,
      controllerLink: link,
      logger,
    })
  }

  #controlChannel({ brokerId, settings }: BrokerPartsOptions): ControlChannel {
    const { config } = settings
    return new ControlChannel({
      brokerId,
      own: this.control,
      links: this.peers.links(`${brokerId}`),
      listenerName: config.get('control.plane.listener.name') ?? config.interBrokerListenerName,
    })
  }

  /** Ends what runs, those who ask before those who answer. */
  async close(): Promise<void> {
    this.producerIds.close()
    await this.controller.stop()
    this.groups.close()
    this.isrProposals.close()
    await this.replicas.close()
    this.peers.close()
  }
}
