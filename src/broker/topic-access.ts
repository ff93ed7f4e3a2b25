// Whether a requester may name a topic, and whether what it names is there: the two questions in
// front of everything that is done to partitions.
import { partitionOf } from '../metadata/cluster-image.ts'
import { ResourceType, type Operation, type Requester } from '../security/authorizer.ts'
import { Errors } from '../wire/errors.ts'
import type { HandlerContext } from './handler-context.ts'

/** TOPIC_AUTHORIZATION_FAILED, which also hides whether the topic exists, or 0. */
export function topicError(
  context: HandlerContext,
  requester: Requester,
  operation: Operation,
  topic: string,
): number {
  const isAllowed = context.authorizer.allows(requester, operation, ResourceType.TOPIC, topic)
  return isAllowed ? Errors.NONE : Errors.TOPIC_AUTHORIZATION_FAILED
}

/** UNKNOWN_TOPIC_OR_PARTITION, or 0. */
export function partitionError(context: HandlerContext, topic: string, partition: number): number {
  const state = partitionOf(context.metadata.image, topic, partition)
  return state === undefined ? Errors.UNKNOWN_TOPIC_OR_PARTITION : Errors.NONE
}
