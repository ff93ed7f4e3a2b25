// What must hold in a cluster whatever happens to it, seen from ZooKeeper and from the disks.
//   A leader epoch of a partition has one leader, a controller epoch one controller, and nothing is
//   written under a controller epoch once the next has begun (KAFKA-6082).
//   Two replicas that hold a batch of the same offset and leader epoch hold the same bytes.
import { createHash } from 'node:crypto'
import {
  decodeController,
  decodeControllerEpoch,
  decodeState,
  decodeTopic,
  type Assignment,
  type StateNode,
} from '../../src/metadata/znodes.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import type { SimulatedPlatform } from '../../src/testing/simulated/simulated-world.ts'
import * as batch from '../../src/wire/records/batch.ts'
import { ZooKeeperClient } from '../../src/zookeeper/client.ts'
import { Contradiction } from './record-history.ts'

const SESSION_TIMEOUT_MS = 10_000

/** A controller epoch, and the write with which it began. */
interface Election {
  readonly epoch: number
  readonly zxid: number
}

export interface TopicsSeen {
  readonly names: readonly string[]
  readonly partitions: ReadonlyMap<number, Assignment>
}

/** What ZooKeeper said of the cluster, compared with all that it had said before. */
export class ClusterObserver {
  readonly #platform: SimulatedPlatform
  readonly #topics: readonly (readonly [topic: string, partitions: number])[]
  readonly #leaders = new Map<string, number>()
  readonly #controllers = new Map<number, number>()
  #client: ZooKeeperClient | undefined

  constructor(platform: SimulatedPlatform, topics: readonly (readonly [string, number])[]) {
    this.#platform = platform
    this.#topics = topics
  }

  /** Undefined while ZooKeeper cannot be asked. */
  async look(): Promise<ReadonlyMap<string, StateNode> | undefined> {
    try {
      return await this.#look()
    } catch (error) {
      if (error instanceof Contradiction) throw error
      await this.close()
      return undefined
    }
  }

  /** Who is to hold each partition of a topic, and which topics there are. */
  async lookAtTopics(topic: string): Promise<TopicsSeen | undefined> {
    try {
      const client = await this.#connected()
      const names = await client.children('/brokers/topics')
      const node = decodeTopic((await client.get(`/brokers/topics/${topic}`)).data)
      return { names, partitions: node?.partitions ?? new Map<number, Assignment>() }
    } catch {
      await this.close()
      return undefined
    }
  }

  async close(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    await client?.close().catch(() => {})
  }

  async #connected(): Promise<ZooKeeperClient> {
    this.#client ??= await ZooKeeperClient.connect({
      platform: this.#platform,
      logger: silentLogger,
      connect: 'zookeeper:2181',
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      connectionTimeoutMs: SESSION_TIMEOUT_MS,
      maxInFlight: 10,
    })
    return this.#client
  }

  async #look(): Promise<ReadonlyMap<string, StateNode>> {
    const client = await this.#connected()
    const election = await this.#lookAtController(client)
    const states = new Map<string, StateNode>()
    for (const [topic, partitions] of this.#topics) {
      for (let index = 0; index < partitions; index++) {
        const path = `/brokers/topics/${topic}/partitions/${index}/state`
        const { data, stat } = await client.get(path)
        const state = decodeState(data)
        if (state === undefined) throw new Contradiction(`${path} cannot be read`)
        if (stat.mzxid > election.zxid && state.controllerEpoch < election.epoch) {
          const epochs = `${state.controllerEpoch} after the election of ${election.epoch}`
          throw new Contradiction(`${path} was written by controller epoch ${epochs}`)
        }
        this.#learnLeader(`${topic}-${index}`, state)
        states.set(`${topic}-${index}`, state)
      }
    }
    return states
  }

  /** The pair of epoch and controller counts only when neither moved while it was read. */
  async #lookAtController(client: ZooKeeperClient): Promise<Election> {
    const before = await client.get('/controller_epoch')
    const epoch = decodeControllerEpoch(before.data)
    const election = { epoch, zxid: before.stat.mzxid }
    const { data } = await client.get('/controller')
    const after = await client.get('/controller_epoch')
    if (before.stat.version !== after.stat.version) return election
    const id = decodeController(data)
    const known = this.#controllers.get(epoch)
    if (known !== undefined && known !== id) {
      throw new Contradiction(`controller epoch ${epoch} had ${known} and has ${id}`)
    }
    this.#controllers.set(epoch, id)
    return election
  }

  #learnLeader(name: string, { leader, leaderEpoch, isr }: StateNode): void {
    if (leader === -1) return
    if (!isr.includes(leader)) {
      throw new Contradiction(
        `${name} is led by ${leader}, which is not in sync (${isr.join(',')})`,
      )
    }
    const key = `${name} ${leaderEpoch}`
    const known = this.#leaders.get(key)
    if (known !== undefined && known !== leader) {
      throw new Contradiction(`epoch ${leaderEpoch} of ${name} had leader ${known}, then ${leader}`)
    }
    this.#leaders.set(key, leader)
  }
}

