// Committing, reading and deleting offsets: who may, and what goes into the log. Nothing here
// changes anything.
import { Errors } from '../../wire/errors.ts'
import type { Decision, Moment } from '../state-machine.ts'
import type { Group } from './group.ts'
import type { CommitCommand, Effect, FetchOffsetsCommand } from './group-commands.ts'
import type { GroupEvent } from './group-events.ts'
import type {
  CommitRequest,
  FetchedOffset,
  FetchOffsetsReply,
  PartitionErrors,
  Reply,
  TopicOffset,
} from './group-protocol.ts'
import type { GroupSettings } from './group-settings.ts'
import type { Touch } from './group-touches.ts'
import { failedPartitions } from './failed-replies.ts'
import { identityError } from './identity.ts'
import { identities } from './membership.ts'
import type { OffsetStore } from './offset-store.ts'
import type { PendingOffsets } from './pending-offsets.ts'

export type GroupDecision = Decision<GroupEvent, Touch, Effect>

/** What decisions about offsets look at. */
export interface OffsetView {
  readonly offsets: OffsetStore
  readonly pendingOffsets: PendingOffsets
  readonly settings: GroupSettings
}

/** A decision that only answers. */
export function answer(replyTo: number, reply: Reply): GroupDecision {
  return { events: [], touches: [], effects: [{ kind: 'reply', replyTo, reply }] }
}

/** `group` undefined: a simple consumer's first commit makes it. */
export function commitOffsets(
  view: OffsetView,
  group: Group | undefined,
  command: CommitCommand,
  now: Moment,
): GroupDecision {
  const { request, producer, replyTo } = command
  const error = commitError(group, request, producer !== undefined)
  if (error !== 0) {
    return answer(replyTo, { kind: 'commit', topics: failedPartitions(request.topics, error) })
  }
  const events: GroupEvent[] = []
  const topics: PartitionErrors[] = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((partition) => {
      const { partitionIndex, committedMetadata } = partition
      const isTooLarge = (committedMetadata?.length ?? 0) > view.settings.maxMetadataBytes
      if (!isTooLarge) events.push(offsetEvent(request, name, partition, now))
      const errorCode = isTooLarge ? Errors.OFFSET_METADATA_TOO_LARGE : Errors.NONE
      return { partitionIndex, errorCode }
    }),
  }))
  const member = producer === undefined ? group?.members.get(request.memberId) : undefined
  const sessionDeadlineMs = now.monotonicMs + (member?.sessionTimeoutMs ?? 0)
  const { groupId } = request
  return {
    events,
    touches:
      member === undefined
        ? []
        : [{ kind: 'seen', groupId, memberId: member.id, sessionDeadlineMs }],
    effects: [
      { kind: 'reply', replyTo, reply: { kind: 'commit', topics } },
      { kind: 'count', of: 'committedOffsets', count: events.length },
    ],
    producer,
  }
}

function commitError(
  group: Group | undefined,
  request: CommitRequest,
  isTransactional: boolean,
): number {
  const { generationId, memberId, groupInstanceId } = request
  const isEmpty = group === undefined || group.header.state === 'Empty'
  // Without a generation offsets are only stored, whoever asks, as long as nobody is a member.
  if (generationId < 0 && isEmpty) return Errors.NONE
  const claimsMembership = generationId >= 0 || memberId !== '' || groupInstanceId !== null
  if (group === undefined) {
    return isTransactional ? Errors.UNKNOWN_MEMBER_ID : Errors.ILLEGAL_GENERATION
  }
  const { state, generation } = group.header
  if (claimsMembership) {
    const error = identityError(identities(group), memberId, groupInstanceId)
    if (error !== 0) return error
    if (generationId !== generation) return Errors.ILLEGAL_GENERATION
  } else if (!isTransactional) {
    // Older transactional clients do not say who they are; everyone else must.
    return Errors.UNKNOWN_MEMBER_ID
  }
  const isAssigning = state === 'CompletingRebalance' && !isTransactional
  return isAssigning ? Errors.REBALANCE_IN_PROGRESS : Errors.NONE
}

function offsetEvent(
  request: CommitRequest,
  topic: string,
  partition: TopicOffset,
  now: Moment,
): GroupEvent {
  const { commitTimestamp = -1 } = partition
  const { groupId, retentionTimeMs = -1 } = request
  return {
    kind: 'offset',
    groupId,
    topic,
    partition: partition.partitionIndex,
    value: {
      offset: partition.committedOffset,
      leaderEpoch: partition.committedLeaderEpoch,
      metadata: partition.committedMetadata ?? '',
      commitTimestampMs: commitTimestamp === -1 ? now.wallMs : commitTimestamp,
      expireTimestampMs: retentionTimeMs === -1 ? -1 : now.wallMs + retentionTimeMs,
    },
  }
}

export function fetchOffsets(view: OffsetView, command: FetchOffsetsCommand): GroupDecision {
  const { groupId, topics, requireStable } = command.request
  const fetch = (topic: string, partition: number) =>
    fetchOffset(view, groupId, topic, partition, requireStable)
  const fetched: FetchOffsetsReply['topics'] = []
  if (topics === null) {
    for (const [name, partitions] of view.offsets.topics(groupId)) {
      fetched.push({ name, partitions: Array.from(partitions, (index) => fetch(name, index)) })
    }
  } else {
    for (const { name, partitionIndexes } of topics) {
      fetched.push({ name, partitions: partitionIndexes.map((index) => fetch(name, index)) })
    }
  }
  return answer(command.replyTo, { kind: 'offsets', errorCode: Errors.NONE, topics: fetched })
}

function fetchOffset(
  view: OffsetView,
  groupId: string,
  topic: string,
  partition: number,
  requireStable: boolean,
): FetchedOffset {
  const isUnstable = requireStable && view.pendingOffsets.has(groupId, topic, partition)
  const committed = isUnstable ? undefined : view.offsets.get(groupId, topic, partition)
  return {
    partitionIndex: partition,
    committedOffset: committed?.offset ?? -1,
    committedLeaderEpoch: committed?.leaderEpoch ?? -1,
    metadata: committed?.metadata ?? '',
    errorCode: isUnstable ? Errors.UNSTABLE_OFFSET_COMMIT : Errors.NONE,
  }
}
