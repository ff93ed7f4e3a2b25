// DescribeProducers: who writes to a partition with sequence numbers, and whose transaction is open.
import { Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { DescribeProducers } from '../../wire/messages/61-describe-producers.ts'
import type { HandlerContext } from '../handler-context.ts'
import { handler, reply } from '../handler.ts'

export const describeProducersHandler = handler(DescribeProducers, (context, body, request) => {
  const topics = body.topics.map(({ name, partitionIndexes }) => {
    const allowed = context.authorizer.allows(
      request.connection,
      Operation.READ,
      ResourceType.TOPIC,
      name,
    )
    return {
      name,
      partitions: partitionIndexes.map((index) =>
        allowed ? describe(context, name, index) : failed(index, Errors.TOPIC_AUTHORIZATION_FAILED),
      ),
    }
  })
  reply(request, DescribeProducers, { throttleTimeMs: 0, topics })
})

function describe(context: HandlerContext, topic: string, partitionIndex: number) {
  const partition = context.replicas.find(topic, partitionIndex)
  if (typeof partition === 'number') return failed(partitionIndex, partition)
  const { log } = partition
  if (log === undefined || !partition.isLeader) {
    return failed(partitionIndex, Errors.NOT_LEADER_OR_FOLLOWER)
  }
  return {
    partitionIndex,
    errorCode: Errors.NONE,
    errorMessage: null,
    activeProducers: log.producers(),
  }
}

function failed(partitionIndex: number, errorCode: number) {
  return { partitionIndex, errorCode, errorMessage: null, activeProducers: [] }
}
