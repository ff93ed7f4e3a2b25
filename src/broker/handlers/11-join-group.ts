// JoinGroup: enters a group; the answer comes when its rebalance has collected everyone.
import { failedJoin } from '../../coordinator/group/failed-replies.ts'
import { Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { JoinGroup } from '../../wire/messages/11-join-group.ts'
import { handler, reply } from '../handler.ts'
import { javaAddress } from '../java-address.ts'

/** From here on a new member comes back with the id that it was given (KIP-394). */
const FIRST_WITH_MEMBER_ID_REQUIRED = 4
/** From here on no protocol is null; before, it is empty. */
const FIRST_WITH_NULL_PROTOCOL = 7
const FIRST_WITH_SKIPPED_ASSIGNMENT = 9

export const joinGroupHandler = handler(JoinGroup, async (context, body, request) => {
  const { apiVersion, clientId, connection } = request
  const isAllowed = context.authorizer.allows(
    connection,
    Operation.READ,
    ResourceType.GROUP,
    body.groupId,
  )
  const joined = isAllowed
    ? await context.groups.joinGroup(body, {
        clientId: clientId ?? '',
        clientHost: javaAddress(connection.clientAddress),
        requireKnownMemberId:
          apiVersion >= FIRST_WITH_MEMBER_ID_REQUIRED && body.groupInstanceId === null,
        supportsSkippingAssignment: apiVersion >= FIRST_WITH_SKIPPED_ASSIGNMENT,
      })
    : failedJoin('', Errors.GROUP_AUTHORIZATION_FAILED)
  const noProtocol = apiVersion >= FIRST_WITH_NULL_PROTOCOL ? null : ''
  reply(request, JoinGroup, {
    ...joined,
    throttleTimeMs: 0,
    protocolName: joined.protocolName ?? noProtocol,
  })
})
