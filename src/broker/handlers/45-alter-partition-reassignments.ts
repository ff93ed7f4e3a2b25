// AlterPartitionReassignments: starts and cancels moves of replicas. The controller's business.
import { CLUSTER_NAME, Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { AlterPartitionReassignments } from '../../wire/messages/45-alter-partition-reassignments.ts'
import { handler, reply } from '../handler.ts'

export const alterPartitionReassignmentsHandler = handler(
  AlterPartitionReassignments,
  async (context, body, request) => {
    const { authorizer, controller } = context
    const allowed = authorizer.allows(
      request.connection,
      Operation.ALTER,
      ResourceType.CLUSTER,
      CLUSTER_NAME,
    )
    if (allowed)
      reply(
        request,
        AlterPartitionReassignments,
        await controller.alterPartitionReassignments(body),
      )
    else
      reply(request, AlterPartitionReassignments, {
        throttleTimeMs: 0,
        errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED,
        responses: [],
      })
  },
)
