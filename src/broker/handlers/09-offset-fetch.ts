// OffsetFetch: what groups have committed. An error of a group stands where the version has a place
// for it: with each partition (0 and 1), on top (2 to 7), with the group (8 and later). Version 0
// reads what version 0 of OffsetCommit has written to ZooKeeper.
import type {
  FetchedOffset,
  FetchOffsetsReply,
  TopicPartitions,
} from '../../coordinator/group/group-protocol.ts'
import type { RequestContext } from '../../network/request-context.ts'
import { Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { OffsetFetch } from '../../wire/messages/09-offset-fetch.ts'
import type { HandlerContext } from '../handler-context.ts'
import { handler, reply } from '../handler.ts'
import { readLegacyOffset } from '../legacy-offsets.ts'
import { partitionError, topicError } from '../topic-access.ts'

const FIRST_WITH_GROUP_ERROR = 2
const FIRST_BATCHED = 8

interface GroupQuestion {
  readonly groupId: string
  readonly topics: readonly TopicPartitions[] | null
}

type FetchedTopics = FetchOffsetsReply['topics']

export const offsetFetchHandler = handler(OffsetFetch, async (context, body, request) => {
  const { requireStable } = body
  if (request.apiVersion >= FIRST_BATCHED) {
    const groups = body.groups.map(async (group) => ({
      groupId: group.groupId,
      ...(await fetchGroup(context, request, group, requireStable)),
    }))
    reply(request, OffsetFetch, {
      throttleTimeMs: 0,
      topics: [],
      groups: await Promise.all(groups),
    })
    return
  }
  const answered = await fetchGroup(context, request, body, requireStable)
  const { errorCode, topics } = answered
  const isSpread = errorCode !== 0 && request.apiVersion < FIRST_WITH_GROUP_ERROR
  reply(request, OffsetFetch, {
    throttleTimeMs: 0,
    errorCode,
    topics: isSpread ? failedTopics(body.topics ?? [], errorCode) : topics,
    groups: [],
  })
})

async function fetchGroup(
  context: HandlerContext,
  request: RequestContext,
  { groupId, topics }: GroupQuestion,
  requireStable: boolean,
): Promise<{ errorCode: number; topics: FetchedTopics }> {
  const { connection, apiVersion } = request
  const { authorizer, groups } = context
  if (!authorizer.allows(connection, Operation.DESCRIBE, ResourceType.GROUP, groupId)) {
    return { errorCode: Errors.GROUP_AUTHORIZATION_FAILED, topics: [] }
  }
  const isAllowed = (topic: string): boolean =>
    topicError(context, connection, Operation.DESCRIBE, topic) === 0
  if (topics === null) {
    const all = await groups.fetchOffsets({ groupId, topics, requireStable })
    return { errorCode: all.errorCode, topics: all.topics.filter(({ name }) => isAllowed(name)) }
  }
  const allowed = topics.filter(({ name }) => isAllowed(name))
  const refused = topics.filter(({ name }) => !isAllowed(name))
  const fetched =
    apiVersion === 0
      ? { errorCode: Errors.NONE, topics: await fetchFromZooKeeper(context, groupId, allowed) }
      : await groups.fetchOffsets({ groupId, topics: allowed, requireStable })
  if (fetched.errorCode !== 0) return { errorCode: fetched.errorCode, topics: [] }
  const failed = failedTopics(refused, Errors.TOPIC_AUTHORIZATION_FAILED)
  return { errorCode: Errors.NONE, topics: [...fetched.topics, ...failed] }
}

function fetchFromZooKeeper(
  context: HandlerContext,
  groupId: string,
  topics: readonly TopicPartitions[],
): Promise<FetchedTopics> {
  const read = async (topic: string, partition: number): Promise<FetchedOffset> => {
    const error = partitionError(context, topic, partition)
    if (error !== 0) return failedOffset(partition, error)
    const offset = await readLegacyOffset(context.zookeeper, groupId, topic, partition)
    if (offset === undefined) return failedOffset(partition, Errors.UNKNOWN_TOPIC_OR_PARTITION)
    return { ...failedOffset(partition, Errors.NONE), committedOffset: offset }
  }
  return Promise.all(
    topics.map(async ({ name, partitionIndexes }) => ({
      name,
      partitions: await Promise.all(partitionIndexes.map((partition) => read(name, partition))),
    })),
  )
}

function failedTopics(topics: readonly TopicPartitions[], errorCode: number): FetchedTopics {
  return topics.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partition) => failedOffset(partition, errorCode)),
  }))
}

function failedOffset(partitionIndex: number, errorCode: number): FetchedOffset {
  return {
    partitionIndex,
    committedOffset: -1,
    committedLeaderEpoch: -1,
    metadata: '',
    errorCode,
  }
}
