// Moves partitions to other brokers. RS is the assignment in force, TRS the one wanted, AR the
// replicas to add, RR those to remove.
//   A  TRS not all in sync: the new replicas are started and a new leader epoch makes all know RS;
//      then it waits until the leader reports the grown in-sync set.
//   B  TRS in sync: leadership goes to a member of TRS, the RR are stopped and deleted, and the
//      topic znode says TRS.
import { REASSIGN_PARTITIONS, topicPath } from '../metadata/znode-paths.ts'
import { decodeReassignments, encodeReassignments, encodeTopic } from '../metadata/znodes.ts'
import type { Assignment, NamedPartition, Reassignment } from '../metadata/znodes.ts'
import { sameList, without } from './context.ts'
import type { Partition, Replica, Topic } from './context.ts'
import { planEpochBump } from './leadership-plans.ts'
import { writeLeaderships } from './leadership-writes.ts'
import type { PartitionStates } from './partition-states.ts'
import type { ReplicaStates } from './replica-states.ts'
import type { Term } from './term.ts'

/** The assignment while replicas move from where they were to `target`. */
export function reassignTo(current: Assignment, target: readonly number[]): Assignment {
  const original = without(current.replicas, current.adding)
  const replicas = [...target, ...without(original, target)]
  return {
    replicas,
    adding: without(replicas, original),
    removing: without(replicas, target),
  }
}

/** Where the replicas were before the running reassignment. */
export function originalReplicas(current: Assignment): number[] {
  return without(current.replicas, current.adding)
}

export class Reassignments {
  readonly #term: Term
  readonly #partitionStates: PartitionStates
  readonly #replicaStates: ReplicaStates

  constructor(term: Term, partitionStates: PartitionStates, replicaStates: ReplicaStates) {
    this.#term = term
    this.#partitionStates = partitionStates
    this.#replicaStates = replicaStates
  }

  /** Begins a move, or goes on with the one that the assignment describes. */
  async advance(partition: Partition, wanted: Assignment): Promise<void> {
    await this.#replaceAssignment(partition, wanted)
    this.#term.context.reassigning.add(partition)
    if (this.isComplete(partition)) await this.#finish(partition, wanted)
    else await this.#bumpEpoch(partition)
  }

  /** Goes on with moves whose new replicas have all come into sync. */
  async finishComplete(partitions: Iterable<Partition>): Promise<void> {
    for (const partition of partitions) {
      const isRunning = this.#term.context.reassigning.has(partition)
      if (isRunning && this.isComplete(partition)) {
        await this.#finish(partition, partition.assignment)
      }
    }
  }

  isComplete(partition: Partition): boolean {
    const isr = partition.leadership?.isr ?? []
    return partition.targetReplicas.every((id) => isr.includes(id))
  }

  async #replaceAssignment(partition: Partition, wanted: Assignment): Promise<void> {
    const current = partition.assignment
    if (sameAssignment(current, wanted)) return
    partition.assignment = wanted
    await this.#writeTopic(partition.topic)
    const unneeded = without(current.replicas, wanted.replicas)
    if (unneeded.length > 0) await this.#stop(replicasAt(partition, unneeded))
  }

  async #bumpEpoch(partition: Partition): Promise<void> {
    const { context } = this.#term
    const { changed } = await writeLeaderships(this.#term, [partition], (_, leadership) =>
      planEpochBump(context, leadership),
    )
    if (!changed.has(partition)) return
    const { replicas, adding } = partition.assignment
    const batch = this.#term.batch()
    batch.addLeaderAndIsr(without(replicas, adding), partition, false)
    batch.addLeaderAndIsr(adding, partition, true)
    for (const replica of replicasAt(partition, adding)) {
      if (partition.replicaPhase(replica.brokerId) === 'nonExistent') {
        context.setReplicaPhase(replica, 'new')
      }
    }
    this.#term.send(batch)
  }

  async #finish(partition: Partition, moved: Assignment): Promise<void> {
    const { context, logger } = this.#term
    this.#replicaStates.toOnline(replicasAt(partition, moved.adding))
    const removing = replicasAt(partition, moved.removing)
    const target = without(moved.replicas, moved.removing)
    partition.assignment = { replicas: target, adding: [], removing: [] }
    await this.#moveLeader(partition)
    await this.#stop(removing)
    await this.#writeTopic(partition.topic)
    context.reassigning.delete(partition)
    await this.dropRequested([{ topic: partition.topic.name, partition: partition.index }])
    const batch = this.#term.batch()
    batch.addUpdateMetadata(context.reachableBrokers, [partition])
    this.#term.send(batch)
    logger.info(`Reassignment of ${partition.name} to ${target.join(',')} is complete`)
  }

  async #moveLeader(partition: Partition): Promise<void> {
    const { context } = this.#term
    const leader = partition.leadership?.leader ?? -1
    const mayStay = partition.assignment.replicas.includes(leader)
    if (mayStay && context.isReplicaOnline(leader, partition)) await this.#bumpEpoch(partition)
    else await this.#partitionStates.toOnline([partition], { kind: 'reassign' })
  }

  // Out of the in-sync set, off the disk, out of memory.
  async #stop(replicas: readonly Replica[]): Promise<void> {
    await this.#replicaStates.toOffline(replicas)
    this.#replicaStates.toDeletionStarted(replicas)
    this.#replicaStates.toDeletionSuccessful(replicas)
    this.#replicaStates.toNonExistent(replicas)
  }

  async #writeTopic(topic: Topic): Promise<void> {
    const partitions = new Map(
      [...topic.partitions].map(([index, { assignment }]) => [index, assignment] as const),
    )
    const data = encodeTopic({ id: topic.id, partitions })
    const result = await this.#term.store.set(topicPath(topic.name), data, -1)
    if (!result.ok) throw new Error(`the assignment of topic ${topic.name} could not be written`)
  }

  /** What old tools asked for, as far as it names partitions that exist. */
  async readRequested(): Promise<Reassignment[]> {
    const read = await this.#term.store.read(REASSIGN_PARTITIONS, true)
    if (read !== undefined) return decodeReassignments(read.data)
    // Watches a node that is not there.
    await this.#term.store.exists(REASSIGN_PARTITIONS, true)
    return []
  }

  /** Removes what is done, or cannot be done, from the node of the old tools. */
  async dropRequested(requests: readonly NamedPartition[]): Promise<void> {
    const read = await this.#term.store.read(REASSIGN_PARTITIONS)
    if (read === undefined || requests.length === 0) return
    const names = new Set(requests.map(({ topic, partition }) => `${topic}-${partition}`))
    const left = decodeReassignments(read.data).filter(
      ({ topic, partition }) => !names.has(`${topic}-${partition}`),
    )
    if (left.length === 0) await this.#term.store.delete([REASSIGN_PARTITIONS])
    else await this.#term.store.set(REASSIGN_PARTITIONS, encodeReassignments(left), -1)
  }
}

function replicasAt(partition: Partition, brokerIds: readonly number[]): Replica[] {
  return brokerIds.map((brokerId) => ({ partition, brokerId }))
}

function sameAssignment(left: Assignment, right: Assignment): boolean {
  return (
    sameList(left.replicas, right.replicas) &&
    sameList(left.adding, right.adding) &&
    sameList(left.removing, right.removing)
  )
}
