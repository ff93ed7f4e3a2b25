// LeaderAndIsr: the controller assigns leaders and followers of partitions.
import { CLUSTER_NAME, Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { LeaderAndIsr } from '../../wire/messages/04-leader-and-isr.ts'
import { handler, reply } from '../handler.ts'

export const leaderAndIsrHandler = handler(LeaderAndIsr, async (context, body, request) => {
  const { authorizer, control } = context
  const allowed = authorizer.allows(
    request.connection,
    Operation.CLUSTER_ACTION,
    ResourceType.CLUSTER,
    CLUSTER_NAME,
  )
  if (allowed) reply(request, LeaderAndIsr, await control.leaderAndIsr(body))
  else
    reply(request, LeaderAndIsr, {
      errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED,
      partitionErrors: [],
    })
})
