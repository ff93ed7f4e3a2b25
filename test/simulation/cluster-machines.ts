// The machines of a simulated cluster: brokers, each with its disk, and the ZooKeeper server that
// they find over the network. A process that ends by itself is started again, as an operator would.
import { Broker } from '../../src/broker/broker.ts'
import { BrokerConfig } from '../../src/config/broker-config.ts'
import { silentLogger, type Logger } from '../../src/telemetry/logger.ts'
import type {
  SimulatedMachine,
  SimulatedWorld,
} from '../../src/testing/simulated/simulated-world.ts'
import { ZooKeeperServer } from '../../src/zookeeper/server.ts'

export const ZOOKEEPER = 'zookeeper'
const ZOOKEEPER_PORT = 2181
const BROKER_PORT = 9092
const RESTART_MS = 1_000
export const LOG_DIRECTORY = '/data/logs'

export interface ClusterOptions {
  readonly world: SimulatedWorld
  readonly brokerCount: number
  readonly settings: Readonly<Record<string, string>>
  readonly loggerOf?: ((machine: string) => Logger) | undefined
  readonly note: (event: string) => void
  /** The process of a broker has ended, in whatever way. */
  readonly onBrokerEnd?: (() => void) | undefined
}

export const brokerName = (id: number): string => `broker${id}`

/** A machine and the process on it, in one life after the other. */
abstract class Host<Process extends { close(): Promise<void> }> {
  readonly name: string
  readonly options: ClusterOptions
  running: Process | undefined
  isFrozen = false
  /** A directory may be offline until the process is started again. */
  hasDiskError = false
  /** What the last attempt to start said. */
  refusal: unknown
  #life = 0
  #isWanted = false

  constructor(name: string, options: ClusterOptions) {
    this.name = name
    this.options = options
  }

  get machine(): SimulatedMachine {
    return this.options.world.machine(this.name)
  }

  get isWanted(): boolean {
    return this.#isWanted
  }

  protected abstract boot(logger: Logger): Promise<Process>

  protected abstract ended(process: Process): Promise<unknown> | undefined

  protected onEnd(): void {}

  start(): void {
    this.#isWanted = true
    const life = ++this.#life
    const logger = this.options.loggerOf?.(this.name) ?? silentLogger
    this.boot(logger).then(
      (process) => {
        if (life !== this.#life) return
        this.running = process
        this.options.note(`${this.name} is up`)
        void this.ended(process)?.then((reason) => this.#restart(life, reason))
      },
      (error: unknown) => this.#restart(life, error),
    )
  }

  kill(): void {
    this.#end()
    this.machine.kill()
  }

  powerOff(): string {
    this.#end()
    const { writes, namesLost } = this.machine.powerOff()
    return `${writes.length} writes open, ${namesLost} names lost`
  }

  freeze(): void {
    this.isFrozen = true
    this.machine.freeze()
  }

  thaw(): void {
    if (!this.isFrozen) return
    this.isFrozen = false
    this.machine.thaw()
  }

  /** In order; the process is then gone, also when that failed. */
  async stop(): Promise<void> {
    const { running } = this
    if (running === undefined) return
    const life = ++this.#life
    this.running = undefined
    this.#isWanted = false
    await running.close().catch((error: unknown) => {
      this.options.note(`${this.name} stopped with ${String(error)}`)
    })
    if (life === this.#life) this.kill()
  }

  #end(): void {
    this.#life++
    this.running = undefined
    this.isFrozen = false
    this.hasDiskError = false
    this.onEnd()
    this.#isWanted = false
  }

  #restart(life: number, reason: unknown): void {
    if (life !== this.#life) return
    this.refusal = reason
    this.options.note(`${this.name} ended: ${String(reason)}`)
    this.kill()
    this.#isWanted = true
    const next = this.#life
    this.options.world.time.setTimer(RESTART_MS, () => {
      if (next === this.#life) this.start()
    })
  }
}

export class BrokerHost extends Host<Broker> {
  readonly id: number

  constructor(id: number, options: ClusterOptions) {
    super(brokerName(id), options)
    this.id = id
  }

  protected boot(logger: Logger): Promise<Broker> {
    const config = BrokerConfig.parse(
      new Map(
        Object.entries({
          'broker.id': String(this.id),
          'broker.rack': `rack${this.id % 2}`,
          listeners: `PLAINTEXT://:${BROKER_PORT}`,
          'advertised.listeners': `PLAINTEXT://${this.name}:${BROKER_PORT}`,
          'zookeeper.connect': `${ZOOKEEPER}:${ZOOKEEPER_PORT}`,
          'log.dirs': LOG_DIRECTORY,
          ...this.options.settings,
        }),
      ),
    )
    return Broker.start({ config, platform: this.machine.platform, logger })
  }

  protected ended(broker: Broker): Promise<unknown> {
    return broker.failed
  }

  protected override onEnd(): void {
    this.options.onBrokerEnd?.()
  }
}

export class ZooKeeperHost extends Host<ZooKeeperServer> {
  constructor(options: ClusterOptions) {
    super(ZOOKEEPER, options)
  }

  protected boot(logger: Logger): Promise<ZooKeeperServer> {
    const { platform } = this.machine
    const listeners = [{ port: ZOOKEEPER_PORT }]
    return ZooKeeperServer.start({ platform, logger, directory: '/zookeeper', listeners })
  }

  protected ended(server: ZooKeeperServer): Promise<unknown> {
    return new Promise((resolve) => server.onFailure(resolve))
  }
}

export class ClusterMachines {
  readonly zookeeper: ZooKeeperHost
  readonly brokers: readonly BrokerHost[]

  constructor(options: ClusterOptions) {
    this.zookeeper = new ZooKeeperHost(options)
    const ids = Array.from({ length: options.brokerCount }, (_, index) => index + 1)
    this.brokers = ids.map((id) => new BrokerHost(id, options))
  }

  get bootstrap(): string {
    return this.brokers.map(({ name }) => `${name}:${BROKER_PORT}`).join(',')
  }

  /** Starts what is not running or has lost a disk, and wakes what is frozen. */
  restore(): void {
    for (const host of [this.zookeeper, ...this.brokers]) {
      host.thaw()
      if (host.hasDiskError) host.kill()
      if (!host.isWanted) host.start()
    }
  }
}
