// TxnOffsetCommit: offsets that become visible when the producer's transaction commits.
import { Operation, ResourceType } from '../../security/authorizer.ts'
import type { RequestContext } from '../../network/request-context.ts'
import { Errors } from '../../wire/errors.ts'
import {
  TxnOffsetCommit,
  type TxnOffsetCommitRequest,
} from '../../wire/messages/28-txn-offset-commit.ts'
import type { HandlerContext } from '../handler-context.ts'
import { handler, reply } from '../handler.ts'
import { partitionError, topicError } from '../topic-access.ts'

/** Producers before this version take LOAD_IN_PROGRESS for the end of everything. */
const FIRST_WITH_LOAD_IN_PROGRESS = 2

type Topic = TxnOffsetCommitRequest['topics'][number]

export const txnOffsetCommitHandler = handler(TxnOffsetCommit, async (context, body, request) => {
  const refused = refusal(context, body, request)
  if (refused !== 0) {
    answer(request, body, () => refused)
    return
  }
  const errorOf = (topic: string, partition: number): number => {
    const forTopic = topicError(context, request.connection, Operation.READ, topic)
    return forTopic === 0 ? partitionError(context, topic, partition) : forTopic
  }
  const topics = body.topics
    .map(({ name, partitions }) => ({
      name,
      partitions: partitions.filter((one) => errorOf(name, one.partitionIndex) === 0),
    }))
    .filter(({ partitions }) => partitions.length > 0)
  const committed = topics.length === 0 ? new Map() : await commit(context, body, topics)
  answer(request, body, (topic, partition) => {
    const error = errorOf(topic, partition)
    return error === 0 ? (committed.get(`${topic}-${partition}`) ?? Errors.NONE) : error
  })
})

function refusal(
  { authorizer }: HandlerContext,
  { transactionalId, groupId }: TxnOffsetCommitRequest,
  { connection }: RequestContext,
): number {
  const { TRANSACTIONAL_ID, GROUP } = ResourceType
  if (!authorizer.allows(connection, Operation.WRITE, TRANSACTIONAL_ID, transactionalId)) {
    return Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
  }
  const mayRead = authorizer.allows(connection, Operation.READ, GROUP, groupId)
  return mayRead ? Errors.NONE : Errors.GROUP_AUTHORIZATION_FAILED
}

/** Error codes by `topic-partition`. */
async function commit(
  context: HandlerContext,
  body: TxnOffsetCommitRequest,
  topics: readonly Topic[],
): Promise<Map<string, number>> {
  const { groupId, generationId, memberId, groupInstanceId } = body
  const committed = await context.groups.commitOffsets(
    { groupId, generationId, memberId, groupInstanceId, topics },
    { id: body.producerId, epoch: body.producerEpoch },
  )
  const errors = new Map<string, number>()
  for (const { name, partitions } of committed.topics) {
    for (const one of partitions) errors.set(`${name}-${one.partitionIndex}`, one.errorCode)
  }
  return errors
}

function answer(
  request: RequestContext,
  body: TxnOffsetCommitRequest,
  errorOf: (topic: string, partition: number) => number,
): void {
  const isOld = request.apiVersion < FIRST_WITH_LOAD_IN_PROGRESS
  reply(request, TxnOffsetCommit, {
    throttleTimeMs: 0,
    topics: body.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => {
        const error = errorOf(name, partitionIndex)
        const isLoading = error === Errors.COORDINATOR_LOAD_IN_PROGRESS
        const errorCode = isOld && isLoading ? Errors.COORDINATOR_NOT_AVAILABLE : error
        return { partitionIndex, errorCode }
      }),
    })),
  })
}
