// Heartbeat: a member is alive, and learns whether its group rebalances.
import { Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { Heartbeat } from '../../wire/messages/12-heartbeat.ts'
import { handler, reply } from '../handler.ts'

export const heartbeatHandler = handler(Heartbeat, async (context, body, request) => {
  const { authorizer, groups } = context
  const { groupId } = body
  if (!authorizer.allows(request.connection, Operation.READ, ResourceType.GROUP, groupId)) {
    const errorCode = Errors.GROUP_AUTHORIZATION_FAILED
    reply(request, Heartbeat, { throttleTimeMs: 0, errorCode })
    return
  }
  const { errorCode } = await groups.heartbeat(body)
  reply(request, Heartbeat, { throttleTimeMs: 0, errorCode })
})
