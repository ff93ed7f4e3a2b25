// How the leader of a partition changes its in-sync set: it proposes, the controller decides.
//   One proposal at a time. An answer counts only under the leader and partition epoch of its
//   proposal: a LeaderAndIsr that came between has settled the matter (KAFKA-12686).
import { Errors } from '../wire/errors.ts'
import { InSyncSet } from './in-sync-set.ts'
import type { IsrOutcome } from './partition-state.ts'
import type { PartitionSurroundings } from './partition-surroundings.ts'
import type { Partition } from './partition.ts'

const UNKNOWN_EPOCH = -1

/** What its partition does about the controller's answers. */
export interface IsrAnswers {
  committed(partitionEpoch: number): void
  /** The controller does not take these replicas in, for now. */
  refused(joining: readonly number[]): void
}

export class IsrNegotiation {
  readonly #partition: Partition
  readonly #surroundings: PartitionSurroundings
  readonly #answers: IsrAnswers
  #set = new InSyncSet([], 0)

  constructor(partition: Partition, surroundings: PartitionSurroundings, answers: IsrAnswers) {
    this.#partition = partition
    this.#surroundings = surroundings
    this.#answers = answers
  }

  get committed(): readonly number[] {
    return this.#set.committed
  }

  get maximal(): readonly number[] {
    return this.#set.maximal
  }

  get isUnderWay(): boolean {
    return this.#set.proposed !== undefined
  }

  get leaderRecoveryState(): number {
    return this.#set.leaderRecoveryState
  }

  /** The controller's word. A proposal still on its way is void. */
  adopt(isr: readonly number[], leaderRecoveryState: number): void {
    this.#set = new InSyncSet(isr, leaderRecoveryState)
  }

  expand(brokerId: number): void {
    const isr = this.#set.expand(brokerId)
    this.#surroundings.onIsrExpand(this.#partition, brokerId)
    this.#propose(isr)
  }

  shrink(leaving: readonly number[]): void {
    const isr = this.#set.shrink(leaving)
    this.#surroundings.onIsrShrink(this.#partition, leaving)
    this.#propose(isr)
  }

  #propose(isr: readonly number[]): void {
    const { topic, topicId, index, leaderEpoch, partitionEpoch, followers } = this.#partition
    const surroundings = this.#surroundings
    const epochOf = (id: number): number =>
      id === surroundings.brokerId
        ? surroundings.brokerEpoch()
        : (followers.get(id)?.brokerEpoch ?? UNKNOWN_EPOCH)
    const change = {
      topic,
      topicId,
      partition: index,
      leaderEpoch,
      isr: isr.map((brokerId) => ({ brokerId, brokerEpoch: epochOf(brokerId) })),
      leaderRecoveryState: this.#set.proposedRecoveryState,
      partitionEpoch,
    }
    surroundings.isrWriter.propose(change, (outcome) => {
      const partition = this.#partition
      const isCurrent =
        partition.isLeader &&
        partition.leaderEpoch === leaderEpoch &&
        partition.partitionEpoch === partitionEpoch
      if (isCurrent && this.isUnderWay) this.#onAnswer(outcome, isr)
    })
  }

  #onAnswer(outcome: IsrOutcome, isr: readonly number[]): void {
    switch (outcome.error) {
      case Errors.NONE:
        if (outcome.leaderEpoch !== this.#partition.leaderEpoch) return
        if (outcome.partitionEpoch < this.#partition.partitionEpoch) return
        this.#set.commit(outcome.isr, outcome.leaderRecoveryState)
        this.#answers.committed(outcome.partitionEpoch)
        return
      case Errors.OPERATION_NOT_ATTEMPTED:
      case Errors.INELIGIBLE_REPLICA:
        this.#set.rollBack()
        this.#answers.refused(isr.filter((id) => !this.#set.committed.includes(id)))
        return
      case Errors.UNKNOWN_TOPIC_OR_PARTITION:
      case Errors.UNKNOWN_TOPIC_ID:
      case Errors.FENCED_LEADER_EPOCH:
      case Errors.INVALID_UPDATE_VERSION:
      case Errors.INVALID_REQUEST:
      case Errors.NEW_LEADER_ELECTED:
        return // The controller knows more: its LeaderAndIsr is on the way and will settle it.
      default:
        this.#propose(isr)
    }
  }
}
