// A broker, from its settings to a running whole. Start reading here: `start` is the table of
// contents. Each step says how it is undone, so that a failed start and a stop take the same way.
import type { BrokerConfig } from '../config/broker-config.ts'
import { ConfigStore } from '../controller/config-store.ts'
import { createPersistentPaths, readOrCreateClusterId } from '../controller/broker-registration.ts'
import { Logs } from '../log/logs.ts'
import { EntityConfigs } from '../metadata/entity-configs.ts'
import { publishNetworkMetrics } from '../network/network-metrics.ts'
import { headerVersionsOf } from '../network/served-versions.ts'
import type { Platform } from '../platform/platform.ts'
import type { Logger } from '../telemetry/logger.ts'
import { watchEventLoop } from '../telemetry/event-loop-delay.ts'
import { Metrics } from '../telemetry/metrics.ts'
import { brokerIdentity } from './broker-identity.ts'
import { advertisedEndpoints, bindListeners } from './broker-listeners.ts'
import { BrokerParts } from './broker-parts.ts'
import { BrokerStatus } from './broker-status.ts'
import { handOverLeaderships } from './controlled-shutdown.ts'
import { DynamicSettings } from './dynamic-settings.ts'
import { handlerContext } from './compose-context.ts'
import { handlersByKey } from './handlers/all.ts'
import { RegistrationSession } from './registration-session.ts'
import { dispatchTo } from './request-dispatch.ts'
import { applySettings } from './settings-effects.ts'
import { openZooKeeper } from './zookeeper-access.ts'

export interface BrokerOptions {
  readonly config: BrokerConfig
  readonly platform: Platform
  readonly logger: Logger
  readonly metrics?: Metrics | undefined
  /** Told how far the start is, for whoever watches from outside. */
  readonly status?: BrokerStatus | undefined
}

/** What a running broker shows. */
interface Running {
  readonly brokerId: number
  readonly clusterId: string
  readonly metrics: Metrics
  readonly portOf: (listenerName: string) => number | undefined
  readonly zookeeperPorts: readonly number[]
  readonly undo: AsyncDisposableStack
}

export class Broker {
  readonly #running: Running

  private constructor(running: Running) {
    this.#running = running
  }

  /** Resolves when clients are served. After a failure everything is closed again. */
  static async start(options: BrokerOptions): Promise<Broker> {
    await using undo = new AsyncDisposableStack()
    const running = await start(options, undo)
    return new Broker({ ...running, undo: undo.move() })
  }

  get brokerId(): number {
    return this.#running.brokerId
  }

  get clusterId(): string {
    return this.#running.clusterId
  }

  get metrics(): Metrics {
    return this.#running.metrics
  }

  /** The port that a listener is bound to. */
  port(listenerName = 'PLAINTEXT'): number | undefined {
    return this.#running.portOf(listenerName)
  }

  /** Ports of the embedded ZooKeeper; empty with `zookeeper.connect`. */
  get zookeeperPorts(): readonly number[] {
    return this.#running.zookeeperPorts
  }

  /** Hands over leaderships, stops serving, and marks the log directories as cleanly closed. */
  async close(): Promise<void> {
    await this.#running.undo.disposeAsync()
  }
}

async function start(
  options: BrokerOptions,
  undo: AsyncDisposableStack,
): Promise<Omit<Running, 'undo'>> {
  const { config, platform, logger } = options
  const metrics = options.metrics ?? new Metrics(() => platform.clock.monotonicMs())
  const status = options.status ?? new BrokerStatus()
  status.begin('starting', 'binding listeners')
  undo.defer(() => status.begin('stopped', 'stopped'))

  const listeners = await bindListeners(config, platform, logger)
  undo.defer(() => listeners.close())

  status.begin('starting', 'connecting to ZooKeeper')
  const [firstLogDirectory = ''] = config.logDirectories
  const zookeeper = await openZooKeeper({ platform, logger, config, firstLogDirectory })
  undo.defer(() => zookeeper.close())
  const { client } = zookeeper
  await createPersistentPaths(client)
  const clusterId = await readOrCreateClusterId(client, (count) => platform.random.bytes(count))
  const brokerId = await brokerIdentity(config, platform.disk, client)

  const configs = new EntityConfigs()
  const settings = new DynamicSettings(config, configs, brokerId, logger)
  const configStore = new ConfigStore({ zookeeper: client, configs, clock: platform.clock, logger })
  await configStore.start()
  undo.defer(() => configStore.stop())

  status.begin('recovery', 'loading logs')
  const logs = await Logs.open({
    platform,
    logger,
    metrics,
    config: settings.config,
    directories: config.logDirectories,
    brokerId,
    clusterId,
    topicConfig: (topic) => settings.topic(topic),
    onProgress: (progress) => status.onLoadProgress(progress),
  })
  undo.defer(() => logs.close())

  status.begin('starting', 'registering')
  const parts: BrokerParts = new BrokerParts({
    brokerId,
    clusterId,
    settings,
    configStore,
    platform,
    logger,
    metrics,
    logs,
    zookeeper: client,
    brokerEpoch: () => session.brokerEpoch,
  })
  const session: RegistrationSession = new RegistrationSession({
    platform,
    logger,
    zookeeper,
    brokerId,
    firstLogDirectory,
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
  undo.defer(() => parts.close())
  await session.start()
  undo.defer(() => session.close())
  applySettings(settings, logs, listeners)

  await parts.controller.start()
  logs.start()
  parts.replicas.start()
  const context = await handlerContext({
    brokerId,
    clusterId,
    settings,
    configStore,
    platform,
    logger,
    metrics,
    logs,
    zookeeper: client,
    parts,
  })
  listeners.serve(dispatchTo(context), headerVersionsOf(handlersByKey.values()))
  publishNetworkMetrics(metrics, listeners, platform.clock)
  const loopWatch = watchEventLoop(platform.clock, metrics)
  undo.defer(() => loopWatch.cancel())
  undo.defer(() =>
    handOverLeaderships({ brokerId, session, settings, parts, platform, logger, status }),
  )
  status.begin('running', 'running')
  logger.info(`Kafka broker ${brokerId} of cluster ${clusterId} started`)
  return {
    brokerId,
    clusterId,
    metrics,
    portOf: (name) => listeners.port(name),
    zookeeperPorts: zookeeper.embedded?.ports ?? [],
  }
}
