// One broker with its embedded ZooKeeper in a virtual world, under clients that go on whatever
// happens: kills, power cuts that forget what was not synced, broken and slow connections. The same
// seed gives the same run, which the hash of its trace shows.
import { createHash } from 'node:crypto'
import { Broker } from '../../src/broker/broker.ts'
import { Admin } from '../../src/client/admin.ts'
import { KafkaClient } from '../../src/client/kafka-client.ts'
import { BrokerConfig } from '../../src/config/broker-config.ts'
import { silentLogger, type Logger } from '../../src/telemetry/logger.ts'
import { Seeded } from '../../src/testing/simulated/seeded.ts'
import { SimulatedWorld } from '../../src/testing/simulated/simulated-world.ts'
import { GroupHistory } from './group-history.ts'
import { RecordHistory } from './record-history.ts'
import { checkAll, act, TOPIC, type Actor } from './simulated-clients.ts'

const MINUTE_MS = 60_000
const BROKER = 'broker'
const BOOTSTRAP = `${BROKER}:9092`
const PARTITIONS = 3
/** Long enough for every retry and session to end once the faults are over. */
const CALM_MS = 10 * MINUTE_MS

export interface SimulationRun {
  readonly seed: number
  /** Virtual minutes of faults. */
  readonly minutes: number
  readonly logger?: Logger | undefined
  readonly onEvent?: ((event: string) => void) | undefined
}

export interface SimulationReport {
  readonly traceHash: string
  readonly acknowledged: number
  readonly consumed: number
  readonly faults: number
}

/** Runs it; throws what contradicts what clients were told. */
export async function simulateBroker(run: SimulationRun): Promise<SimulationReport> {
  return new BrokerSimulation(run).run()
}

class BrokerSimulation {
  readonly #run: SimulationRun
  readonly #world: SimulatedWorld
  readonly #random: Seeded
  readonly #history = new RecordHistory(PARTITIONS)
  readonly #commits = new GroupHistory(PARTITIONS)
  readonly #trace = createHash('sha256')
  /** Whether power may be cut; then every record is synced before it is acknowledged. */
  readonly #losesPower: boolean
  readonly #clients: readonly string[]
  #broker: Broker | undefined
  #startsSoFar = 0
  #faults = 0
  #stopped = false
  #failure: unknown

  constructor(run: SimulationRun) {
    this.#run = run
    this.#world = new SimulatedWorld({ seed: run.seed })
    this.#random = new Seeded(run.seed).fork()
    this.#losesPower = this.#random.chance(0.5)
    this.#clients = ['idempotent-1', 'idempotent-2', 'plain-1', 'reader-1', 'member-1', 'watcher-1']
  }

