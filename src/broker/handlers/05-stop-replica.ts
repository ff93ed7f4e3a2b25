// StopReplica: the controller takes replicas away from this broker.
import { CLUSTER_NAME, Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { StopReplica } from '../../wire/messages/05-stop-replica.ts'
import { handler, reply } from '../handler.ts'

export const stopReplicaHandler = handler(StopReplica, (context, body, request) => {
  const { authorizer, control } = context
  const allowed = authorizer.allows(
    request.connection,
    Operation.CLUSTER_ACTION,
    ResourceType.CLUSTER,
    CLUSTER_NAME,
  )
  if (allowed) reply(request, StopReplica, control.stopReplica(body))
  else
    reply(request, StopReplica, {
      errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED,
      partitionErrors: [],
    })
})
