// One incident in a simulated cluster, step by step: the same brokers, clocks, disks, network and
// checks as under random faults, and a schedule that a person wrote, for what chance seldom meets.
//
// Partition events-0 has replicas on brokers 1, 2 and 3, two of which must be in sync; broker 4 is
// the controller, so that what happens to a replica does not happen to the controller too.
import { Admin } from '../../src/client/admin.ts'
import { KafkaClient } from '../../src/client/kafka-client.ts'
import { Producer } from '../../src/client/producer.ts'
import { decodeController, type StateNode } from '../../src/metadata/znodes.ts'
import { silentLogger, type Logger } from '../../src/telemetry/logger.ts'
import type { SimulatedPlatform } from '../../src/testing/simulated/simulated-world.ts'
import { SimulatedWorld } from '../../src/testing/simulated/simulated-world.ts'
import { ZooKeeperClient } from '../../src/zookeeper/client.ts'
import { checkLogsEqual, checkLogsMatch, ClusterObserver } from './cluster-checks.ts'
import { brokerName, ClusterMachines, type BrokerHost } from './cluster-machines.ts'
import { Contradiction, RecordHistory, valueOf } from './record-history.ts'
import { checkAll, TOPIC } from './simulated-clients.ts'

export const REPLICAS = [1, 2, 3]
export const CONTROLLER = 4
const BROKERS = 4
const PARTITION = `${TOPIC}-0`
const DELAY = { minMs: 0, maxMs: 1 }
const STEP_MS = 20
const LIMIT_MS = 60_000
/** Every session, retry and restart must be over by then once everything runs again. */
const HEAL_LIMIT_MS = 180_000
const SILENCE_MS = 30_000

export interface IncidentOptions {
  readonly settings?: Readonly<Record<string, string>> | undefined
  readonly topicConfigs?: Readonly<Record<string, string>> | undefined
  readonly loggerOf?: ((machine: string) => Logger) | undefined
  readonly onEvent?: ((event: string) => void) | undefined
}

export type Script = (incident: Incident) => Promise<void>

export interface Sent {
  /** Of each record that was acknowledged. */
  readonly offsets: readonly number[]
  readonly refused: number
}

/** Runs the script in a cluster that is in sync, heals everything, and checks what must hold. */
export async function runIncident(script: Script, options: IncidentOptions = {}): Promise<void> {
  const incident = new Incident(options)
  await incident.begin()
  await script(incident)
  await incident.end()
}

export class Incident {
  readonly world = new SimulatedWorld({ seed: 1 })
  readonly machines: ClusterMachines
  readonly #options: IncidentOptions
  readonly #history = new RecordHistory(1)
  readonly #observer: ClusterObserver
  readonly #slowed: (readonly [string, string])[] = []
  #sent = 0
  #clients = 0
  #isSilent = false
  #complaint = ''

