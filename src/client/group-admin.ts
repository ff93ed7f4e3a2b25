// Groups as an administrator sees them: which there are, who is in them, how far they have come.
import { Errors, KafkaError } from '../wire/errors.ts'
import { OffsetCommit } from '../wire/messages/08-offset-commit.ts'
import { OffsetFetch } from '../wire/messages/09-offset-fetch.ts'
import { DescribeGroups } from '../wire/messages/15-describe-groups.ts'
import type { DescribeGroupsResponse } from '../wire/messages/15-describe-groups.ts'
import { ListGroups } from '../wire/messages/16-list-groups.ts'
import type { ListGroupsResponse } from '../wire/messages/16-list-groups.ts'
import { DeleteGroups } from '../wire/messages/42-delete-groups.ts'
import { OffsetDelete } from '../wire/messages/47-offset-delete.ts'
import { CoordinatorKind } from './kafka-client.ts'
import type { KafkaClient } from './kafka-client.ts'
import { byTopic } from './partition-leaders.ts'
import type { PartitionOutcome, TopicPartition } from './partition-leaders.ts'

/** An offset that a group has committed; -1 when it has not. */
export interface CommittedOffset extends PartitionOutcome {
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string | null
}

/** An offset to commit. */
export interface OffsetToCommit extends TopicPartition {
  readonly offset: number
  readonly leaderEpoch?: number | undefined
  readonly metadata?: string | undefined
}

/** Who commits: the member of a group, or nobody (a group without members). */
export interface Committer {
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId?: string | null | undefined
}

const NOBODY: Committer = { generationId: -1, memberId: '' }

export class GroupAdmin {
  readonly client: KafkaClient

  constructor(client: KafkaClient) {
    this.client = client
  }

  /** The groups of all brokers; `states` filters where brokers know how to. */
  async list(states: readonly string[] = []): Promise<ListGroupsResponse['groups']> {
    const ids = this.client.brokers.map(({ id }) => id)
    const question = { statesFilter: states, typesFilter: [] }
    const lists = ids.map((id) =>
      this.client.retry(async () => {
        const response = await this.client.node(id).call(ListGroups, question)
        if (response.errorCode !== Errors.NONE) throw new KafkaError(response.errorCode)
        return response.groups
      }),
    )
    return (await Promise.all(lists)).flat()
  }

  /** State and members of a group; one that does not exist is `Dead`. */
  async describe(groupId: string): Promise<DescribeGroupsResponse['groups'][number]> {
    const response = await this.client.callCoordinator(
      CoordinatorKind.group,
      groupId,
      DescribeGroups,
      { groups: [groupId] },
      ({ groups }) => groups[0]?.errorCode ?? Errors.NONE,
    )
    const [group] = response.groups
    if (group === undefined) throw new KafkaError(Errors.UNKNOWN_SERVER_ERROR)
    if (group.errorCode !== Errors.NONE) throw new KafkaError(group.errorCode)
    return group
  }

  /** Removes a group without members. Rejects with NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND. */
  async delete(groupId: string): Promise<void> {
    const response = await this.client.callCoordinator(
      CoordinatorKind.group,
      groupId,
      DeleteGroups,
      { groupsNames: [groupId] },
      ({ results }) => results[0]?.errorCode ?? Errors.NONE,
    )
    const error = response.results[0]?.errorCode ?? Errors.UNKNOWN_SERVER_ERROR
    if (error !== Errors.NONE) throw new KafkaError(error)
  }

  /** Offsets that the group has committed: of these partitions, or all there are (null). */
  async offsets(
    groupId: string,
    partitions: readonly TopicPartition[] | null,
  ): Promise<CommittedOffset[]> {
    const topics = partitions === null ? null : partitionsByTopic(partitions)
    const groups = [{ groupId, topics }]
    const question = { groupId, topics, groups, requireStable: true }
    const response = await this.client.callCoordinator(
      CoordinatorKind.group,
      groupId,
      OffsetFetch,
      question,
      (answer) => answer.groups[0]?.errorCode ?? answer.errorCode,
    )
    const [answer] = response.groups
    const error = answer?.errorCode ?? response.errorCode
    if (error !== Errors.NONE) throw new KafkaError(error)
    return (answer?.topics ?? response.topics).flatMap(({ name, partitions: found }) =>
      found.map((entry) => ({
        topic: name,
        partition: entry.partitionIndex,
        offset: entry.committedOffset,
        leaderEpoch: entry.committedLeaderEpoch,
        metadata: entry.metadata,
        errorCode: entry.errorCode,
      })),
    )
  }

  /** Commits offsets, for a member or for a group that has none. */
  async commit(
    groupId: string,
    offsets: readonly OffsetToCommit[],
    committer: Committer = NOBODY,
  ): Promise<PartitionOutcome[]> {
    const topics = byTopic(offsets).map(({ topic, items }) => ({
      name: topic,
      partitions: items.map((item) => ({
        partitionIndex: item.partition,
        committedOffset: item.offset,
        committedLeaderEpoch: item.leaderEpoch ?? -1,
        committedMetadata: item.metadata ?? '',
      })),
    }))
    const { generationId, memberId, groupInstanceId = null } = committer
    const response = await this.client.callCoordinator(
      CoordinatorKind.group,
      groupId,
      OffsetCommit,
      { groupId, generationIdOrMemberEpoch: generationId, memberId, groupInstanceId, topics },
      (answer) => answer.topics[0]?.partitions[0]?.errorCode ?? Errors.NONE,
    )
    return outcomesOf(response.topics)
  }

  /** Forgets what the group has committed for these partitions. */
  async deleteOffsets(
    groupId: string,
    partitions: readonly TopicPartition[],
  ): Promise<PartitionOutcome[]> {
    const topics = byTopic(partitions).map(({ topic, items }) => ({
      name: topic,
      partitions: items.map(({ partition }) => ({ partitionIndex: partition })),
    }))
    const response = await this.client.callCoordinator(
      CoordinatorKind.group,
      groupId,
      OffsetDelete,
      { groupId, topics },
      (answer) => answer.errorCode,
    )
    if (response.errorCode !== Errors.NONE) throw new KafkaError(response.errorCode)
    return outcomesOf(response.topics)
  }
}

function partitionsByTopic(partitions: readonly TopicPartition[]) {
  return byTopic(partitions).map(({ topic, items }) => ({
    name: topic,
    partitionIndexes: items.map(({ partition }) => partition),
  }))
}

function outcomesOf(
  topics: readonly {
    name: string
    partitions: readonly { partitionIndex: number; errorCode: number }[]
  }[],
): PartitionOutcome[] {
  return topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex, errorCode }) => ({
      topic: name,
      partition: partitionIndex,
      errorCode,
    })),
  )
}
