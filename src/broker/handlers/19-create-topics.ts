// CreateTopics: the controller's business; any other broker answers NOT_CONTROLLER.
import { CLUSTER_NAME, Operation, ResourceType, type Requester } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { CreateTopics, type CreateTopicsRequest } from '../../wire/messages/19-create-topics.ts'
import type { HandlerContext } from '../handler-context.ts'
import { handler, reply } from '../handler.ts'

export const createTopicsHandler = handler(CreateTopics, async (context, body, request) => {
  const allowed = allowedTopics(context, body, request.connection)
  const created = await context.controller.createTopics({
    ...body,
    topics: body.topics.filter(({ name }) => allowed.has(name)),
  })
  const refused = body.topics.filter(({ name }) => !allowed.has(name))
  reply(request, CreateTopics, {
    topics: [
      ...created,
      ...refused.map(({ name }) => ({
        name,
        errorCode: Errors.TOPIC_AUTHORIZATION_FAILED,
        errorMessage: 'Authorization failed.',
      })),
    ],
  })
})

function allowedTopics(
  { authorizer }: HandlerContext,
  body: CreateTopicsRequest,
  requester: Requester,
): Set<string> {
  const anywhere = authorizer.allows(
    requester,
    Operation.CREATE,
    ResourceType.CLUSTER,
    CLUSTER_NAME,
  )
  const names = body.topics.map(({ name }) => name)
  if (anywhere) return new Set(names)
  return new Set(
    names.filter((name) =>
      authorizer.allows(requester, Operation.CREATE, ResourceType.TOPIC, name),
    ),
  )
}
