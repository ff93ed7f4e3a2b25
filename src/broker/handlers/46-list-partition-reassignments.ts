// ListPartitionReassignments: moves of replicas under way. The controller's business.
import { CLUSTER_NAME, Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { ListPartitionReassignments } from '../../wire/messages/46-list-partition-reassignments.ts'
import { handler, reply } from '../handler.ts'

export const listPartitionReassignmentsHandler = handler(
  ListPartitionReassignments,
  async (context, body, request) => {
    const { authorizer, controller } = context
    const allowed = authorizer.allows(
      request.connection,
      Operation.DESCRIBE,
      ResourceType.CLUSTER,
      CLUSTER_NAME,
    )
    if (allowed)
      reply(request, ListPartitionReassignments, await controller.listPartitionReassignments(body))
    else
      reply(request, ListPartitionReassignments, {
        throttleTimeMs: 0,
        errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED,
        topics: [],
      })
  },
)
