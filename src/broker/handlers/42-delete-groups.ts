// DeleteGroups: empty groups go with all they have committed.
import { Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { DeleteGroups } from '../../wire/messages/42-delete-groups.ts'
import { handler, reply } from '../handler.ts'

export const deleteGroupsHandler = handler(DeleteGroups, async (context, body, request) => {
  const { authorizer, groups } = context
  const { connection } = request
  const results = [...new Set(body.groupsNames)].map(async (groupId) => {
    if (!authorizer.allows(connection, Operation.DELETE, ResourceType.GROUP, groupId)) {
      return { groupId, errorCode: Errors.GROUP_AUTHORIZATION_FAILED }
    }
    const { errorCode } = await groups.deleteGroup(groupId)
    return { groupId, errorCode }
  })
  reply(request, DeleteGroups, { throttleTimeMs: 0, results: await Promise.all(results) })
})
