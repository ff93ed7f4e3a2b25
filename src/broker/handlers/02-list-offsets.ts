// ListOffsets: offsets by time. Special times: -1 latest, -2 earliest, -3 newest timestamp, -4
// earliest on this broker, -5 latest in tiered storage (which there is none of).
import type { ResponseInput } from '../../codec/api.ts'
import { CONSUMER, DEBUGGING_CONSUMER, Isolation } from '../../replication/fetch-types.ts'
import {
  EARLIEST,
  EARLIEST_LOCAL,
  failedOffset,
  LATEST,
  LATEST_TIERED,
  listOffset,
  listOldOffsets,
  MAX_TIMESTAMP,
} from '../../replication/list-offset.ts'
import type { OffsetAnswer } from '../../replication/list-offset.ts'
import type { RequestContext } from '../../network/request-context.ts'
import { Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { ListOffsets, type ListOffsetsRequest } from '../../wire/messages/02-list-offsets.ts'
import type { HandlerContext } from '../handler-context.ts'
import { handler, reply } from '../handler.ts'

type TopicAnswer = ResponseInput<typeof ListOffsets>['topics'][number]
type PartitionQuery = ListOffsetsRequest['topics'][number]['partitions'][number]

/** First versions that know OFFSET_NOT_AVAILABLE, and the special times. */
const OFFSET_NOT_AVAILABLE_VERSION = 5
const SPECIAL_TIMES: ReadonlyMap<number, number> = new Map([
  [LATEST, 0],
  [EARLIEST, 0],
  [MAX_TIMESTAMP, 7],
  [EARLIEST_LOCAL, 8],
  [LATEST_TIERED, 9],
])

export const listOffsetsHandler = handler(ListOffsets, async (context, body, request) => {
  const { connection, apiVersion } = request
  if (apiVersion === 0) return answerOld(context, body, request)
  const topics: TopicAnswer[] = []
  for (const { name, partitions } of body.topics) {
    const allowed = context.authorizer.allows(
      connection,
      Operation.DESCRIBE,
      ResourceType.TOPIC,
      name,
    )
    const duplicates = duplicatesOf(partitions)
    const answers = []
    for (const query of partitions) {
      const { partitionIndex } = query
      const answer = !allowed
        ? failedOffset(Errors.TOPIC_AUTHORIZATION_FAILED)
        : duplicates.has(partitionIndex)
          ? failedOffset(Errors.INVALID_REQUEST)
          : await look(context, body, apiVersion, name, query)
      answers.push(newAnswer(query, answer))
    }
    topics.push({ name, partitions: answers })
  }
  reply(request, ListOffsets, { throttleTimeMs: 0, topics })
})

function duplicatesOf(partitions: readonly PartitionQuery[]): Set<number> {
  const seen = new Set<number>()
  const duplicates = new Set<number>()
  for (const { partitionIndex } of partitions) {
    if (seen.has(partitionIndex)) duplicates.add(partitionIndex)
    seen.add(partitionIndex)
  }
  return duplicates
}

async function look(
  context: HandlerContext,
  body: ListOffsetsRequest,
  version: number,
  topic: string,
  query: PartitionQuery,
): Promise<OffsetAnswer> {
  const { timestamp } = query
  if (timestamp < 0 && version < (SPECIAL_TIMES.get(timestamp) ?? Infinity)) {
    return failedOffset(Errors.UNSUPPORTED_VERSION)
  }
  const partition = context.replicas.find(topic, query.partitionIndex)
  if (typeof partition === 'number') return failedOffset(partition)
  const answer = await listOffset(partition, {
    timestamp,
    currentLeaderEpoch: query.currentLeaderEpoch,
    isolation: isolationOf(body),
    leaderOnly: body.replicaId !== DEBUGGING_CONSUMER,
  })
  const isTooNew =
    answer.error === Errors.OFFSET_NOT_AVAILABLE && version < OFFSET_NOT_AVAILABLE_VERSION
  return isTooNew ? failedOffset(Errors.LEADER_NOT_AVAILABLE) : answer
}

function isolationOf(body: ListOffsetsRequest): Isolation {
  if (body.replicaId !== CONSUMER) return Isolation.logEnd
  return body.isolationLevel === Isolation.readCommitted
    ? Isolation.readCommitted
    : Isolation.readUncommitted
}

function newAnswer({ partitionIndex }: PartitionQuery, answer: OffsetAnswer) {
  const { error, timestamp, offset, leaderEpoch } = answer
  return { partitionIndex, errorCode: error, timestamp, offset, leaderEpoch }
}

/** Version 0 answers with lists of offsets, by the times of files. */
function answerOld(
  context: HandlerContext,
  body: ListOffsetsRequest,
  request: RequestContext,
): void {
  const topics = body.topics.map(({ name, partitions }) => {
    const allowed = context.authorizer.allows(
      request.connection,
      Operation.DESCRIBE,
      ResourceType.TOPIC,
      name,
    )
    const error = allowed ? Errors.NONE : Errors.TOPIC_AUTHORIZATION_FAILED
    const answers = partitions.map((query) => lookOld(context, body, name, query, error))
    return { name, partitions: answers }
  })
  reply(request, ListOffsets, { throttleTimeMs: 0, topics })
}

function lookOld(
  context: HandlerContext,
  body: ListOffsetsRequest,
  topic: string,
  { partitionIndex, timestamp, maxNumOffsets }: PartitionQuery,
  refusal: number,
) {
  const partition = refusal === Errors.NONE ? context.replicas.find(topic, partitionIndex) : refusal
  if (typeof partition === 'number') {
    return { partitionIndex, errorCode: partition, oldStyleOffsets: [] }
  }
  const { error, offsets } = listOldOffsets(partition, {
    timestamp,
    isolation: isolationOf(body),
    leaderOnly: body.replicaId !== DEBUGGING_CONSUMER,
    maxCount: maxNumOffsets,
  })
  return { partitionIndex, errorCode: error, oldStyleOffsets: [...offsets] }
}
