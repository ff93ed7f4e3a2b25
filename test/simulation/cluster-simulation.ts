// A whole cluster in one process: brokers, ZooKeeper and clients, each on a machine of its own, on
// virtual time, with faults drawn from the seed. The same seed gives the same run, which the hash of
// its trace shows.
//
// Records are acknowledged by at least two of three replicas. Processes may die at any time, since
// the system keeps what they wrote; power may fail at any time only where every record is synced
// before it is acknowledged, as Kafka demands too.
import { createHash } from 'node:crypto'
import { Admin } from '../../src/client/admin.ts'
import { KafkaClient } from '../../src/client/kafka-client.ts'
import { silentLogger, type Logger } from '../../src/telemetry/logger.ts'
import { Seeded } from '../../src/testing/simulated/seeded.ts'
import { SimulatedWorld } from '../../src/testing/simulated/simulated-world.ts'
import type { SimulationReport } from './broker-simulation.ts'
import type { StateNode } from '../../src/metadata/znodes.ts'
import { sleep } from '../../src/platform/clock.ts'
import { checkLogsEqual, ClusterObserver, LogMatching } from './cluster-checks.ts'
import type { TopicsSeen } from './cluster-checks.ts'
import { ClusterFaults } from './cluster-faults.ts'
import { brokerName, ClusterMachines } from './cluster-machines.ts'
import { ClusterWitness } from './cluster-witness.ts'
import { GroupHistory } from './group-history.ts'
import { Contradiction, RecordHistory } from './record-history.ts'
import { checkAll, act, TOPIC, type Actor } from './simulated-clients.ts'
import { deleteDoomed, operate, type OperatorOptions } from './simulated-operator.ts'
import { Traffic } from './traffic.ts'

const MINUTE_MS = 60_000
const PARTITIONS = 3
const REPLICATION = 3
/** Every session, retry and restart must be over by then once the faults are. */
const HEAL_LIMIT_MS = 3 * MINUTE_MS
const CALM_MS = 10 * MINUTE_MS
const DISK_CHECK_EVERY = 5
const CLIENTS = [
  'idempotent-1',
  'idempotent-2',
  'plain-1',
  'quick-1',
  'careless-1',
  'reader-1',
  'member-1',
  'member-2',
  'watcher-1',
  'trimmer-1',
]

export interface ClusterRun {
  readonly seed: number
  /** Virtual minutes of faults. */
  readonly minutes: number
  readonly brokers?: number | undefined
  readonly loggerOf?: ((machine: string) => Logger) | undefined
  readonly onEvent?: ((event: string) => void) | undefined
}

/** Runs it; throws what contradicts what clients were told, or what must hold in a cluster. */
export async function simulateCluster(run: ClusterRun): Promise<SimulationReport> {
  return new ClusterSimulation(run).run()
}

class ClusterSimulation {
  readonly #run: ClusterRun
  readonly #world: SimulatedWorld
  readonly #random: Seeded
  readonly #history = new RecordHistory(PARTITIONS)
  readonly #commits = new GroupHistory(PARTITIONS)
  readonly #traffic = new Traffic()
  readonly #matching = new LogMatching()
  /** Topics that are to be gone in the end. */
  readonly #doomed = new Set<string>()
  readonly #trace = createHash('sha256')
  readonly #clients: readonly string[]
  readonly #machines: ClusterMachines
  readonly #observer: ClusterObserver
  readonly #faults: ClusterFaults
  #stopped = false
  #isHealing = false
  /** As they were when everything was in sync. */
  #topics: TopicsSeen | undefined
  #failure: unknown

