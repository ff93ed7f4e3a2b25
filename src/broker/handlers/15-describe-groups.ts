// DescribeGroups: state and members of groups whose coordinator this broker is.
import {
  authorizedOperations,
  Operation,
  OPERATIONS_NOT_REQUESTED,
  ResourceType,
} from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { DescribeGroups } from '../../wire/messages/15-describe-groups.ts'
import { handler, reply } from '../handler.ts'

export const describeGroupsHandler = handler(DescribeGroups, async (context, body, request) => {
  const { authorizer, groups } = context
  const { connection } = request
  const described = body.groups.map(async (groupId) => {
    if (!authorizer.allows(connection, Operation.DESCRIBE, ResourceType.GROUP, groupId)) {
      return {
        errorCode: Errors.GROUP_AUTHORIZATION_FAILED,
        groupId,
        groupState: '',
        protocolType: '',
        protocolData: '',
        members: [],
      }
    }
    const group = await groups.describeGroup(groupId)
    const isWanted = body.includeAuthorizedOperations && group.errorCode === Errors.NONE
    return {
      ...group,
      authorizedOperations: isWanted
        ? authorizedOperations(authorizer, connection, ResourceType.GROUP, groupId)
        : OPERATIONS_NOT_REQUESTED,
    }
  })
  reply(request, DescribeGroups, { throttleTimeMs: 0, groups: await Promise.all(described) })
})
