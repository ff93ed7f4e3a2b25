// ControlledShutdown: a broker asks the controller to move its leaderships away.
import { CLUSTER_NAME, Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { ControlledShutdown } from '../../wire/messages/07-controlled-shutdown.ts'
import { handler, reply } from '../handler.ts'

export const controlledShutdownHandler = handler(
  ControlledShutdown,
  async (context, body, request) => {
    const { authorizer, controller } = context
    const allowed = authorizer.allows(
      request.connection,
      Operation.CLUSTER_ACTION,
      ResourceType.CLUSTER,
      CLUSTER_NAME,
    )
    if (allowed) reply(request, ControlledShutdown, await controller.controlledShutdown(body))
    else
      reply(request, ControlledShutdown, {
        errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED,
        remainingPartitions: [],
      })
  },
)
