// A broker, from its settings to a running whole. Start reading here: `start` is the table of
// contents. Each step says how it is undone, so that a failed start and a stop take the same way.
import type { BrokerConfig } from '../config/broker-config.ts'
import type { Platform } from '../platform/platform.ts'
import type { Logger } from '../telemetry/logger.ts'
import { Metrics } from '../telemetry/metrics.ts'
import { bindListeners } from './broker-listeners.ts'
import { BrokerStatus } from './broker-status.ts'
import { refuseUnsupportedSettings } from './refused-settings.ts'
import { compose, joinCluster, openLogs, register, serve, type Beginning } from './start-steps.ts'

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
  readonly failed: Promise<Error>
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

  /** Resolves when the broker has lost all its disks, and can only be closed; else never. */
  get failed(): Promise<Error> {
    return this.#running.failed
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
  const { config, platform, logger, status = new BrokerStatus() } = options
  const metrics = options.metrics ?? new Metrics(() => platform.clock.monotonicMs())
  refuseUnsupportedSettings(config)
  const failed = Promise.withResolvers<Error>()
  const onFatal = failed.resolve
  const beginning: Beginning = { config, platform, logger, metrics, status, undo, onFatal }
  status.begin('starting', 'binding listeners')
  undo.defer(() => status.begin('stopped', 'stopped'))
  const listeners = await bindListeners(config, platform, logger)
  undo.defer(() => listeners.close())

  status.begin('starting', 'connecting to ZooKeeper')
  const membership = await joinCluster(beginning)
  status.begin('recovery', 'loading logs')
  const logs = await openLogs(membership)
  status.begin('starting', 'registering')
  const composition = compose(membership, logs, listeners)
  await register(composition)
  await serve(composition)
  status.begin('running', 'running')

  const { brokerId, clusterId, zookeeper } = membership
  logger.info(`Kafka broker ${brokerId} of cluster ${clusterId} started`)
  return {
    brokerId,
    clusterId,
    metrics,
    portOf: (name) => listeners.port(name),
    zookeeperPorts: zookeeper.embedded?.ports ?? [],
    failed: failed.promise,
  }
}
