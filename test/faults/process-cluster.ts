// Three brokers as processes and what keeps their ZooKeeper: a process of its own, or broker 1 in
// which it is embedded. In the second kind everything passes gates, by which a broker can be cut off
// from the others, from ZooKeeper and from clients, while its process goes on.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { BrokerProcess } from '../support/broker-process.ts'
import { freePort } from '../support/free-port.ts'
import { Gate } from '../support/gate.ts'
import type { Settings } from '../support/kafka.ts'
import { ZooKeeperProcess } from '../support/zookeeper-process.ts'

export const IDS = [1, 2, 3] as const
export const SESSION_MS = 3_000
const TICK_MS = '500'

const SETTINGS: Settings = {
  'zookeeper.session.timeout.ms': String(SESSION_MS),
  'zookeeper.connection.timeout.ms': '20000',
  'offsets.topic.replication.factor': '3',
  'offsets.topic.num.partitions': '3',
  'replica.lag.time.max.ms': '5000',
  'leader.imbalance.check.interval.seconds': '3',
  'group.min.session.timeout.ms': '1000',
}

export class ProcessCluster {
  readonly brokers = new Map<number, BrokerProcess>()
  zookeeper: ZooKeeperProcess | undefined
  readonly #gates = new Map<number, readonly Gate[]>()
  /** What clients know, where that is not the broker's own port. */
  readonly #clientPorts: number[] = []

  /** ZooKeeper is a process of its own. */
  static async start(directory: string): Promise<ProcessCluster> {
    const cluster = new ProcessCluster()
    const zookeeper = await ZooKeeperProcess.start(join(directory, 'zookeeper'), {
      tickTime: TICK_MS,
    })
    cluster.zookeeper = zookeeper
    const settings = { ...SETTINGS, 'zookeeper.connect': zookeeper.connect }
    await Promise.all(IDS.map((id) => cluster.#start(directory, id, settings)))
    return cluster
  }

  /** ZooKeeper is in broker 1, and there are gates. */
  static async startEmbedded(directory: string): Promise<ProcessCluster> {
    const cluster = new ProcessCluster()
    const zookeeperPort = await freePort()
    for (const id of IDS) {
      const [port, brokerPort] = [await freePort(), await freePort()]
      const toZooKeeper = await Gate.open(zookeeperPort)
      const toBroker = await Gate.open(brokerPort)
      const toClients = await Gate.open(port)
      cluster.#gates.set(id, [toZooKeeper, toBroker, toClients])
      cluster.#clientPorts.push(toClients.port)
      const where: Settings =
        id === 1
          ? { 'ottla.zookeeper.listeners': `127.0.0.1:${zookeeperPort}` }
          : { 'zookeeper.connect': `127.0.0.1:${toZooKeeper.port}` }
      const listenersAt = (client: number, broker: number): string =>
        `PLAINTEXT://127.0.0.1:${client},BROKERS://127.0.0.1:${broker}`
      const settings = {
        ...SETTINGS,
        ...where,
        listeners: listenersAt(port, brokerPort),
        'advertised.listeners': listenersAt(toClients.port, toBroker.port),
        'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,BROKERS:PLAINTEXT',
        'inter.broker.listener.name': 'BROKERS',
      }
      await cluster.#start(directory, id, settings, port)
    }
    return cluster
  }

  async #start(directory: string, id: number, settings: Settings, port?: number): Promise<void> {
    const all = { 'broker.id': String(id), ...settings }
    this.brokers.set(id, await BrokerProcess.start(join(directory, `broker-${id}`), all, port))
  }

  get bootstrap(): string {
    if (this.#clientPorts.length > 0) {
      return this.#clientPorts.map((port) => `127.0.0.1:${port}`).join(',')
    }
    return [...this.brokers.values()].map(({ bootstrap }) => bootstrap).join(',')
  }

  of(id: number): BrokerProcess {
    const broker = this.brokers.get(id)
    assert(broker !== undefined, `broker ${id}`)
    return broker
  }

  async restart(id: number): Promise<void> {
    this.brokers.set(id, await this.of(id).again())
  }

  async restartZooKeeper(): Promise<void> {
    this.zookeeper = await this.zookeeper?.again()
  }

  /** From everybody; the process goes on, and believes for a while what it was told last. */
  cut(id: number): void {
    for (const gate of this.#gates.get(id) ?? []) gate.cut()
  }

  heal(id: number): void {
    for (const gate of this.#gates.get(id) ?? []) gate.heal()
  }

  /** What the brokers have printed, for whoever looks for a failure. */
  get outputs(): string {
    return [...this.brokers].map(([id, { output }]) => `broker ${id}\n${output}`).join('\n')
  }

  async kill(): Promise<void> {
    for (const { child } of this.brokers.values()) child.kill('SIGCONT')
    await Promise.all([...this.brokers.values()].map((broker) => broker.kill()))
    await this.zookeeper?.kill()
    for (const gates of this.#gates.values()) for (const gate of gates) gate.close()
  }
}
