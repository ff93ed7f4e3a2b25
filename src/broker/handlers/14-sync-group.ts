// SyncGroup: the leader brings the assignment, everyone takes theirs.
import { failedSync } from '../../coordinator/group/failed-replies.ts'
import { Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { SyncGroup, type SyncGroupRequest } from '../../wire/messages/14-sync-group.ts'
import type { RequestContext } from '../../network/request-context.ts'
import type { HandlerContext } from '../handler-context.ts'
import { handler, reply } from '../handler.ts'

/** From here on the request must say which protocol it is about (KIP-559). */
const FIRST_WITH_PROTOCOL = 5

export const syncGroupHandler = handler(SyncGroup, async (context, body, request) => {
  const error = refusal(context, body, request)
  const synced = error === 0 ? await context.groups.syncGroup(body) : failedSync(error)
  reply(request, SyncGroup, { ...synced, throttleTimeMs: 0 })
})

function refusal(context: HandlerContext, body: SyncGroupRequest, request: RequestContext): number {
  const { protocolType, protocolName, groupId } = body
  const isUnnamed = protocolType === null || protocolName === null
  if (request.apiVersion >= FIRST_WITH_PROTOCOL && isUnnamed) {
    return Errors.INCONSISTENT_GROUP_PROTOCOL
  }
  const { connection } = request
  const { authorizer } = context
  const isAllowed = authorizer.allows(connection, Operation.READ, ResourceType.GROUP, groupId)
  return isAllowed ? Errors.NONE : Errors.GROUP_AUTHORIZATION_FAILED
}
