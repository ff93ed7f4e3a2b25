// A member of a consumer group in the classic protocol: joins, takes part in the assignment, and
// keeps its place with heartbeats until it leaves.
//
// Always: between a `join` that answers true and the next, `assignment` does not change; heartbeats
// only note that another join is due.
import type { Timer } from '../platform/clock.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import { JoinGroup } from '../wire/messages/11-join-group.ts'
import type { JoinGroupResponse } from '../wire/messages/11-join-group.ts'
import { Heartbeat } from '../wire/messages/12-heartbeat.ts'
import { LeaveGroup } from '../wire/messages/13-leave-group.ts'
import { SyncGroup } from '../wire/messages/14-sync-group.ts'
import {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
} from '../wire/messages/consumer-protocol.ts'
import type { Committer } from './group-admin.ts'
import { CoordinatorKind } from './kafka-client.ts'
import type { KafkaClient } from './kafka-client.ts'
import { byTopic } from './partition-leaders.ts'
import type { TopicPartition } from './partition-leaders.ts'
import { assignRanges } from './range-assignor.ts'

export interface GroupOptions {
  readonly groupId: string
  readonly groupInstanceId?: string | undefined
  /** 45 s when left out. */
  readonly sessionTimeoutMs?: number | undefined
  /** 5 min when left out. */
  readonly rebalanceTimeoutMs?: number | undefined
  /** 3 s when left out. */
  readonly heartbeatMs?: number | undefined
}

const PROTOCOL_TYPE = 'consumer'
const PROTOCOL = 'range'
/** Subscriptions and assignments are written in the version that every consumer reads. */
const FORMAT = 1
const MARGIN_MS = 5000
const { group: GROUP } = CoordinatorKind

export class GroupMember {
  readonly groupId: string
  readonly #client: KafkaClient
  readonly #topics: readonly string[]
  /** A join may take minutes, which nobody else should wait for. */
  readonly #lane: string
  readonly #groupInstanceId: string | null
  readonly #sessionTimeoutMs: number
  readonly #rebalanceTimeoutMs: number
  readonly #heartbeatMs: number
  #memberId = ''
  #generationId = -1
  #needsJoin = true
  #heartbeat: Timer | undefined
  #assignment: readonly TopicPartition[] = []

  constructor(client: KafkaClient, topics: readonly string[], options: GroupOptions) {
    this.#client = client
    this.#topics = topics
    this.#lane = client.newLane()
    this.groupId = options.groupId
    this.#groupInstanceId = options.groupInstanceId ?? null
    this.#sessionTimeoutMs = options.sessionTimeoutMs ?? 45_000
    this.#rebalanceTimeoutMs = options.rebalanceTimeoutMs ?? 300_000
    this.#heartbeatMs = options.heartbeatMs ?? 3000
  }

  get assignment(): readonly TopicPartition[] {
    return this.#assignment
  }

  /** A rebalance is due: `join` will change the assignment. */
  get needsJoin(): boolean {
    return this.#needsJoin
  }

  /** As whom to commit. */
  get committer(): Committer {
    return {
      generationId: this.#generationId,
      memberId: this.#memberId,
      groupInstanceId: this.#groupInstanceId,
    }
  }