  constructor(options: IncidentOptions) {
    this.#options = options
    this.machines = new ClusterMachines({
      world: this.world,
      brokerCount: BROKERS,
      settings: {
        'auto.leader.rebalance.enable': 'false',
        'default.replication.factor': '3',
        'offsets.topic.replication.factor': '3',
        'offsets.topic.num.partitions': '1',
        'replica.lag.time.max.ms': '4000',
        'zookeeper.session.timeout.ms': '6000',
        'zookeeper.connection.timeout.ms': '20000',
        'log.flush.interval.messages': '1000000',
        ...options.settings,
      },
      loggerOf: options.loggerOf ?? ((machine) => this.#complaintsOf(machine)),
      note: (event) => this.#note(event),
    })
    const { platform } = this.world.machine('observer')
    this.#observer = new ClusterObserver(platform, [[TOPIC, 1]])
  }

  async begin(): Promise<void> {
    this.world.network.links.delay(DELAY)
    this.machines.zookeeper.start()
    for (const id of [CONTROLLER, ...REPLICAS]) await this.start(id)
    const client = this.#client('admin', this.machines.bootstrap)
    const configs = { 'min.insync.replicas': '2', ...this.#options.topicConfigs }
    const topic = { name: TOPIC, assignments: [REPLICAS], configs }
    for (const { errorCode } of await this.resolve(new Admin(client).createTopics([topic]))) {
      if (errorCode !== 0) throw new Error(`the topic was refused with ${errorCode}`)
    }
    client.close()
    await this.send(1, 5)
    // Followers hear that records are committed with a fetch after the one that brought them.
    await this.advance(2_000)
  }

  host(id: number): BrokerHost {
    const host = this.machines.brokers.find((one) => one.id === id)
    if (host === undefined) throw new Error(`there is no broker ${id}`)
    return host
  }

  async start(id: number): Promise<void> {
    const host = this.host(id)
    host.start()
    await this.#until(() => host.running !== undefined, `${host.name} is up`)
  }

  kill(id: number): void {
    this.host(id).kill()
    this.#note(`broker${id} is killed`)
  }

  /** Everything that was not synced is lost. */
  powerOff(id: number): void {
    const host = this.host(id)
    host.kill()
    host.machine.powerOff({ writes: 'lost', names: 'lost' })
    this.#note(`broker${id} loses power`)
  }

  /** Cuts what broker or server `a` sends to `b`; with `both` also the other way. */
  cut(a: number | string, b: number | string, ways: 'both' | 'one way' = 'both'): void {
    const [from, to] = [nameOf(a), nameOf(b)]
    this.world.network.links.cutOneWay(from, to)
    if (ways === 'both') this.world.network.links.cutOneWay(to, from)
    this.#note(`${to} does not hear ${from}${ways === 'both' ? ', nor the other way' : ''}`)
  }

  /** What `a` sends to `b` takes that long. */
  slow(a: number | string, b: number | string, delayMs: number): void {
    const delay = { minMs: delayMs, maxMs: delayMs }
    this.world.network.links.delay(delay, nameOf(a), nameOf(b))
    this.#slowed.push([nameOf(a), nameOf(b)])
  }

  heal(a?: number | string, b?: number | string): void {
    const { links } = this.world.network
    if (a === undefined || b === undefined) links.heal()
    else links.heal(nameOf(a), nameOf(b))
  }

  /** Breaks the connections between the two, as a box on the way may do. */
  reset(a: number | string, b: number | string): void {
    this.world.network.reset(nameOf(a), nameOf(b))
  }

  /** Sends records one by one to the broker that is asked, which is to take itself for the leader. */
  async send(to: number, count: number, acks: -1 | 1 = -1, timeoutMs = 3_000): Promise<Sent> {
    return this.resolve(this.#send(to, count, acks, timeoutMs))
  }

  async #send(to: number, count: number, acks: -1 | 1, timeoutMs: number): Promise<Sent> {
    const client = this.#client('writer', `${brokerName(to)}:9092`)
    const producer = new Producer(client, {
      acks,
      idempotent: false,
      requestTimeoutMs: timeoutMs,
      deliveryTimeoutMs: timeoutMs,
    })
    const offsets: number[] = []
    for (let index = 0; index < count; index++) {
      const value = valueOf('writer-1', this.#sent++, 10)
      try {
        const { offset } = await producer.send({ topic: TOPIC, partition: 0, value })
        if (acks === -1) this.#history.onAcknowledged(0, offset, value)
        offsets.push(offset)
      } catch (error) {
        this.#note(`a record was not acknowledged: ${String(error)}`)
      }
    }
    client.close()
    this.#note(`${brokerName(to)} took ${offsets.join(',')} with acks=${acks}`)
    return { offsets, refused: count - offsets.length }
  }

  /** What ZooKeeper says of the partition. */
  async state(): Promise<StateNode> {
    for (;;) {
      const states = await this.resolve(this.#observer.look())
      const state = states?.get(PARTITION)
      if (state !== undefined) return state
      await this.advance(STEP_MS)
    }
  }

  /** Until ZooKeeper says of the partition what is wanted. */
  async untilState(isThere: (state: StateNode) => boolean, what: string): Promise<void> {
    const endMs = this.world.time.nowMs + LIMIT_MS
    while (!isThere(await this.state())) {
      if (this.world.time.nowMs > endMs) throw new Error(`${what}: has not come about`)
      await this.advance(STEP_MS)
    }
    this.#note(what)
  }

  /** As long as that, or until ZooKeeper says what a bug would make it say. */
  async atMost(spanMs: number, isThere: (state: StateNode) => boolean): Promise<void> {
    const endMs = this.world.time.nowMs + spanMs
    while (this.world.time.nowMs < endMs && !isThere(await this.state())) {
      await this.advance(STEP_MS)
    }
  }

  untilLed(leader: number): Promise<void> {
    return this.untilState((state) => state.leader === leader, `${brokerName(leader)} leads`)
  }

  async untilInSync(...ids: number[]): Promise<void> {
    await this.untilState(
      ({ isr }) => isr.length === ids.length && isr.every((id) => ids.includes(id)),
      `in sync are ${ids.join(',')}`,
    )
  }

  /** Deletes /controller, as an operator may; answers who was elected then. */
  async electController(): Promise<number> {
    const { platform } = this.world.machine('operator')
    const client = await this.resolve(
      ZooKeeperClient.connect({
        platform,
        logger: silentLogger,
        connect: 'zookeeper:2181',
        sessionTimeoutMs: 10_000,
        connectionTimeoutMs: 10_000,
      }),
    )
    await this.resolve(client.delete('/controller', -1))
    await this.advance(1_000)
    const elected = decodeController((await this.resolve(client.get('/controller'))).data)
    await this.resolve(client.close())
    this.#note(`${brokerName(elected)} is the controller`)
    return elected
  }

  advance(spanMs: number): Promise<void> {
    return this.world.time.advance(spanMs)
  }

  /** Advances until the promise has settled. */
  async resolve<Value>(promise: Promise<Value>): Promise<Value> {
    let isDone = false
    const settled = (): void => {
      isDone = true
    }
    promise.then(settled, settled)
    await this.world.time.advanceUntil(() => isDone, 10 * LIMIT_MS)
    return promise
  }

  /** Everything runs and hears each other again; then every replica is in sync and the same. */
  async end(): Promise<void> {
    this.heal()
    const { links } = this.world.network
    for (const [from, to] of this.#slowed) links.delay(DELAY, from, to)
    this.machines.restore()
    const endMs = this.world.time.nowMs + HEAL_LIMIT_MS
    for (;;) {
      const { leader, isr } = await this.state()
      if (leader !== -1 && isr.length === REPLICAS.length) break
      if (this.world.time.nowMs > endMs) {
        throw new Contradiction(`${PARTITION} is not in sync: leader ${leader}, isr ${isr.join()}`)
      }
      await this.advance(500)
    }
    // What the last records need to be everywhere is one fetch of each follower.
    await this.advance(5_000)
    await this.resolve(
      checkAll({
        name: 'checker-1',
        platform: this.#platform('checker'),
        bootstrap: this.machines.bootstrap,
        partitionCount: 1,
        history: this.#history,
        isStopped: () => false,
        trace: (event) => this.#note(event),
      }),
    )
    const replicas = REPLICAS.map((id) => {
      const { name, machine } = this.host(id)
      return { name, contents: machine.platform.disk.contents() }
    })
    checkLogsMatch(replicas)
    checkLogsEqual(TOPIC, replicas)
    await this.#expectSilence()
  }

  /** Who still complains goes on for ever (KAFKA-2729). */
  async #expectSilence(): Promise<void> {
    this.#isSilent = true
    await this.advance(SILENCE_MS)
    if (this.#complaint !== '') throw new Contradiction(this.#complaint)
  }

  #platform(name: string): SimulatedPlatform {
    return this.world.machine(`${name}-${++this.#clients}`).platform
  }

  #client(name: string, bootstrap: string): KafkaClient {
    return new KafkaClient({ platform: this.#platform(name), bootstrap, clientId: name })
  }

  async #until(isThere: () => boolean, what: string): Promise<void> {
    await this.world.time.advanceUntil(isThere, LIMIT_MS)
    this.#note(what)
  }

  #complaintsOf(machine: string): Logger {
    const complain = (message: string): void => {
      if (this.#isSilent) this.#complaint ||= `${machine} goes on complaining: ${message}`
    }
    const logger: Logger = {
      ...silentLogger,
      warn: complain,
      error: complain,
      named: () => logger,
    }
    return logger
  }

  #note(event: string): void {
    this.#options.onEvent?.(`${this.world.time.nowMs.toFixed(1)} ${event}`)
  }
}

function nameOf(machine: number | string): string {
  return typeof machine === 'number' ? brokerName(machine) : machine
}
