// The parts of an active controller that change partitions and replicas, put together for one term,
// and what happens to them when a broker comes, goes, or asks to go.
import type { LiveBroker, Partition, Replica, Topic } from './context.ts'
import { AFTER_LOSS, PartitionStates } from './partition-states.ts'
import { Reassignments } from './reassignment.ts'
import { ReplicaStates } from './replica-states.ts'
import type { Term } from './term.ts'
import { TopicDeletion } from './topic-deletion.ts'

export class Machine {
  readonly term: Term
  readonly partitionStates: PartitionStates
  readonly replicaStates: ReplicaStates
  readonly deletion: TopicDeletion
  readonly reassignments: Reassignments

  constructor(term: Term) {
    this.term = term
    this.partitionStates = new PartitionStates(term)
    this.replicaStates = new ReplicaStates(term)
    this.deletion = new TopicDeletion(term, this.partitionStates, this.replicaStates)
    this.reassignments = new Reassignments(term, this.partitionStates, this.replicaStates)
  }

  /** Gives partitions that have just been read from their topic's znode leaders. */
  async startPartitions(partitions: readonly Partition[]): Promise<void> {
    if (partitions.length === 0) return
    const replicas = this.term.context.replicasOf(partitions)
    this.partitionStates.toNew(partitions)
    this.replicaStates.toNew(replicas)
    await this.partitionStates.toOnline(partitions, AFTER_LOSS)
    this.replicaStates.toOnline(replicas)
  }

  /** Brokers that have registered; they are in the context already. */
  async onBrokersStarted(brokerIds: readonly number[]): Promise<void> {
    const { context, logger } = this.term
    logger.info(`New brokers: ${brokerIds.join(',')}`)
    for (const brokerId of brokerIds) context.setOfflineDirectory(brokerId, new Set())
    this.#announceBrokers(brokerIds)
    const replicas = brokerIds.flatMap((brokerId) => context.replicasOn(brokerId))
    this.replicaStates.toOnline(replicas)
    await this.partitionStates.electLeaderless()
    const running = [...context.reassigning]
    for (const partition of running) {
      const concerns = brokerIds.some((id) => partition.assignment.adding.includes(id))
      if (concerns) await this.reassignments.advance(partition, partition.assignment)
    }
    await this.deletion.reconsider(new Set(replicas.map(({ partition }) => partition.topic.name)))
  }

  // The old brokers learn who is new, the new ones everything.
  #announceBrokers(brokerIds: readonly number[]): void {
    const { context } = this.term
    const others = context.reachableBrokers.filter((id) => !brokerIds.includes(id))
    const toOthers = this.term.batch()
    toOthers.addUpdateMetadata(others, [])
    this.term.send(toOthers)
    const toNew = this.term.batch()
    toNew.addEverything(brokerIds)
    this.term.send(toNew)
  }

  /** Brokers that are gone; they are out of the context already. */
  async onBrokersFailed(brokerIds: readonly number[]): Promise<void> {
    const { context, logger } = this.term
    logger.info(`Lost brokers: ${brokerIds.join(',')}`)
    for (const brokerId of brokerIds) {
      context.setOfflineDirectory(brokerId, new Set())
      context.shuttingDown.delete(brokerId)
    }
    await this.onReplicasLost(brokerIds.flatMap((brokerId) => context.replicasOn(brokerId)))
  }

  /** Leaders move away from these replicas, then the replicas leave the in-sync sets. */
  async onReplicasLost(replicas: readonly Replica[]): Promise<void> {
    const { context } = this.term
    const isGoing = ({ topic }: Partition): boolean => context.isBeingDeleted(topic.name)
    const leaderless = new Set(
      replicas
        .filter(({ partition, brokerId }) => partition.leadership?.leader === brokerId)
        .map(({ partition }) => partition)
        .filter((partition) => !isGoing(partition)),
    )
    this.partitionStates.toOffline(leaderless)
    await this.partitionStates.electLeaderless()
    await this.replicaStates.toOffline(replicas.filter(({ partition }) => !isGoing(partition)))
    await this.deletion.onReplicasFailed(replicas.filter(({ partition }) => isGoing(partition)))
    if (leaderless.size === 0) this.announce([])
  }

  /** Sends the brokers, and these partitions, to all brokers. */
  announce(partitions: Iterable<Partition>): void {
    const batch = this.term.batch()
    batch.addUpdateMetadata(this.term.context.reachableBrokers, partitions)
    this.term.send(batch)
  }

  /** The whole state to a broker whose queue had overflowed. */
  async resend(brokerId: number): Promise<void> {
    const { context } = this.term
    const batch = this.term.batch()
    const replicas = context.replicasOn(brokerId)
    for (const { partition } of replicas) batch.addLeaderAndIsr([brokerId], partition, false)
    batch.addEverything(context.reachableBrokers)
    this.term.send(batch)
    const unanswered = replicas.filter(({ partition }) => {
      return partition.replicaPhase(brokerId) === 'deletionStarted'
    })
    await this.deletion.onReplicasFailed(unanswered)
    await this.deletion.reconsider(new Set(unanswered.map(({ partition }) => partition.topic.name)))
  }

  /** Relieves a broker that wants to stop; the result is what it still leads. */
  async shutDown(broker: LiveBroker): Promise<Partition[]> {
    const { context } = this.term
    const brokerId = broker.image.id
    context.shuttingDown.add(brokerId)
    await this.relieve(brokerId)
    return context.partitionsLedBy(brokerId).filter((it) => it.assignment.replicas.length > 1)
  }

  /** Moves leaderships off a broker, within the in-sync sets, and takes it out of those. */
  async relieve(brokerId: number): Promise<void> {
    const { context } = this.term
    const replicated = context
      .replicasOn(brokerId)
      .filter(({ partition: { assignment, leadership } }) => {
        return assignment.replicas.length > 1 && leadership !== undefined
      })
    const led = replicated.filter(({ partition }) => partition.leadership?.leader === brokerId)
    const followed = replicated.filter(({ partition }) => partition.leadership?.leader !== brokerId)
    await this.partitionStates.toOnline(
      led
        .map(({ partition }) => partition)
        .filter(({ topic }) => !context.isBeingDeleted(topic.name)),
      { kind: 'controlledShutdown' },
    )
    await this.replicaStates.toOffline(followed)
  }

  /** A topic that somebody removed from ZooKeeper by hand. */
  forget(topic: Topic): void {
    for (const partition of topic.partitions.values())
      this.partitionStates.toNonExistent([partition])
    this.term.context.removeTopic(topic)
  }
}
