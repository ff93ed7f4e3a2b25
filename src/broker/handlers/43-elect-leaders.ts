// ElectLeaders: preferred or unclean elections on demand. The controller's business.
import { CLUSTER_NAME, Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { ElectLeaders } from '../../wire/messages/43-elect-leaders.ts'
import { handler, reply } from '../handler.ts'

export const electLeadersHandler = handler(ElectLeaders, async (context, body, request) => {
  const { authorizer, controller } = context
  const allowed = authorizer.allows(
    request.connection,
    Operation.ALTER,
    ResourceType.CLUSTER,
    CLUSTER_NAME,
  )
  if (allowed) reply(request, ElectLeaders, await controller.electLeaders(body))
  else
    reply(request, ElectLeaders, {
      throttleTimeMs: 0,
      errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED,
      replicaElectionResults: [],
    })
})
