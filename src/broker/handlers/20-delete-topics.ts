// DeleteTopics: by name, from version 6 on also by id. The controller's business.
import { Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { DeleteTopics, type DeleteTopicsRequest } from '../../wire/messages/20-delete-topics.ts'
import { ZERO_UUID } from '../../wire/uuid.ts'
import type { HandlerContext } from '../handler-context.ts'
import { handler, reply } from '../handler.ts'

/** First version that names topics in `topics`, with room for an id. */
const TOPIC_IDS = 6

type Wanted = DeleteTopicsRequest['topics'][number]

export const deleteTopicsHandler = handler(DeleteTopics, async (context, body, request) => {
  const wanted: Wanted[] =
    request.apiVersion >= TOPIC_IDS
      ? body.topics
      : body.topicNames.map((name) => ({ name, topicId: ZERO_UUID }))
  const isAllowed = ({ name, topicId }: Wanted): boolean =>
    context.authorizer.allows(
      request.connection,
      Operation.DELETE,
      ResourceType.TOPIC,
      name ?? nameOf(context, topicId),
    )
  const deleted = await context.controller.deleteTopics(wanted.filter(isAllowed), body.timeoutMs)
  const refused = wanted.filter((topic) => !isAllowed(topic))
  reply(request, DeleteTopics, {
    responses: [
      ...deleted,
      ...refused.map(({ name, topicId }) => ({
        name,
        topicId,
        errorCode: Errors.TOPIC_AUTHORIZATION_FAILED,
      })),
    ],
  })
})

function nameOf(context: HandlerContext, topicId: string): string {
  return context.metadata.image.topicNames.get(topicId) ?? ''
}