  constructor(run: ClusterRun) {
    this.#run = run
    this.#world = new SimulatedWorld({ seed: run.seed })
    this.#random = new Seeded(run.seed).fork()
    const losesPower = this.#random.chance(0.4)
    const brokerCount = run.brokers ?? this.#random.between(3, 5)
    this.#clients = CLIENTS
    const note = (event: string): void => this.#note(event)
    const onFailure = (error: unknown): void => {
      this.#failure ??= error
    }
    const witness = new ClusterWitness(note, onFailure)
    this.#machines = new ClusterMachines({
      world: this.#world,
      brokerCount,
      settings: settingsOf(this.#random, losesPower),
      onBrokerEnd: () => this.#history.onBrokerEnd(),
      loggerOf: (machine) => witness.listenTo(machine, run.loggerOf?.(machine) ?? silentLogger),
      note,
    })
    const { platform } = this.#world.machine('observer')
    this.#observer = new ClusterObserver(platform, [[TOPIC, PARTITIONS]])
    this.#faults = new ClusterFaults({
      world: this.#world,
      random: this.#random,
      machines: this.#machines,
      clients: this.#clients,
      losesPower,
      note,
      onFailure,
    })
  }

  async run(): Promise<SimulationReport> {
    const { links } = this.#world.network
    links.delay({ minMs: 0, maxMs: this.#random.between(0, 5) })
    links.fragments = this.#random.chance(0.3)
    this.#machines.restore()
    await this.#resolve(this.#createTopic())
    const actors = this.#startClients()
    const endMs = this.#world.time.nowMs + this.#run.minutes * MINUTE_MS
    for (let round = 1; this.#world.time.nowMs < endMs; round++) {
      await this.#burst()
      // Mostly long enough for the cluster to settle; else the next fault meets the last one.
      await this.#advance(this.#random.between(0, this.#random.chance(0.3) ? 3_000 : 24_000))
      if (round % DISK_CHECK_EVERY === 0) this.#checkDisks()
      await this.#resolve(this.#observer.look())
    }
    await this.#heal()
    this.#stopped = true
    this.#traffic.begin()
    await this.#resolve(Promise.all(actors))
    await this.#resolve(checkAll(this.#actor('checker-1')))
    await this.#checkReplicas()
    return {
      traceHash: this.#trace.digest('hex'),
      acknowledged: this.#history.acknowledgedCount,
      consumed: this.#history.consumedCount,
      faults: this.#faults.count,
    }
  }

  /** Producers send for a moment, and most faults happen while they do. */
  async #burst(): Promise<void> {
    if (this.#random.chance(0.2)) this.#faults.next()
    this.#traffic.begin()
    await this.#advance(this.#random.between(10, 1_000))
    this.#faults.next()
    await this.#advance(this.#random.between(10, 1_500))
    if (this.#random.chance(0.3)) this.#faults.next()
    this.#traffic.end()
  }

  async #createTopic(): Promise<void> {
    const { platform } = this.#world.machine('admin')
    const { bootstrap } = this.#machines
    const client = new KafkaClient({ platform, bootstrap, clientId: 'admin' })
    const topic = {
      name: TOPIC,
      partitions: PARTITIONS,
      replicationFactor: REPLICATION,
      configs: { 'min.insync.replicas': '2' },
    }
    const all = this.#machines.brokers.length
    do {
      await sleep(platform.clock, 100)
      await client.refresh([])
    } while (client.brokers.length < all)
    for (const { errorCode } of await new Admin(client).createTopics([topic])) {
      if (errorCode !== 0) throw new Contradiction(`the topic was refused with ${errorCode}`)
    }
    client.close()
  }

  #startClients(): Promise<void>[] {
    const clients = this.#clients.map((name) => act(this.#actor(name)))
    return [...clients, operate(this.#operator())].map(async (done) => {
      await done.catch((error: unknown) => {
        this.#failure ??= error
      })
    })
  }

  #operator(): OperatorOptions {
    const isStopped = (): boolean => this.#isHealing || this.#failure !== undefined
    return {
      actor: { ...this.#actor('operator-1'), isStopped },
      brokerCount: this.#machines.brokers.length,
      doomed: this.#doomed,
    }
  }

  #actor(name: string): Actor {
    return {
      name,
      platform: this.#world.machine(name).platform,
      bootstrap: this.#machines.bootstrap,
      partitionCount: PARTITIONS,
      history: this.#history,
      commits: this.#commits,
      traffic: this.#traffic,
      isStopped: () => this.#stopped || this.#failure !== undefined,
      trace: (event) => this.#note(event),
    }
  }

  /** Everything runs again; within a bound every replica is in sync, and every move is done. */
  async #heal(): Promise<void> {
    this.#note('the faults are over')
    this.#isHealing = true
    this.#faults.end()
    this.#traffic.begin()
    await this.#advance(this.#random.between(100, 2_000))
    this.#traffic.end()
    await this.#resolve(deleteDoomed(this.#operator()))
    const endMs = this.#world.time.nowMs + HEAL_LIMIT_MS
    for (;;) {
      await this.#advance(1_000)
      const late = await this.#late()
      if (late.length === 0) break
      if (this.#world.time.nowMs < endMs) continue
      const refusals = this.#machines.brokers
        .filter(({ running }) => running === undefined)
        .map(({ name, refusal }) => `${name} is down: ${String(refusal)}`)
      throw new Contradiction(
        `not in sync ${HEAL_LIMIT_MS} ms after the last fault: ${[...late, ...refusals].join('; ')}`,
      )
    }
    this.#note('everything is in sync')
  }

  /** What is not yet as it must be in the end. */
  async #late(): Promise<string[]> {
    const states = await this.#resolve(this.#observer.look())
    const topics = await this.#resolve(this.#observer.lookAtTopics(TOPIC))
    if (states === undefined || topics === undefined) return ['ZooKeeper']
    this.#topics = topics
    const moving = [...topics.partitions]
      .filter(([, { adding, removing }]) => adding.length + removing.length > 0)
      .map(([index]) => `${TOPIC}-${index} still moves`)
    const left = topics.names.filter((name) => this.#doomed.has(name))
    return [...outOfSync(states), ...moving, ...left.map((name) => `${name} is not deleted`)]
  }

  #replicas() {
    return this.#machines.brokers.map(({ name, machine }) => ({
      name,
      contents: machine.platform.disk.contents(),
    }))
  }

  #checkDisks(): void {
    this.#matching.check(this.#replicas())
  }

  /** What the last records need to be everywhere is one fetch of each follower. */
  async #checkReplicas(): Promise<void> {
    await this.#advance(5_000)
    this.#checkDisks()
    const holders = new Map(
      [...(this.#topics?.partitions ?? [])].map(([index, { replicas }]) => [
        `${TOPIC}-${index}`,
        new Set(replicas.map(brokerName)),
      ]),
    )
    const holds = (machine: string, partition: string): boolean =>
      holders.get(partition)?.has(machine) === true
    checkLogsEqual(TOPIC, this.#replicas(), holds)
    this.#note('the replicas are equal')
  }

  async #advance(spanMs: number): Promise<void> {
    await this.#world.time.advance(spanMs)
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Advances until the promise has settled. */
  async #resolve<Value>(promise: Promise<Value>): Promise<Value> {
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
    return promise
  }

  #note(event: string): void {
    const line = `${this.#world.time.nowMs.toFixed(3)} ${event}`
    this.#trace.update(`${line}\n`)
    this.#run.onEvent?.(line)
  }
}

