// Three brokers and their ZooKeeper, each a process of its own, of either kind.
import type { ChildProcess } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Metadata } from '../src/wire/messages/03-metadata.ts'
import { call } from './cluster-calls.ts'
import { pause } from './pause.ts'
import { RawConnection } from './raw-connection.ts'
import {
  end,
  hasEnded,
  KAFKA_MAIN,
  portOf,
  spawnJava,
  spawnOttla,
  startZooKeeper,
  writeProperties,
  type Server,
  type ServerKind,
} from './servers.ts'

type Settings = Readonly<Record<string, string>>

export const BROKER_IDS = [1, 2, 3] as const
export type BrokerId = (typeof BROKER_IDS)[number]

/** What a load needs to know of a broker. */
export interface BrokerAddress {
  readonly id: number
  readonly port: number
  readonly pid: number
}

const READY_WITHIN_MS = 90_000
/** Below it no session can be as short as the cases want them. */
const TICK_MS = '500'

export class Cluster {
  readonly #kind: ServerKind
  readonly #directory: string
  readonly #settings: Settings
  readonly #zookeeper: Server
  readonly #brokers = new Map<BrokerId, { child: ChildProcess; port: number }>()

  private constructor(kind: ServerKind, directory: string, settings: Settings, zookeeper: Server) {
    this.#kind = kind
    this.#directory = directory
    this.#settings = settings
    this.#zookeeper = zookeeper
  }

  /** Resolves when each broker knows all three and who controls them. */
  static async start(kind: ServerKind, directory: string, settings: Settings): Promise<Cluster> {
    const zookeeper = await startZooKeeper(kind, directory, {}, { tickTime: TICK_MS })
    const cluster = new Cluster(kind, directory, settings, zookeeper)
    try {
      for (const id of BROKER_IDS) await cluster.startBroker(id)
      await cluster.untilComplete()
    } catch (error) {
      await cluster.kill()
      throw error
    }
    return cluster
  }

  /** Does not wait until it serves. */
  async startBroker(id: BrokerId): Promise<void> {
    const directory = join(this.#directory, `broker-${id}`)
    mkdirSync(directory, { recursive: true })
    const port = await portOf(directory, 'port')
    const file = join(directory, 'server.properties')
    const own: Settings = this.#kind.name === 'ottla' ? { 'ottla.http.listeners': '' } : {}
    writeProperties(file, {
      'broker.id': String(id),
      listeners: `PLAINTEXT://127.0.0.1:${port}`,
      'log.dirs': join(directory, 'kafka-logs'),
      'zookeeper.connect': `127.0.0.1:${this.#zookeeper.port}`,
      'default.replication.factor': '3',
      'min.insync.replicas': '2',
      'offsets.topic.replication.factor': '3',
      'group.initial.rebalance.delay.ms': '0',
      ...own,
      ...this.#settings,
    })
    const child =
      this.#kind.name === 'ottla'
        ? spawnOttla(['start', file, '--log-level', 'ERROR'])
        : spawnJava(file, { heap: '1G', main: KAFKA_MAIN, directory })
    this.#brokers.set(id, { child, port })
  }

  /** Ends a broker in order. */
  async stopBroker(id: BrokerId): Promise<void> {
    const broker = this.#brokers.get(id)
    if (broker !== undefined) await end(broker.child, 'SIGTERM')
  }

  get brokers(): BrokerAddress[] {
    return [...this.#brokers].flatMap(([id, { child, port }]) =>
      child.pid === undefined || hasEnded(child) ? [] : [{ id, port, pid: child.pid }],
    )
  }

  get brokerPids(): number[] {
    return this.brokers.map(({ pid }) => pid)
  }

  /** With ZooKeeper's. */
  get pids(): number[] {
    return [...this.brokerPids, ...this.#zookeeper.pids]
  }

  async untilComplete(): Promise<void> {
    const deadline = performance.now() + READY_WITHIN_MS
    for (const { port } of this.brokers) {
      while (!(await knowsAll(port))) {
        if (performance.now() > deadline) throw new Error('the cluster did not come up')
        await pause(20)
      }
    }
  }

  /** Everything at once: nothing of it is needed any more. */
  async kill(): Promise<void> {
    const ending = [...this.#brokers.values()].map(({ child }) => end(child, 'SIGKILL'))
    await Promise.all([...ending, this.#zookeeper.kill()])
  }
}

async function knowsAll(port: number): Promise<boolean> {
  try {
    const connection = await RawConnection.open(port)
    try {
      const { brokers, controllerId } = await call(connection, Metadata, 9, { topics: [] })
      return brokers.length === BROKER_IDS.length && controllerId >= 0
    } finally {
      connection.close()
    }
  } catch {
    // Nobody listens yet.
    return false
  }
}
