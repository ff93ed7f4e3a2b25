// The steps of a start in their order; each takes what the ones before have made, and defers how it
// is undone.
import type { BrokerConfig } from '../config/broker-config.ts'
import { createPersistentPaths, readOrCreateClusterId } from '../controller/broker-registration.ts'
import { ConfigStore } from '../controller/config-store.ts'
import { Logs } from '../log/logs.ts'
import { EntityConfigs } from '../metadata/entity-configs.ts'
import { publishNetworkMetrics } from '../network/network-metrics.ts'
import { headerVersionsOf } from '../network/served-versions.ts'
import type { Platform } from '../platform/platform.ts'
import { watchEventLoop } from '../telemetry/event-loop-delay.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { brokerIdentity } from './broker-identity.ts'
import { advertisedEndpoints, type bindListeners } from './broker-listeners.ts'
import { BrokerParts } from './broker-parts.ts'
import type { BrokerStatus } from './broker-status.ts'
import { handlerContext } from './compose-context.ts'
import { handOverLeaderships } from './controlled-shutdown.ts'
import { DynamicSettings } from './dynamic-settings.ts'
import { handlersByKey } from './handlers/all.ts'
import { RegistrationSession } from './registration-session.ts'
import { dispatchTo } from './request-dispatch.ts'
import { applySettings } from './settings-effects.ts'
import { StorageFailures } from './storage-failures.ts'
import { openZooKeeper, type ZooKeeperAccess } from './zookeeper-access.ts'

type BoundListeners = Awaited<ReturnType<typeof bindListeners>>

/** What there is before the first step. */
export interface Beginning {
  readonly config: BrokerConfig
  readonly platform: Platform
  readonly logger: Logger
  readonly metrics: Metrics
  readonly status: BrokerStatus
  readonly undo: AsyncDisposableStack
  /** The broker has lost what it stores with, and is to be closed. */
  readonly onFatal: (error: Error) => void
}

/** A place in a cluster: who this is, and the settings that hold there. */
export interface Membership extends Beginning {
  readonly zookeeper: ZooKeeperAccess
  readonly brokerId: number
  readonly clusterId: string
  readonly settings: DynamicSettings
  readonly configStore: ConfigStore
}

/** All parts, wired, none of them running. */
export interface Composition extends Membership {
  readonly listeners: BoundListeners
  readonly logs: Logs
  readonly parts: BrokerParts
  readonly session: RegistrationSession
}

/** Connects to ZooKeeper, which says (or is told) which cluster and which broker this is. */
export async function joinCluster(beginning: Beginning): Promise<Membership> {
  const { config, platform, logger, undo } = beginning
  const firstLogDirectory = firstLogDirectoryOf(config)
  const zookeeper = await openZooKeeper({ platform, logger, config, firstLogDirectory })
  undo.defer(() => zookeeper.close())
  const { client } = zookeeper
  await createPersistentPaths(client)
  const clusterId = await readOrCreateClusterId(client, (count) => platform.random.bytes(count))
  const brokerId = await brokerIdentity(config, platform, logger, client)
  const configs = new EntityConfigs()
  const settings = new DynamicSettings(config, configs, brokerId, logger)
  const configStore = new ConfigStore({ zookeeper: client, configs, clock: platform.clock, logger })
  await configStore.start()
  undo.defer(() => configStore.stop())
  return { ...beginning, zookeeper, brokerId, clusterId, settings, configStore }
}

/** Loads, and after a kill recovers, every partition of the log directories. */
export async function openLogs(membership: Membership): Promise<Logs> {
  const { platform, logger, metrics, settings, status, undo } = membership
  const logs = await Logs.open({
    platform,
    logger,
    metrics,
    config: settings.config,
    directories: membership.config.logDirectories,
    brokerId: membership.brokerId,
    clusterId: membership.clusterId,
    topicConfig: (topic) => settings.topic(topic),
    onProgress: (progress) => status.onLoadProgress(progress),
  })
  undo.defer(() => logs.close())
  return logs
}

/** Makes the parts that work on the logs, and the session that they live in. */
export function compose(
  membership: Membership,
  logs: Logs,
  listeners: BoundListeners,
): Composition {
  const { platform, logger, zookeeper, config, settings, configStore } = membership
  const parts: BrokerParts = new BrokerParts({
    ...membership,
    logs,
    zookeeper: zookeeper.client,
    brokerEpoch: () => session.brokerEpoch,
  })
  const session: RegistrationSession = new RegistrationSession({
    platform,
    logger,
    zookeeper,
    brokerId: membership.brokerId,
    firstLogDirectory: firstLogDirectoryOf(config),
    describe: () => ({
      endpoints: advertisedEndpoints(settings.config, listeners),
      rack: config.get('broker.rack'),
      jmxPort: -1,
      timestampMs: platform.clock.nowMs(),
      features: new Map(),
    }),
    onExpired: () => parts.controller.onSessionExpired(),
    onRenewed: async () => {
      await configStore.reload()
      await parts.controller.onSessionRenewed()
    },
  })
  return { ...membership, listeners, logs, parts, session }
}

/** Tells the cluster that this broker is there, and starts what follows from it. */
export async function register(composition: Composition): Promise<void> {
  const { settings, logs, listeners, parts, session, undo } = composition
  undo.defer(() => parts.close())
  const failures = new StorageFailures({
    ...composition,
    clock: composition.platform.clock,
    zookeeper: composition.zookeeper.client,
    embedded: composition.zookeeper.embedded,
    onPartitionsLost: (lost) => parts.control.partitionsLost(lost),
  })
  undo.defer(() => failures.close())
  await session.start()
  undo.defer(() => session.close())
  applySettings(settings, logs, listeners, parts.controller)
  await parts.controller.start()
  logs.start()
  parts.replicas.start()
}

/** Lets clients in. The first thing that a stop does is to hand over what they use. */
export async function serve(composition: Composition): Promise<void> {
  const { listeners, metrics, platform, undo } = composition
  const context = await handlerContext({
    ...composition,
    zookeeper: composition.zookeeper.client,
  })
  listeners.serve(dispatchTo(context), headerVersionsOf(handlersByKey.values()))
  publishNetworkMetrics(metrics, listeners, platform.clock)
  const loopWatch = watchEventLoop(platform.clock, metrics)
  undo.defer(() => loopWatch.cancel())
  undo.defer(() => handOverLeaderships(composition))
}

function firstLogDirectoryOf(config: BrokerConfig): string {
  return config.logDirectories[0] ?? ''
}
