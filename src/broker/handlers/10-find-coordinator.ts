// FindCoordinator: the leader of the partition that an id belongs to. The first question creates
// the internal topic.
import { OFFSETS_TOPIC } from '../../coordinator/group/group-coordinator.ts'
import { partitionForId } from '../../coordinator/java-hash.ts'
import type { ConnectionPeer, RequestContext } from '../../network/request-context.ts'
import { Operation, ResourceType } from '../../security/authorizer.ts'
import { errorByCode, Errors } from '../../wire/errors.ts'
import { FindCoordinator } from '../../wire/messages/10-find-coordinator.ts'
import { visibleBrokers } from '../advertised-endpoints.ts'
import type { HandlerContext } from '../handler-context.ts'
import { handler, reply } from '../handler.ts'

const KeyType = { GROUP: 0, TRANSACTION: 1, SHARE: 2 } as const
const FIRST_BATCHED = 4
/** From here on clients know share groups, so that the answer is "not now" instead of "never". */
const FIRST_WITH_SHARE = 6
const TRANSACTIONS_TOPIC = '__transaction_state'

interface Coordinator {
  readonly errorCode: number
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

export const findCoordinatorHandler = handler(FindCoordinator, (context, body, request) => {
  const find = (key: string): Coordinator => findCoordinator(context, request, body.keyType, key)
  if (request.apiVersion >= FIRST_BATCHED) {
    const isKnownType = body.keyType >= KeyType.GROUP && body.keyType <= KeyType.SHARE
    const coordinators = body.coordinatorKeys.map((key) => {
      const found = find(key)
      return { key, ...found, errorMessage: isKnownType ? '' : messageOf(found.errorCode) }
    })
    reply(request, FindCoordinator, { ...nobody(Errors.NONE), throttleTimeMs: 0, coordinators })
    return
  }
  const found = find(body.key)
  reply(request, FindCoordinator, {
    ...found,
    throttleTimeMs: 0,
    errorMessage: messageOf(found.errorCode),
    coordinators: [],
  })
})

function messageOf(errorCode: number): string {
  if (errorCode === Errors.NONE) return 'NONE'
  return errorByCode(errorCode)?.message ?? ''
}

function findCoordinator(
  context: HandlerContext,
  request: RequestContext,
  keyType: number,
  key: string,
): Coordinator {
  const { authorizer } = context
  const { connection } = request
  switch (keyType) {
    case KeyType.GROUP:
      if (!authorizer.allows(connection, Operation.DESCRIBE, ResourceType.GROUP, key)) {
        return nobody(Errors.GROUP_AUTHORIZATION_FAILED)
      }
      return leaderFor(context, connection, OFFSETS_TOPIC, key)
    case KeyType.TRANSACTION:
      if (!authorizer.allows(connection, Operation.DESCRIBE, ResourceType.TRANSACTIONAL_ID, key)) {
        return nobody(Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
      }
      return leaderFor(context, connection, TRANSACTIONS_TOPIC, key)
    case KeyType.SHARE:
      return nobody(
        request.apiVersion < FIRST_WITH_SHARE
          ? Errors.INVALID_REQUEST
          : Errors.COORDINATOR_NOT_AVAILABLE,
      )
    default:
      return nobody(Errors.INVALID_REQUEST)
  }
}

function leaderFor(
  context: HandlerContext,
  connection: ConnectionPeer,
  topic: string,
  key: string,
): Coordinator {
  if (!context.internalTopics.ensure(topic)) return nobody(Errors.COORDINATOR_NOT_AVAILABLE)
  const partitions = context.metadata.image.topics.get(topic)?.partitions
  const state = partitions?.get(partitionForId(key, partitions.size))
  const leader = visibleBrokers(context, connection).find(({ id }) => id === state?.leader)
  if (leader === undefined) return nobody(Errors.COORDINATOR_NOT_AVAILABLE)
  return { errorCode: Errors.NONE, nodeId: leader.id, host: leader.host, port: leader.port }
}

function nobody(errorCode: number): Coordinator {
  return { errorCode, nodeId: -1, host: '', port: -1 }
}