  /** Joins if that is due; true when there is a new assignment. Rejects with KafkaError. */
  async join(): Promise<boolean> {
    if (!this.#needsJoin) return false
    this.#heartbeat?.cancel()
    while (this.#needsJoin) await this.#joinOnce()
    this.#scheduleHeartbeat()
    return true
  }

  /** Gives up the membership; a static member keeps its place until its session ends. */
  async leave(): Promise<void> {
    this.#heartbeat?.cancel()
    this.#needsJoin = true
    const memberId = this.#memberId
    this.#client.closeLane(this.#lane)
    if (memberId === '' || this.#groupInstanceId !== null) return
    this.#memberId = ''
    const members = [{ memberId, groupInstanceId: null }]
    const question = { groupId: this.groupId, memberId, members }
    await this.#client.callCoordinator(GROUP, this.groupId, LeaveGroup, question, errorCodeOf)
  }

  async #joinOnce(): Promise<void> {
    const joined = await this.#askToJoin()
    if (joined.errorCode === Errors.MEMBER_ID_REQUIRED) {
      this.#memberId = joined.memberId
      return
    }
    if (!this.#accept(joined.errorCode)) return
    this.#memberId = joined.memberId
    this.#generationId = joined.generationId
    const synced = await this.#sync(joined)
    if (!this.#accept(synced.errorCode)) return
    this.#assignment = readAssignment(synced.assignment)
    this.#needsJoin = false
  }

  #askToJoin(): Promise<JoinGroupResponse> {
    const metadata = ConsumerProtocolSubscription.encodeVersioned(FORMAT, {
      topics: [...this.#topics].sort(),
      ownedPartitions: [],
    })
    const question = {
      groupId: this.groupId,
      sessionTimeoutMs: this.#sessionTimeoutMs,
      rebalanceTimeoutMs: this.#rebalanceTimeoutMs,
      memberId: this.#memberId,
      groupInstanceId: this.#groupInstanceId,
      protocolType: PROTOCOL_TYPE,
      protocols: [{ name: PROTOCOL, metadata }],
    }
    const bounds = { timeoutMs: this.#rebalanceTimeoutMs + MARGIN_MS, lane: this.#lane }
    const { groupId } = this
    return this.#client.callCoordinator(GROUP, groupId, JoinGroup, question, errorCodeOf, bounds)
  }

  async #sync(joined: JoinGroupResponse) {
    const isLeader = joined.leader === joined.memberId && !joined.skipAssignment
    const question = {
      groupId: this.groupId,
      generationId: joined.generationId,
      memberId: joined.memberId,
      groupInstanceId: this.#groupInstanceId,
      protocolType: PROTOCOL_TYPE,
      protocolName: joined.protocolName,
      assignments: isLeader ? await this.#assign(joined) : [],
    }
    const bounds = { timeoutMs: this.#rebalanceTimeoutMs + MARGIN_MS, lane: this.#lane }
    const { groupId } = this
    return this.#client.callCoordinator(GROUP, groupId, SyncGroup, question, errorCodeOf, bounds)
  }

  async #assign(joined: JoinGroupResponse) {
    const members = joined.members.map(({ memberId, groupInstanceId, metadata }) => {
      const { topics } = ConsumerProtocolSubscription.decodeVersioned(metadata).value
      return { memberId, groupInstanceId, topics }
    })
    const counts = new Map<string, number>()
    for (const topic of new Set(members.flatMap(({ topics }) => topics))) {
      const count = await this.#partitionCount(topic)
      if (count > 0) counts.set(topic, count)
    }
    return [...assignRanges(members, counts)].map(([memberId, partitions]) => ({
      memberId,
      assignment: writeAssignment(partitions),
    }))
  }

  async #partitionCount(topic: string): Promise<number> {
    try {
      return (await this.#client.topic(topic)).partitions.length
    } catch (error) {
      const isMissing =
        error instanceof KafkaError && error.code === Errors.UNKNOWN_TOPIC_OR_PARTITION
      if (isMissing) return 0
      throw error
    }
  }

  /** False: join again. Throws for what another attempt does not mend. */
  #accept(errorCode: number): boolean {
    switch (errorCode) {
      case Errors.NONE:
        return true
      case Errors.REBALANCE_IN_PROGRESS:
        break
      case Errors.UNKNOWN_MEMBER_ID:
      case Errors.ILLEGAL_GENERATION:
        this.#memberId = ''
        this.#generationId = -1
        break
      default:
        throw new KafkaError(errorCode)
    }
    this.#needsJoin = true
    return false
  }

  #scheduleHeartbeat(): void {
    const { clock } = this.#client.platform
    this.#heartbeat = clock.setTimer(this.#heartbeatMs, () => void this.#sendHeartbeat())
  }

  async #sendHeartbeat(): Promise<void> {
    const question = {
      groupId: this.groupId,
      generationId: this.#generationId,
      memberId: this.#memberId,
      groupInstanceId: this.#groupInstanceId,
    }
    try {
      const { errorCode } = await this.#client.callCoordinator(
        GROUP,
        this.groupId,
        Heartbeat,
        question,
        errorCodeOf,
        { lane: this.#lane },
      )
      if (!this.#accept(errorCode)) return
    } catch {
      // What is wrong shows when joining, where the caller hears of it.
      this.#needsJoin = true
    }
    if (!this.#needsJoin) this.#scheduleHeartbeat()
  }
}

function errorCodeOf(response: { readonly errorCode: number }): number {
  return response.errorCode
}

function writeAssignment(partitions: readonly TopicPartition[]): Buffer {
  const assignedPartitions = byTopic(partitions).map(({ topic, items }) => ({
    topic,
    partitions: items.map(({ partition }) => partition),
  }))
  return ConsumerProtocolAssignment.encodeVersioned(FORMAT, { assignedPartitions })
}

function readAssignment(bytes: Buffer): TopicPartition[] {
  // A group that no member leads any more assigns nothing, in no bytes at all.
  if (bytes.length === 0) return []
  const { assignedPartitions } = ConsumerProtocolAssignment.decodeVersioned(bytes).value
  return assignedPartitions.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  )
}
