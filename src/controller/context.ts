// What the active controller knows, in memory: brokers, topics, who leads what, and how far each
// partition and replica has come. Pure bookkeeping: decisions are made elsewhere, and a change is
// recorded here only after ZooKeeper has it.
//
//   partition: nonExistent → new → online ⇄ offline → nonExistent
//   replica:   nonExistent → new → online ⇄ offline → deletionStarted
//                        → { deletionSuccessful → nonExistent | deletionIneligible → offline }
import type { BrokerImage } from '../metadata/cluster-image.ts'
import type { Assignment } from '../metadata/znodes.ts'

export type PartitionPhase = 'nonExistent' | 'new' | 'online' | 'offline'
export type ReplicaPhase =
  | 'nonExistent'
  | 'new'
  | 'online'
  | 'offline'
  | 'deletionStarted'
  | 'deletionSuccessful'
  | 'deletionIneligible'

/** Who leads and who is in sync, as the state znode has it. */
export interface Leadership {
  readonly leader: number
  readonly leaderEpoch: number
  readonly isr: readonly number[]
  readonly leaderRecoveryState: number
  readonly controllerEpoch: number
  /** Version of the state znode. */
  readonly partitionEpoch: number
}

export interface LiveBroker {
  readonly image: BrokerImage
  /** The czxid of its registration. */
  readonly epoch: number
}

/** One topic; its partitions point back to it. */
export class Topic {
  readonly name: string
  readonly id: string | undefined
  readonly partitions = new Map<number, Partition>()

  constructor(name: string, id: string | undefined) {
    this.name = name
    this.id = id
  }
}

/** One partition: where it is to be, where it has come to. */
export class Partition {
  readonly topic: Topic
  readonly index: number
  assignment: Assignment
  leadership: Leadership | undefined
  phase: PartitionPhase = 'nonExistent'
  readonly replicaPhases = new Map<number, ReplicaPhase>()

  constructor(topic: Topic, index: number, assignment: Assignment) {
    this.topic = topic
    this.index = index
    this.assignment = assignment
  }

  get name(): string {
    return `${this.topic.name}-${this.index}`
  }

  replicaPhase(brokerId: number): ReplicaPhase {
    return this.replicaPhases.get(brokerId) ?? 'nonExistent'
  }

  /** Where the replicas will be when a running reassignment is over. */
  get targetReplicas(): readonly number[] {
    return without(this.assignment.replicas, this.assignment.removing)
  }

  get isReassigning(): boolean {
    return this.assignment.adding.length > 0 || this.assignment.removing.length > 0
  }
}

/** A partition at one broker. */
export interface Replica {
  readonly partition: Partition
  readonly brokerId: number
}

/** The elements of `from` that are not in `excluded`, in order. */
export function without(from: readonly number[], excluded: readonly number[]): number[] {
  return from.filter((element) => !excluded.includes(element))
}

/** The same elements in the same order. */
export function sameList(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((element, index) => element === right[index])
}

export class ControllerContext {
  readonly brokerId: number
  readonly epoch: number
  /** Version of /controller_epoch, which guards every write. */
  readonly epochVersion: number
  readonly brokers = new Map<number, LiveBroker>()
  readonly shuttingDown = new Set<number>()
  /** Brokers that another sign than their session says are dead; they stay registered. */
  readonly suspected = new Set<number>()
  readonly topics = new Map<string, Topic>()
  readonly topicNames = new Map<string, string>()
  readonly reassigning = new Set<Partition>()
  /** Partitions in the phases new and offline: those that wait for a leader. */
  readonly leaderless = new Set<Partition>()
  /** Names of topics to be deleted, and of those that must wait. */
  readonly deleting = new Set<string>()
  readonly ineligible = new Set<string>()
  readonly deletionStarted = new Set<string>()
  readonly #offlineDirectories = new Map<number, Set<Partition>>()

  constructor(brokerId: number, epoch: number, epochVersion: number) {
    this.brokerId = brokerId
    this.epoch = epoch
    this.epochVersion = epochVersion
  }

  /** Brokers that get requests: registered and not suspected; they may be shutting down. */
  get reachableBrokers(): number[] {
    return [...this.brokers.keys()].filter((id) => !this.suspected.has(id))
  }

  isReachable(brokerId: number): boolean {
    return this.brokers.has(brokerId) && !this.suspected.has(brokerId)
  }

