// OffsetCommit: into the group's coordinator; version 0 into ZooKeeper, as its clients expect.
import type { RequestContext } from '../../network/request-context.ts'
import { Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { OffsetCommit, type OffsetCommitRequest } from '../../wire/messages/08-offset-commit.ts'
import type { HandlerContext } from '../handler-context.ts'
import { handler, reply } from '../handler.ts'
import { writeLegacyOffset } from '../legacy-offsets.ts'
import { partitionError, topicError } from '../topic-access.ts'

type Topic = OffsetCommitRequest['topics'][number]
type Partition = Topic['partitions'][number]
/** Error codes by topic and partition. */
type Outcome = Map<string, Map<number, number>>

export const offsetCommitHandler = handler(OffsetCommit, async (context, body, request) => {
  const { authorizer } = context
  const { groupId } = body
  if (!authorizer.allows(request.connection, Operation.READ, ResourceType.GROUP, groupId)) {
    answer(request, body, () => Errors.GROUP_AUTHORIZATION_FAILED)
    return
  }
  const refused = refusedPartitions(context, body, request)
  const topics = body.topics
    .map(({ name, partitions }) => ({
      name,
      partitions: partitions.filter((one) => !refused.get(name)?.has(one.partitionIndex)),
    }))
    .filter(({ partitions }) => partitions.length > 0)
  const committed =
    topics.length === 0
      ? new Map()
      : request.apiVersion === 0
        ? await commitToZooKeeper(context, groupId, topics)
        : await commitToGroup(context, body, topics)
  answer(request, body, (topic, partition) => {
    const error = refused.get(topic)?.get(partition) ?? committed.get(topic)?.get(partition)
    return error ?? Errors.UNKNOWN_SERVER_ERROR
  })
})

function refusedPartitions(
  context: HandlerContext,
  body: OffsetCommitRequest,
  request: RequestContext,
): Outcome {
  const refused: Outcome = new Map()
  for (const { name, partitions } of body.topics) {
    const forTopic = topicError(context, request.connection, Operation.READ, name)
    for (const { partitionIndex } of partitions) {
      const error = forTopic === 0 ? partitionError(context, name, partitionIndex) : forTopic
      if (error !== 0) put(refused, name, partitionIndex, error)
    }
  }
  return refused
}

async function commitToGroup(
  context: HandlerContext,
  body: OffsetCommitRequest,
  topics: readonly Topic[],
): Promise<Outcome> {
  const { groupId, memberId, groupInstanceId, retentionTimeMs } = body
  const generationId = body.generationIdOrMemberEpoch
  const committed = await context.groups.commitOffsets({
    groupId,
    generationId,
    memberId,
    groupInstanceId,
    retentionTimeMs,
    topics,
  })
  const outcome: Outcome = new Map()
  for (const { name, partitions } of committed.topics) {
    for (const one of partitions) put(outcome, name, one.partitionIndex, one.errorCode)
  }
  return outcome
}

async function commitToZooKeeper(
  context: HandlerContext,
  groupId: string,
  topics: readonly Topic[],
): Promise<Outcome> {
  const outcome: Outcome = new Map()
  for (const { name, partitions } of topics) {
    for (const partition of partitions) {
      const error = await commitOneToZooKeeper(context, groupId, name, partition)
      put(outcome, name, partition.partitionIndex, error)
    }
  }
  return outcome
}

async function commitOneToZooKeeper(
  context: HandlerContext,
  groupId: string,
  topic: string,
  partition: Partition,
): Promise<number> {
  const { partitionIndex, committedOffset, committedMetadata } = partition
  const limit = context.config.get('offset.metadata.max.bytes')
  if ((committedMetadata?.length ?? 0) > limit) return Errors.OFFSET_METADATA_TOO_LARGE
  try {
    await writeLegacyOffset(context.zookeeper, groupId, topic, partitionIndex, committedOffset)
    return Errors.NONE
  } catch (error) {
    context.logger.warn(`Cannot write an offset of ${groupId} to ZooKeeper`, error)
    return Errors.UNKNOWN_SERVER_ERROR
  }
}

function put(outcome: Outcome, topic: string, partition: number, error: number): void {
  const errors = outcome.get(topic) ?? new Map<number, number>()
  errors.set(partition, error)
  outcome.set(topic, errors)
}

function answer(
  request: RequestContext,
  body: OffsetCommitRequest,
  errorOf: (topic: string, partition: number) => number,
): void {
  reply(request, OffsetCommit, {
    throttleTimeMs: 0,
    topics: body.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode: errorOf(name, partitionIndex),
      })),
    })),
  })
}
