// AlterPartition: a leader asks the controller for another in-sync set.
import { CLUSTER_NAME, Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { AlterPartition } from '../../wire/messages/56-alter-partition.ts'
import { handler, reply } from '../handler.ts'

export const alterPartitionHandler = handler(AlterPartition, async (context, body, request) => {
  const { authorizer, controller } = context
  const allowed = authorizer.allows(
    request.connection,
    Operation.CLUSTER_ACTION,
    ResourceType.CLUSTER,
    CLUSTER_NAME,
  )
  if (allowed)
    reply(request, AlterPartition, await controller.alterPartition(body, request.apiVersion))
  else
    reply(request, AlterPartition, {
      throttleTimeMs: 0,
      errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED,
      topics: [],
    })
})