function settingsOf(random: Seeded, losesPower: boolean): Readonly<Record<string, string>> {
  return {
    'offsets.topic.replication.factor': '3',
    'offsets.topic.num.partitions': '2',
    'group.initial.rebalance.delay.ms': '0',
    'zookeeper.session.timeout.ms': '6000',
    'zookeeper.connection.timeout.ms': '20000',
    'replica.lag.time.max.ms': String(random.between(3, 10) * 1_000),
    'leader.imbalance.check.interval.seconds': String(random.between(5, 60)),
    'log.dirs': random.chance(0.5) ? '/data/a,/data/b' : '/data/a',
    'log.segment.bytes': '16384',
    'replica.fetch.wait.max.ms': random.chance(0.3) ? '500' : '1500',
    'num.replica.fetchers': String(random.between(1, 2)),
    'log.flush.interval.messages': losesPower ? '1' : '1000000',
    'ottla.fast.failover.enable': String(random.chance(0.7)),
  }
}

function outOfSync(states: ReadonlyMap<string, StateNode>): string[] {
  return [...states]
    .filter(([, { leader, isr }]) => leader === -1 || isr.length !== REPLICATION)
    .map(([name, { leader, isr }]) => `${name} (leader ${leader}, in sync ${isr.join(',')})`)
}