  /** Brokers that are to leave the in-sync sets when leaderships move. */
  get leaving(): ReadonlySet<number> {
    return new Set([...this.shuttingDown, ...this.suspected])
  }

  /** Brokers that may be given partitions. */
  isLive(brokerId: number): boolean {
    return this.isReachable(brokerId) && !this.shuttingDown.has(brokerId)
  }

  get liveBrokers(): number[] {
    return [...this.brokers.keys()].filter((id) => this.isLive(id))
  }

  /** Whether the replica can serve: its broker lives and its log directory does. */
  isReplicaOnline(brokerId: number, partition: Partition, evenShuttingDown = false): boolean {
    const alive = evenShuttingDown ? this.isReachable(brokerId) : this.isLive(brokerId)
    return alive && this.#offlineDirectories.get(brokerId)?.has(partition) !== true
  }

  onlineReplicas(partition: Partition): number[] {
    return partition.assignment.replicas.filter((id) => this.isReplicaOnline(id, partition))
  }

  offlineReplicas(partition: Partition): number[] {
    const { replicas } = partition.assignment
    return replicas.filter((id) => !this.isReplicaOnline(id, partition, true))
  }

  setOfflineDirectory(brokerId: number, partitions: ReadonlySet<Partition>): void {
    if (partitions.size === 0) this.#offlineDirectories.delete(brokerId)
    else this.#offlineDirectories.set(brokerId, new Set(partitions))
  }

  partitionsInOfflineDirectories(brokerId: number): ReadonlySet<Partition> {
    return this.#offlineDirectories.get(brokerId) ?? new Set()
  }

  addTopic(topic: Topic): void {
    this.topics.set(topic.name, topic)
    if (topic.id !== undefined) this.topicNames.set(topic.id, topic.name)
  }

  removeTopic(topic: Topic): void {
    this.topics.delete(topic.name)
    if (topic.id !== undefined) this.topicNames.delete(topic.id)
    for (const partition of topic.partitions.values()) this.forgetPartition(partition)
    this.deleting.delete(topic.name)
    this.ineligible.delete(topic.name)
    this.deletionStarted.delete(topic.name)
  }

  forgetPartition(partition: Partition): void {
    this.leaderless.delete(partition)
    this.reassigning.delete(partition)
    for (const offline of this.#offlineDirectories.values()) offline.delete(partition)
  }

  partition(topic: string, index: number): Partition | undefined {
    return this.topics.get(topic)?.partitions.get(index)
  }

  *allPartitions(): Generator<Partition> {
    for (const topic of this.topics.values()) yield* topic.partitions.values()
  }

  replicasOn(brokerId: number): Replica[] {
    const replicas: Replica[] = []
    for (const partition of this.allPartitions()) {
      if (partition.assignment.replicas.includes(brokerId)) replicas.push({ partition, brokerId })
    }
    return replicas
  }

  partitionsLedBy(brokerId: number): Partition[] {
    const led: Partition[] = []
    for (const partition of this.allPartitions()) {
      if (partition.leadership?.leader === brokerId) led.push(partition)
    }
    return led
  }

  /** The topic is to go; replicas of it that were being moved need not arrive. */
  markForDeletion(name: string): void {
    this.deleting.add(name)
    for (const partition of this.topics.get(name)?.partitions.values() ?? []) {
      this.reassigning.delete(partition)
    }
  }

  isBeingDeleted(topic: string): boolean {
    return this.deleting.has(topic)
  }

  setPartitionPhase(partition: Partition, phase: PartitionPhase): void {
    partition.phase = phase
    if (phase === 'new' || phase === 'offline') this.leaderless.add(partition)
    else this.leaderless.delete(partition)
  }

  setReplicaPhase({ partition, brokerId }: Replica, phase: ReplicaPhase): void {
    if (phase === 'nonExistent') partition.replicaPhases.delete(brokerId)
    else partition.replicaPhases.set(brokerId, phase)
  }

  /** All replicas of the partitions, as the assignment has them. */
  replicasOf(partitions: Iterable<Partition>): Replica[] {
    const replicas: Replica[] = []
    for (const partition of partitions) {
      for (const brokerId of partition.assignment.replicas) replicas.push({ partition, brokerId })
    }
    return replicas
  }
}