export interface ReplicaFiles {
  readonly name: string
  readonly contents: ReadonlyMap<string, Buffer>
}

const SEGMENT = /\/([^/]+-\d+)\/\d{20}\.log$/

interface Batch {
  readonly offset: number
  readonly epoch: number
  /** Equal for equal bytes. */
  readonly hash: string
}

function* batchesIn(bytes: Buffer): Iterable<Batch> {
  for (let p = 0; batch.isComplete(bytes, p); p += batch.sizeInBytes(bytes, p)) {
    if (batch.magic(bytes, p) !== 2 || !batch.isCrcValid(bytes, p)) return
    const hash = createHash('md5').update(bytes.subarray(p, p + batch.sizeInBytes(bytes, p)))
    const offset = batch.baseOffset(bytes, p)
    const epoch = batch.partitionLeaderEpoch(bytes, p)
    yield { offset, epoch, hash: hash.digest('hex').slice(0, 8) }
  }
}

/** The batches of each partition: base offset to a text that is equal for equal bytes. */
export function batchesOf({ contents }: ReplicaFiles): Map<string, Map<number, string>> {
  const partitions = new Map<string, Map<number, string>>()
  for (const [path, bytes] of contents) {
    const name = SEGMENT.exec(path)?.[1]
    if (name === undefined) continue
    const batches = partitions.get(name) ?? new Map<number, string>()
    partitions.set(name, batches)
    for (const { offset, epoch, hash } of batchesIn(bytes)) {
      batches.set(offset, `epoch ${epoch} ${hash}`)
    }
  }
  return partitions
}

/**
 * Log matching: an epoch has one leader, so its batches are the same wherever and whenever they are
 * seen. Files that are as they were the last time are not looked into again.
 */
export class LogMatching {
  readonly #seen = new Map<string, { readonly hash: string; readonly machine: string }>()
  readonly #files = new Map<string, Buffer>()

  check(replicas: readonly ReplicaFiles[]): void {
    for (const { name: machine, contents } of replicas) {
      for (const [path, bytes] of contents) {
        const partition = SEGMENT.exec(path)?.[1]
        if (partition === undefined) continue
        const key = `${machine} ${path}`
        if (this.#files.get(key)?.equals(bytes) === true) continue
        this.#files.set(key, bytes)
        this.#learn(machine, partition, bytes)
      }
    }
  }

  #learn(machine: string, partition: string, bytes: Buffer): void {
    for (const { offset, epoch, hash } of batchesIn(bytes)) {
      const key = `${partition} ${offset} epoch ${epoch}`
      const other = this.#seen.get(key)
      if (other !== undefined && other.hash !== hash) {
        const both = `${other.machine} and ${machine}`
        throw new Contradiction(`${both} differ at ${key}: ${other.hash}, ${hash}`)
      }
      this.#seen.set(key, { hash, machine })
    }
  }
}

export function checkLogsMatch(replicas: readonly ReplicaFiles[]): void {
  new LogMatching().check(replicas)
}

/**
 * After everything is in sync and nobody writes: every replica holds the same batches. `holds` says
 * which machines are to hold a partition; others may have remains of it.
 */
export function checkLogsEqual(
  topic: string,
  replicas: readonly ReplicaFiles[],
  holds: (machine: string, partition: string) => boolean = () => true,
): void {
  const all = replicas.map((replica) => ({ machine: replica.name, partitions: batchesOf(replica) }))
  const firsts = new Map<string, { machine: string; known: ReadonlyMap<number, string> }>()
  for (const { machine, partitions } of all) {
    for (const [name, batches] of partitions) {
      if (!name.startsWith(`${topic}-`) || !holds(machine, name)) continue
      const first = firsts.get(name)
      if (first === undefined) {
        firsts.set(name, { machine, known: batches })
        continue
      }
      const { known } = first
      const from = Math.max(Math.min(...known.keys()), Math.min(...batches.keys()))
      const offsets = new Set([...known.keys(), ...batches.keys()].filter((at) => at >= from))
      for (const offset of offsets) {
        if (known.get(offset) === batches.get(offset)) continue
        throw new Contradiction(
          `${name} at ${offset}: ${first.machine} has ${known.get(offset)}, ` +
            `${machine} has ${batches.get(offset)}`,
        )
      }
    }
  }
}
