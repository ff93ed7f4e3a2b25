// DeleteRecords: moves the start of partitions forward, on the leader and then on every live replica.
import type { ResponseInput } from '../../codec/api.ts'
import { failedDeletion } from '../../replication/delete-records-operation.ts'
import type { DeletionResult } from '../../replication/delete-records-operation.ts'
import { Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { DeleteRecords } from '../../wire/messages/21-delete-records.ts'
import { handler, reply } from '../handler.ts'

type TopicAnswer = ResponseInput<typeof DeleteRecords>['topics'][number]

export const deleteRecordsHandler = handler(DeleteRecords, (context, body, request) => {
  const isAllowed = (topic: string): boolean =>
    context.authorizer.allows(request.connection, Operation.DELETE, ResourceType.TOPIC, topic)
  const allowed = new Set(body.topics.map(({ name }) => name).filter(isAllowed))
  const targets = body.topics
    .filter(({ name }) => allowed.has(name))
    .flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, offset }) => ({
        topic: name,
        partition: partitionIndex,
        offset,
      })),
    )
  context.replicas.deleteRecords(targets, body.timeoutMs, request.connection, (results) => {
    let next = 0
    const resultOf = (topic: string): DeletionResult =>
      allowed.has(topic)
        ? (results[next++] ?? failedDeletion(Errors.UNKNOWN_SERVER_ERROR))
        : failedDeletion(Errors.TOPIC_AUTHORIZATION_FAILED)
    const topics: TopicAnswer[] = body.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => {
        const { error, lowWatermark } = resultOf(name)
        return { partitionIndex, lowWatermark, errorCode: error }
      }),
    }))
    reply(request, DeleteRecords, { throttleTimeMs: 0, topics })
  })
})
