// LeaveGroup: one member (up to version 2), or several at once, also named by their instance.
import { Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { LeaveGroup } from '../../wire/messages/13-leave-group.ts'
import { handler, reply } from '../handler.ts'

const FIRST_BATCHED = 3

export const leaveGroupHandler = handler(LeaveGroup, async (context, body, request) => {
  const { authorizer, groups } = context
  const { groupId, memberId } = body
  if (!authorizer.allows(request.connection, Operation.READ, ResourceType.GROUP, groupId)) {
    const errorCode = Errors.GROUP_AUTHORIZATION_FAILED
    reply(request, LeaveGroup, { throttleTimeMs: 0, errorCode, members: [] })
    return
  }
  const isBatched = request.apiVersion >= FIRST_BATCHED
  const members = isBatched ? body.members : [{ memberId, groupInstanceId: null }]
  const left = await groups.leaveGroup({ groupId, members })
  const errorOfOne = left.errorCode === 0 ? (left.members[0]?.errorCode ?? 0) : left.errorCode
  reply(request, LeaveGroup, {
    throttleTimeMs: 0,
    errorCode: isBatched ? left.errorCode : errorOfOne,
    members: left.members,
  })
})
