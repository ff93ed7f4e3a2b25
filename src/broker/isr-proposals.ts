// Carries leaders' proposals of in-sync sets to the controller: those that came while a request was
// under way go with the next one. A request that failed as a whole is sent again; answers about a
// single partition are that partition's to judge, but it is not spoken of again at once: what makes
// the controller refuse (a follower whose restart it has not seen, say) lasts for a moment.
import type { Clock } from '../platform/clock.ts'
import type { IsrChange, IsrOutcome, IsrWriter } from '../replication/partition-state.ts'
import type { Logger } from '../telemetry/logger.ts'
import { errorByCode, Errors } from '../wire/errors.ts'
import type {
  AlterPartitionRequest,
  AlterPartitionResponse,
} from '../wire/messages/56-alter-partition.ts'
import { ZERO_UUID } from '../wire/uuid.ts'
import type { ControllerLink } from './controller-link.ts'

const RETRY_MS = 50

export interface IsrProposalsOptions {
  readonly brokerId: number
  readonly brokerEpoch: () => number
  readonly controllerLink: () => ControllerLink
  readonly clock: Clock
  readonly logger: Logger
}

interface Proposal {
  readonly change: IsrChange
  readonly done: (outcome: IsrOutcome) => void
}

export class IsrProposals implements IsrWriter {
  readonly #options: IsrProposalsOptions
  // The newest of each partition: one from an earlier leader epoch could only be refused, and an
  // answer names nothing but the partition.
  readonly #waiting = new Map<string, Proposal>()
  /** Partitions that the controller refused to change within the last RETRY_MS. */
  readonly #resting = new Set<string>()
  #underWay = false
  #closed = false

  constructor(options: IsrProposalsOptions) {
    this.#options = options
  }

  propose(change: IsrChange, done: (outcome: IsrOutcome) => void): void {
    this.#waiting.set(keyOf(change), { change, done })
    this.#send()
  }

  close(): void {
    this.#closed = true
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { done } of waiting) done(failedOutcome(Errors.OPERATION_NOT_ATTEMPTED))
  }

  #send(): void {
    if (this.#underWay || this.#closed) return
    const sent = this.#takeReady()
    if (sent.length === 0) return
    this.#underWay = true
    this.#options
      .controllerLink()
      .alterPartition(this.#request(sent))
      .then((response) => this.#accept(sent, response))
      .catch((error) => this.#retry(sent, error))
  }

  #takeReady(): Proposal[] {
    const ready: Proposal[] = []
    for (const [key, proposal] of this.#waiting) {
      if (this.#resting.has(key)) continue
      ready.push(proposal)
      this.#waiting.delete(key)
    }
    return ready
  }

  #rest(key: string): void {
    this.#resting.add(key)
    this.#options.clock.setTimer(RETRY_MS, () => {
      this.#resting.delete(key)
      this.#send()
    })
  }

  #request(proposals: readonly Proposal[]): AlterPartitionRequest {
    const byTopic = Map.groupBy(proposals, ({ change }) => change.topic)
    return {
      brokerId: this.#options.brokerId,
      brokerEpoch: this.#options.brokerEpoch(),
      topics: [...byTopic].map(([topicName, ofTopic]) => ({
        topicName,
        topicId: ofTopic[0]?.change.topicId ?? ZERO_UUID,
        partitions: ofTopic.map(({ change }) => ({
          partitionIndex: change.partition,
          leaderEpoch: change.leaderEpoch,
          newIsr: change.isr.map(({ brokerId }) => brokerId),
          newIsrWithEpochs: [...change.isr],
          leaderRecoveryState: change.leaderRecoveryState,
          partitionEpoch: change.partitionEpoch,
        })),
      })),
    }
  }

  #accept(sent: readonly Proposal[], response: AlterPartitionResponse): void {
    if (response.errorCode !== Errors.NONE) {
      this.#retry(sent, errorByCode(response.errorCode).name)
      return
    }
    const answered = sent.map((proposal) => ({
      proposal,
      outcome: outcomeOf(proposal.change, response),
    }))
    for (const { proposal, outcome } of answered) {
      if (outcome.error !== Errors.NONE) this.#rest(keyOf(proposal.change))
    }
    for (const { proposal, outcome } of answered) proposal.done(outcome)
    this.#underWay = false
    this.#send()
  }

  #retry(sent: readonly Proposal[], reason: unknown): void {
    if (this.#closed) {
      for (const { done } of sent) done(failedOutcome(Errors.OPERATION_NOT_ATTEMPTED))
      return
    }
    const { clock, logger } = this.#options
    logger.warn(`In-sync sets of ${sent.length} partitions not changed yet; trying again.`, reason)
    for (const proposal of sent) {
      const key = keyOf(proposal.change)
      if (!this.#waiting.has(key)) this.#waiting.set(key, proposal)
    }
    clock.setTimer(RETRY_MS, () => {
      this.#underWay = false
      this.#send()
    })
  }
}

function keyOf({ topic, partition }: IsrChange): string {
  return `${topic}-${partition}`
}

function outcomeOf(change: IsrChange, response: AlterPartitionResponse): IsrOutcome {
  for (const topic of response.topics) {
    const isTopic =
      topic.topicId === ZERO_UUID
        ? topic.topicName === change.topic
        : topic.topicId === change.topicId
    if (!isTopic) continue
    const answer = topic.partitions.find((state) => state.partitionIndex === change.partition)
    if (answer === undefined) continue
    return {
      error: answer.errorCode,
      leader: answer.leaderId,
      leaderEpoch: answer.leaderEpoch,
      isr: answer.isr,
      leaderRecoveryState: answer.leaderRecoveryState,
      partitionEpoch: answer.partitionEpoch,
    }
  }
  return failedOutcome(Errors.UNKNOWN_SERVER_ERROR)
}

function failedOutcome(error: number): IsrOutcome {
  return {
    error,
    leader: -1,
    leaderEpoch: -1,
    isr: [],
    leaderRecoveryState: 0,
    partitionEpoch: -1,
  }
}
