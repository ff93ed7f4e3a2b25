// A real broker for a test: its own process memory, a free port, a temporary directory, gone when
// the test is over.
//
//   await using broker = await startBroker()
//   const kafka = new Kafka({ brokers: [broker.bootstrap] })
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Broker } from '../broker/broker.ts'
import { BrokerConfig } from '../config/broker-config.ts'
import { nodePlatform } from '../platform/node/node-platform.ts'
import type { Platform } from '../platform/platform.ts'
import { silentLogger, type Logger } from '../telemetry/logger.ts'

export interface StartBrokerOptions {
  /** Settings as in server.properties; they win over those below. */
  readonly settings?: Readonly<Record<string, string>> | undefined
  /** Kept afterwards when given; else a temporary one is made and removed. */
  readonly directory?: string | undefined
  /** Silent when left out. */
  readonly logger?: Logger | undefined
  readonly platform?: Platform | undefined
}

/** What a test wants other than Kafka's defaults: one broker that is ready at once, on free ports. */
const TEST_SETTINGS: Readonly<Record<string, string>> = {
  'broker.id': '1',
  listeners: 'PLAINTEXT://127.0.0.1:0',
  'ottla.zookeeper.listeners': '',
  'ottla.http.listeners': '',
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '5',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'group.initial.rebalance.delay.ms': '0',
}

/** A broker that a test has started. */
export class TestBroker implements AsyncDisposable {
  readonly broker: Broker
  readonly directory: string
  readonly #remove: () => Promise<void>

  constructor(broker: Broker, directory: string, remove: () => Promise<void>) {
    this.broker = broker
    this.directory = directory
    this.#remove = remove
  }

  get host(): string {
    return '127.0.0.1'
  }

  get port(): number {
    return this.broker.port() ?? 0
  }

  /** `host:port`, for a client's list of brokers. */
  get bootstrap(): string {
    return `${this.host}:${this.port}`
  }

  /** Stops the broker; a temporary directory goes with it. */
  async stop(): Promise<void> {
    await this.broker.close()
    await this.#remove()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

/** Resolves when the broker serves clients. */
export async function startBroker(options: StartBrokerOptions = {}): Promise<TestBroker> {
  const platform = options.platform ?? nodePlatform()
  const isTemporary = options.directory === undefined
  const name = `ottla-${platform.random.bytes(6).toString('hex')}`
  const directory = options.directory ?? join(tmpdir(), name)
  const remove = async (): Promise<void> => {
    if (isTemporary) await platform.disk.removeTree(directory)
  }
  const settings = new Map(Object.entries({ ...TEST_SETTINGS, ...options.settings }))
  if (!settings.has('log.dirs')) settings.set('log.dirs', join(directory, 'logs'))
  if (!settings.has('ottla.zookeeper.data.dir')) {
    settings.set('ottla.zookeeper.data.dir', join(directory, 'zookeeper'))
  }
  try {
    const broker = await Broker.start({
      config: BrokerConfig.parse(settings),
      platform,
      logger: options.logger ?? silentLogger,
    })
    return new TestBroker(broker, directory, remove)
  } catch (error) {
    await remove()
    throw error
  }
}
