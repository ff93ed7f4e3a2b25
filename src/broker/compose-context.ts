// Puts together what handlers work with.
import type { ConfigStore } from '../controller/config-store.ts'
import type { Logs } from '../log/logs.ts'
import { FEATURE } from '../metadata/znode-paths.ts'
import type { Platform } from '../platform/platform.ts'
import { allowEverything } from '../security/authorizer.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { ZooKeeperClient } from '../zookeeper/client.ts'
import { unadvertisedListeners } from './broker-listeners.ts'
import type { BrokerParts } from './broker-parts.ts'
import type { DynamicSettings } from './dynamic-settings.ts'
import type { HandlerContext } from './handler-context.ts'
import { handlersByKey } from './handlers/all.ts'

export interface ContextOptions {
  readonly brokerId: number
  readonly clusterId: string
  readonly settings: DynamicSettings
  readonly configStore: ConfigStore
  readonly platform: Platform
  readonly logger: Logger
  readonly metrics: Metrics
  readonly logs: Logs
  readonly zookeeper: ZooKeeperClient
  readonly parts: BrokerParts
}

export async function handlerContext(options: ContextOptions): Promise<HandlerContext> {
  const { settings, platform, parts, zookeeper } = options
  const feature = await zookeeper.exists(FEATURE)
  return {
    brokerId: options.brokerId,
    clusterId: options.clusterId,
    get config() {
      return settings.config
    },
    settings,
    configStore: options.configStore,
    clock: platform.clock,
    random: platform.random,
    logger: options.logger,
    metrics: options.metrics,
    authorizer: allowEverything,
    zookeeper,
    logs: options.logs,
    replicas: parts.replicas,
    metadata: parts.metadata,
    configs: settings.configs,
    controller: parts.controller,
    groups: parts.groups,
    control: parts.control,
    internalTopics: parts.topicAutoCreation,
    topicCreation: parts.topicAutoCreation,
    producerIds: parts.producerIds,
    unadvertisedListeners: unadvertisedListeners(settings.config),
    finalizedFeaturesEpoch: feature?.version ?? -1,
    handlers: handlersByKey,
  }
}
