// Where a client should go instead (KIP-951): the leader of a partition, and how to reach it on the
// listener that the client came in by.
import { NO_LEADER, partitionOf } from '../metadata/cluster-image.ts'
import type { ConnectionPeer } from '../network/request-context.ts'
import { Errors } from '../wire/errors.ts'
import { visibleBrokers } from './advertised-endpoints.ts'
import type { HandlerContext } from './handler-context.ts'

export interface LeaderHint {
  readonly leaderId: number
  readonly leaderEpoch: number
}

export interface NodeEndpoint {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

/** Whether `error` says that the partition is led elsewhere. */
export function isLedElsewhere(error: number): boolean {
  return error === Errors.NOT_LEADER_OR_FOLLOWER || error === Errors.FENCED_LEADER_EPOCH
}

/** The leader as this replica knows it, or as the controller told everybody. */
export function leaderHint(
  context: HandlerContext,
  topic: string,
  partition: number,
): LeaderHint | undefined {
  const replica = context.replicas.get(topic, partition)
  const known = replica ?? partitionOf(context.metadata.image, topic, partition)
  if (known === undefined || known.leader === NO_LEADER) return undefined
  return { leaderId: known.leader, leaderEpoch: known.leaderEpoch }
}

/** The endpoints of the leaders named in `hints`. */
export function nodeEndpoints(
  context: HandlerContext,
  connection: ConnectionPeer,
  hints: readonly LeaderHint[],
): NodeEndpoint[] {
  if (hints.length === 0) return []
  const leaders = new Set(hints.map(({ leaderId }) => leaderId))
  return visibleBrokers(context, connection)
    .filter(({ id }) => leaders.has(id))
    .map(({ id, host, port, rack }) => ({ nodeId: id, host, port, rack }))
}