  async run(): Promise<SimulationReport> {
    const { links } = this.#world.network
    links.delay({ minMs: 0, maxMs: this.#random.between(0, 5) })
    links.fragments = this.#random.chance(0.5)
    this.#start()
    await this.#resolve(this.#createTopic())
    const actors = this.#startClients()
    const endMs = this.#world.time.nowMs + this.#run.minutes * MINUTE_MS
    while (this.#world.time.nowMs < endMs) {
      await this.#advance(this.#random.between(1, 3_000))
      await this.#fault()
    }
    links.heal()
    this.#stopped = true
    await this.#resolve(Promise.all(actors))
    await this.#resolve(checkAll(this.#actor('checker-1')))
    return {
      traceHash: this.#trace.digest('hex'),
      acknowledged: this.#history.acknowledgedCount,
      consumed: this.#history.consumedCount,
      faults: this.#faults,
    }
  }

  /** A process on the broker's machine; nothing waits for it. */
  #start(): void {
    const start = ++this.#startsSoFar
    const { platform } = this.#world.machine(BROKER)
    const { logger = silentLogger } = this.#run
    this.#broker = undefined
    Broker.start({ config: this.#config(), platform, logger }).then(
      (broker) => {
        if (start !== this.#startsSoFar) return
        this.#broker = broker
        this.#note('the broker is up')
      },
      (error: unknown) => {
        if (start === this.#startsSoFar) this.#failure ??= error
      },
    )
  }

  #config(): BrokerConfig {
    return BrokerConfig.parse(
      new Map(
        Object.entries({
          'broker.id': '1',
          listeners: 'PLAINTEXT://:9092',
          'advertised.listeners': `PLAINTEXT://${BOOTSTRAP}`,
          'log.dirs': '/data/logs',
          'ottla.zookeeper.listeners': '',
          'offsets.topic.replication.factor': '1',
          'offsets.topic.num.partitions': '2',
          'group.initial.rebalance.delay.ms': '0',
          'log.segment.bytes': '16384',
          'log.flush.interval.messages': this.#losesPower ? '1' : '1000000',
        }),
      ),
    )
  }

  async #createTopic(): Promise<void> {
    const { platform } = this.#world.machine('admin')
    const client = new KafkaClient({ platform, bootstrap: BOOTSTRAP, clientId: 'admin' })
    const topic = { name: TOPIC, partitions: PARTITIONS, replicationFactor: 1 }
    await new Admin(client).createTopics([topic])
    client.close()
  }

  #startClients(): Promise<void>[] {
    return this.#clients.map(async (name) => {
      await act(this.#actor(name)).catch((error: unknown) => {
        this.#failure ??= error
      })
    })
  }

  #actor(name: string): Actor {
    return {
      name,
      platform: this.#world.machine(name).platform,
      bootstrap: BOOTSTRAP,
      partitionCount: PARTITIONS,
      history: this.#history,
      commits: this.#commits,
      isStopped: () => this.#stopped || this.#failure !== undefined,
      trace: (event) => this.#note(event),
    }
  }

  async #fault(): Promise<void> {
    const { network } = this.#world
    const client = this.#clients[this.#random.between(0, this.#clients.length - 1)] ?? ''
    const kind = this.#random.between(0, 9)
    this.#faults++
    if (kind <= 2) await this.#crash()
    else if (kind === 3) await this.#crashInsideAChange()
    else if (kind === 4) await this.#stopInOrder()
    else if (kind <= 6) {
      this.#note(`${client} loses its connections`)
      network.reset(client, BROKER)
    } else if (kind <= 8) {
      this.#note(`${client} is cut off`)
      network.links.cut(client, BROKER)
      await this.#advance(this.#random.between(1, 8_000))
      network.links.heal()
    }
  }

  async #crash(): Promise<void> {
    const machine = this.#world.machine(BROKER)
    if (this.#losesPower && this.#random.chance(0.7)) {
      const { writes, namesLost } = machine.powerOff()
      this.#note(`power is cut: ${writes.length} writes open, ${namesLost} names lost`)
    } else {
      machine.kill()
      this.#note('the broker is killed')
    }
    await this.#advance(this.#random.between(0, 2_000))
    this.#start()
  }

  /** The process ends in the middle of one of its next changes of the disk. */
  async #crashInsideAChange(): Promise<void> {
    const { disk } = this.#world.machine(BROKER).platform
    disk.faults.crashAt(disk.faults.steps + this.#random.between(0, 30))
    for (let waited = 0; waited < 500 && !disk.faults.isCrashed; waited++) await this.#advance(1)
    await this.#crash()
  }

  async #stopInOrder(): Promise<void> {
    if (this.#broker === undefined) return
    this.#note('the broker is stopped')
    await this.#resolve(this.#broker.close())
    this.#world.machine(BROKER).kill()
    this.#start()
  }

  async #advance(spanMs: number): Promise<void> {
    await this.#world.time.advance(spanMs)
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Advances until the promise has settled. */
  async #resolve(promise: Promise<unknown>): Promise<void> {
    let isDone = false
    promise.then(
      () => {
        isDone = true
      },
      (error: unknown) => {
        this.#failure ??= error
      },
    )
    await this.#world.time.advanceUntil(() => isDone || this.#failure !== undefined, CALM_MS)
    if (this.#failure !== undefined) throw this.#failure
  }

  #note(event: string): void {
    const line = `${this.#world.time.nowMs.toFixed(3)} ${event}`
    this.#trace.update(`${line}\n`)
    this.#run.onEvent?.(line)
  }
}
