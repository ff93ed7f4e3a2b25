// Takes topics away: first their leaders, then their replicas, last their znodes. A topic with a
// replica that cannot be reached waits until that has changed; a move of its replicas is given up,
// and all of them go, those on the way included.
import {
  deleteTopicPath,
  partitionPath,
  partitionsPath,
  statePath,
  topicConfigPath,
  topicPath,
} from '../metadata/znode-paths.ts'
import type { Replica, Topic } from './context.ts'
import type { Unit } from './guarded-store.ts'
import type { PartitionStates } from './partition-states.ts'
import type { ReplicaStates } from './replica-states.ts'
import type { Term } from './term.ts'

/** Partitions of a topic whose nodes go in one request; ZooKeeper takes none above 1 MiB. */
const MAX_AT_ONCE = 1_000

export class TopicDeletion {
  readonly #term: Term
  readonly #partitionStates: PartitionStates
  readonly #replicaStates: ReplicaStates

  constructor(term: Term, partitionStates: PartitionStates, replicaStates: ReplicaStates) {
    this.#term = term
    this.#partitionStates = partitionStates
    this.#replicaStates = replicaStates
  }

  /** Begins with these topics, or notes that they are to go once they can. */
  async enqueue(names: Iterable<string>): Promise<void> {
    for (const name of names) this.#term.context.markForDeletion(name)
    await this.resume()
  }

  /** What kept these topics may be over. */
  async reconsider(names: Iterable<string>): Promise<void> {
    const { deleting, ineligible } = this.#term.context
    let isAnyWaiting = false
    for (const name of names) {
      if (!deleting.has(name)) continue
      ineligible.delete(name)
      isAnyWaiting = true
    }
    if (isAnyWaiting) await this.resume()
  }

  /** These topics have to wait, when they are to go at all. */
  hold(names: Iterable<string>): void {
    const { deleting, ineligible } = this.#term.context
    for (const name of names) if (deleting.has(name)) ineligible.add(name)
  }

  async onReplicasDeleted(replicas: readonly Replica[]): Promise<void> {
    this.#replicaStates.toDeletionSuccessful(replicas)
    await this.resume()
  }

  /** Their brokers are gone or refused. */
  async onReplicasFailed(replicas: readonly Replica[]): Promise<void> {
    const { context } = this.#term
    const going = replicas.filter((replica) => {
      const isGone = phaseOf(replica) === 'deletionSuccessful'
      return !isGone && context.isBeingDeleted(replica.partition.topic.name)
    })
    if (going.length === 0) return
    this.#replicaStates.toDeletionIneligible(going)
    this.hold(new Set(going.map(({ partition }) => partition.topic.name)))
    await this.resume()
  }

  async resume(): Promise<void> {
    const { context } = this.#term
    const done: Topic[] = []
    const retry: Replica[] = []
    const eligible: Topic[] = []
    for (const name of context.deleting) {
      const topic = context.topics.get(name)
      if (topic === undefined) continue
      const replicas = context.replicasOf(topic.partitions.values())
      if (replicas.every((it) => phaseOf(it) === 'deletionSuccessful')) {
        done.push(topic)
        continue
      }
      if (replicas.some((it) => phaseOf(it) === 'deletionStarted')) continue
      retry.push(...replicas.filter((it) => phaseOf(it) === 'deletionIneligible'))
      if (!context.ineligible.has(name)) eligible.push(topic)
    }
    if (retry.length > 0) await this.#replicaStates.toOffline(retry)
    if (done.length > 0) await this.#complete(done)
    if (eligible.length > 0) await this.#begin(eligible)
  }

  async #begin(topics: readonly Topic[]): Promise<void> {
    const { context } = this.#term
    const partitions = topics.flatMap((topic) => [...topic.partitions.values()])
    const untouched = topics.filter(({ name }) => !context.deletionStarted.has(name))
    for (const topic of untouched) {
      this.#partitionStates.toOffline(topic.partitions.values())
      this.#partitionStates.toNonExistent(topic.partitions.values())
      context.deletionStarted.add(topic.name)
    }
    const batch = this.#term.batch()
    batch.addUpdateMetadata(context.reachableBrokers, partitions)
    this.#term.send(batch)
    await this.#deleteReplicas(topics)
  }

  async #deleteReplicas(topics: readonly Topic[]): Promise<void> {
    const { context } = this.#term
    const dead: Replica[] = []
    const alive: Replica[] = []
    for (const replica of context.replicasOf(topics.flatMap((it) => [...it.partitions.values()]))) {
      if (!context.isReplicaOnline(replica.brokerId, replica.partition, true)) dead.push(replica)
      else if (phaseOf(replica) !== 'deletionSuccessful') alive.push(replica)
    }
    this.#replicaStates.toDeletionIneligible(dead)
    await this.#replicaStates.toOffline(alive)
    this.#replicaStates.toDeletionStarted(alive)
    this.hold(new Set(dead.map(({ partition }) => partition.topic.name)))
  }

  async #complete(topics: readonly Topic[]): Promise<void> {
    const { context, store, logger } = this.#term
    for (const topic of topics) {
      this.#replicaStates.toNonExistent(context.replicasOf(topic.partitions.values()))
    }
    const small = topics.filter(({ partitions }) => partitions.size <= MAX_AT_ONCE)
    const results = await store.write(small.map(deletionOf))
    const gone = new Set(small.filter((_, index) => results[index]?.ok === true))
    for (const topic of topics) {
      if (!gone.has(topic)) await this.#deleteNodes(topic.name)
      context.removeTopic(topic)
      logger.info(`Deleted topic ${topic.name}`)
    }
  }

  /** Looks which nodes there are. */
  async #deleteNodes(name: string): Promise<void> {
    const { store } = this.#term
    await store.deleteTree(topicPath(name))
    await store.delete([topicConfigPath(name), deleteTopicPath(name)])
  }
}

/** All that a topic has in ZooKeeper as a rule, children first; refused when it is otherwise. */
function deletionOf({ name, partitions }: Topic): Unit {
  const paths: string[] = []
  for (const index of partitions.keys()) {
    paths.push(statePath(name, index), partitionPath(name, index))
  }
  paths.push(partitionsPath(name), topicPath(name), topicConfigPath(name), deleteTopicPath(name))
  return paths.map((path) => ({ kind: 'delete', path, version: -1 }))
}

function phaseOf({ partition, brokerId }: Replica): string {
  return partition.replicaPhase(brokerId)
}
