// OffsetForLeaderEpoch: where a leader epoch ends in the leader's log, so that others can find the
// point at which their logs part (KIP-101, KIP-320).
import { CLUSTER_NAME, Operation, ResourceType } from '../../security/authorizer.ts'
import { epochEnd } from '../../replication/read-partition.ts'
import { Errors } from '../../wire/errors.ts'
import {
  OffsetForLeaderEpoch,
  type OffsetForLeaderEpochRequest,
} from '../../wire/messages/23-offset-for-leader-epoch.ts'
import type { HandlerContext } from '../handler-context.ts'
import { handler, reply } from '../handler.ts'

type Query = OffsetForLeaderEpochRequest['topics'][number]['partitions'][number]

export const offsetForLeaderEpochHandler = handler(
  OffsetForLeaderEpoch,
  (context, body, request) => {
    const { authorizer } = context
    const { connection } = request
    const isReplica = authorizer.allows(
      connection,
      Operation.CLUSTER_ACTION,
      ResourceType.CLUSTER,
      CLUSTER_NAME,
    )
    const topics = body.topics.map(({ topic, partitions }) => {
      const allowed =
        isReplica || authorizer.allows(connection, Operation.DESCRIBE, ResourceType.TOPIC, topic)
      return {
        topic,
        partitions: partitions.map((query) =>
          allowed
            ? answer(context, topic, query)
            : failed(query, Errors.TOPIC_AUTHORIZATION_FAILED),
        ),
      }
    })
    reply(request, OffsetForLeaderEpoch, { throttleTimeMs: 0, topics })
  },
)

function answer(context: HandlerContext, topic: string, query: Query) {
  const partition = context.replicas.find(topic, query.partition)
  if (typeof partition === 'number') return failed(query, partition)
  const epochError = partition.checkLeaderEpoch(query.currentLeaderEpoch)
  if (epochError !== Errors.NONE) return failed(query, epochError)
  const { log } = partition
  if (log === undefined || !partition.isLeader) {
    return failed(query, Errors.NOT_LEADER_OR_FOLLOWER)
  }
  const { epoch, endOffset } = epochEnd(partition, log, query.leaderEpoch)
  return { errorCode: Errors.NONE, partition: query.partition, leaderEpoch: epoch, endOffset }
}

function failed({ partition }: Query, errorCode: number) {
  return { errorCode, partition, leaderEpoch: -1, endOffset: -1 }
}
