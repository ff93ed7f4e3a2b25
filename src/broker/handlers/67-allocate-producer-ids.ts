// AllocateProducerIds: a broker asks the controller for its next block of producer ids.
import { CLUSTER_NAME, Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { AllocateProducerIds } from '../../wire/messages/67-allocate-producer-ids.ts'
import { handler, reply } from '../handler.ts'

export const allocateProducerIdsHandler = handler(
  AllocateProducerIds,
  async (context, body, request) => {
    const { authorizer, controller } = context
    const allowed = authorizer.allows(
      request.connection,
      Operation.CLUSTER_ACTION,
      ResourceType.CLUSTER,
      CLUSTER_NAME,
    )
    if (allowed) reply(request, AllocateProducerIds, await controller.allocateProducerIds(body))
    else
      reply(request, AllocateProducerIds, {
        throttleTimeMs: 0,
        errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED,
        producerIdStart: 0,
        producerIdLen: 0,
      })
  },
)
