// The replica state machine. It tells a replica's broker to start, stop or delete it, and takes the
// replica that goes offline out of the in-sync set.
import type { Replica, ReplicaPhase } from './context.ts'
import { planRemovalFromIsr } from './leadership-plans.ts'
import { writeLeaderships } from './leadership-writes.ts'
import type { RequestBatch } from './request-batch.ts'
import type { Term } from './term.ts'

const MAY_START: ReadonlySet<ReplicaPhase> = new Set([
  'new',
  'online',
  'offline',
  'deletionIneligible',
])

export class ReplicaStates {
  readonly #term: Term

  constructor(term: Term) {
    this.#term = term
  }

  /**
   * At the start of a term: replicas on live brokers are online and told so, the others offline.
   * Those still have to leave the in-sync sets (`removeOffline`).
   */
  initialize(): void {
    const { context } = this.#term
    const online: Replica[] = []
    for (const replica of context.replicasOf(context.allPartitions())) {
      const { partition, brokerId } = replica
      if (context.isReplicaOnline(brokerId, partition)) {
        context.setReplicaPhase(replica, 'online')
        online.push(replica)
      } else {
        // Whether the deletion had begun is not known: it will be tried again from the start.
        const isGoing = context.isBeingDeleted(partition.topic.name)
        context.setReplicaPhase(replica, isGoing ? 'deletionIneligible' : 'offline')
      }
    }
    const batch = this.#term.batch()
    for (const { partition, brokerId } of online) {
      batch.addLeaderAndIsr([brokerId], partition, false)
    }
    batch.addEverything(context.reachableBrokers)
    this.#term.send(batch)
  }

  /** Takes dead replicas out of the in-sync sets, where the elections have left them in. */
  async removeOffline(): Promise<void> {
    const { context } = this.#term
    const inSync = context.replicasOf(context.allPartitions()).filter(({ partition, brokerId }) => {
      const isDead = partition.replicaPhase(brokerId) === 'offline'
      return isDead && partition.leadership?.isr.includes(brokerId) === true
    })
    await this.toOffline(inSync)
  }

  toNew(replicas: readonly Replica[]): void {
    const batch = this.#term.batch()
    for (const replica of replicas) {
      const { partition, brokerId } = replica
      if (partition.leadership !== undefined && partition.leadership.leader !== brokerId) {
        batch.addLeaderAndIsr([brokerId], partition, true)
      }
      this.#term.context.setReplicaPhase(replica, 'new')
    }
    this.#term.send(batch)
  }

  /** Starts the replicas, save those that are just being deleted or already are. */
  toOnline(replicas: readonly Replica[]): void {
    const batch = this.#term.batch()
    for (const replica of replicas) {
      const { partition, brokerId } = replica
      if (!MAY_START.has(partition.replicaPhase(brokerId))) continue
      // A new replica has been told everything when its partition got a leader.
      if (partition.replicaPhase(brokerId) !== 'new' && partition.leadership !== undefined) {
        batch.addLeaderAndIsr([brokerId], partition, false)
      }
      this.#term.context.setReplicaPhase(replica, 'online')
    }
    this.#term.send(batch)
  }

  /** Stops the replicas and takes them out of the in-sync sets. */
  async toOffline(replicas: readonly Replica[]): Promise<void> {
    const batch = this.#term.batch()
    for (const { partition, brokerId } of replicas) {
      batch.addStopReplica(brokerId, partition, false)
    }
    const byBroker = Map.groupBy(replicas, ({ brokerId }) => brokerId)
    for (const [brokerId, gone] of byBroker) await this.#removeFromIsr(brokerId, gone, batch)
    for (const replica of replicas) this.#term.context.setReplicaPhase(replica, 'offline')
    this.#term.send(batch)
  }

  async #removeFromIsr(
    brokerId: number,
    replicas: readonly Replica[],
    batch: RequestBatch,
  ): Promise<void> {
    const { context } = this.#term
    const partitions = replicas.map(({ partition }) => partition)
    const { changed } = await writeLeaderships(this.#term, partitions, (_, leadership) =>
      planRemovalFromIsr(context, leadership, brokerId),
    )
    for (const partition of partitions) {
      if (changed.has(partition) && !context.isBeingDeleted(partition.topic.name)) {
        const others = partition.assignment.replicas.filter((id) => id !== brokerId)
        batch.addLeaderAndIsr(others, partition, false)
      } else {
        batch.addUpdateMetadata(context.reachableBrokers, [partition])
      }
    }
  }

  toDeletionStarted(replicas: readonly Replica[]): void {
    const batch = this.#term.batch()
    for (const { partition, brokerId } of replicas) batch.addStopReplica(brokerId, partition, true)
    this.#setAll(replicas, 'deletionStarted')
    this.#term.send(batch)
  }

  toDeletionSuccessful(replicas: readonly Replica[]): void {
    this.#setAll(replicas, 'deletionSuccessful')
  }

  toDeletionIneligible(replicas: readonly Replica[]): void {
    this.#setAll(replicas, 'deletionIneligible')
  }

  toNonExistent(replicas: readonly Replica[]): void {
    this.#setAll(replicas, 'nonExistent')
  }

  #setAll(replicas: readonly Replica[], phase: ReplicaPhase): void {
    for (const replica of replicas) this.#term.context.setReplicaPhase(replica, phase)
  }
}
