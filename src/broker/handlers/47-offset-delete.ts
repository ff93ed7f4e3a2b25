// OffsetDelete: forgets offsets of a group, except for topics that it consumes.
import type { PartitionErrors } from '../../coordinator/group/group-protocol.ts'
import type { RequestContext } from '../../network/request-context.ts'
import { Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { OffsetDelete, type OffsetDeleteRequest } from '../../wire/messages/47-offset-delete.ts'
import type { HandlerContext } from '../handler-context.ts'
import { handler, reply } from '../handler.ts'
import { partitionError, topicError } from '../topic-access.ts'

export const offsetDeleteHandler = handler(OffsetDelete, async (context, body, request) => {
  const { authorizer, groups } = context
  const { groupId } = body
  if (!authorizer.allows(request.connection, Operation.DELETE, ResourceType.GROUP, groupId)) {
    answer(request, Errors.GROUP_AUTHORIZATION_FAILED, [])
    return
  }
  const refused: PartitionErrors[] = []
  const wanted: { name: string; partitionIndexes: number[] }[] = []
  for (const topic of body.topics) sort(context, request, topic, refused, wanted)
  // Asked even without partitions: the group's own error comes first.
  const deleted = await groups.deleteOffsets({ groupId, topics: wanted })
  const isDone = deleted.errorCode === 0
  answer(request, deleted.errorCode, isDone ? [...refused, ...deleted.topics] : [])
})

/** Puts each partition of the topic where it belongs. */
function sort(
  context: HandlerContext,
  request: RequestContext,
  topic: OffsetDeleteRequest['topics'][number],
  refused: PartitionErrors[],
  wanted: { name: string; partitionIndexes: number[] }[],
): void {
  const { name, partitions } = topic
  const forTopic = topicError(context, request.connection, Operation.READ, name)
  const failed: PartitionErrors['partitions'] = []
  const partitionIndexes: number[] = []
  for (const { partitionIndex } of partitions) {
    const errorCode = forTopic === 0 ? partitionError(context, name, partitionIndex) : forTopic
    if (errorCode === 0) partitionIndexes.push(partitionIndex)
    else failed.push({ partitionIndex, errorCode })
  }
  if (failed.length > 0) refused.push({ name, partitions: failed })
  if (partitionIndexes.length > 0) wanted.push({ name, partitionIndexes })
}

function answer(request: RequestContext, errorCode: number, topics: PartitionErrors[]): void {
  reply(request, OffsetDelete, { errorCode, throttleTimeMs: 0, topics })
}
