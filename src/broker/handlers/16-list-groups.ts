// ListGroups: the groups whose coordinator this broker is, by state and type.
import { CLUSTER_NAME, Operation, ResourceType } from '../../security/authorizer.ts'
import { ListGroups } from '../../wire/messages/16-list-groups.ts'
import { handler, reply } from '../handler.ts'

export const listGroupsHandler = handler(ListGroups, async (context, body, request) => {
  const { authorizer } = context
  const { connection } = request
  const listed = await context.groups.listGroups(body.statesFilter, body.typesFilter)
  const seesAll = authorizer.allows(
    connection,
    Operation.DESCRIBE,
    ResourceType.CLUSTER,
    CLUSTER_NAME,
  )
  const groups = listed.groups.filter(
    ({ groupId }) =>
      seesAll || authorizer.allows(connection, Operation.DESCRIBE, ResourceType.GROUP, groupId),
  )
  reply(request, ListGroups, { throttleTimeMs: 0, errorCode: listed.errorCode, groups })
})
