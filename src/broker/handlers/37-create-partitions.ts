// CreatePartitions: adds partitions to topics; there is no way to take them away. The controller's
// business.
import { Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { CreatePartitions } from '../../wire/messages/37-create-partitions.ts'
import { handler, reply } from '../handler.ts'

export const createPartitionsHandler = handler(CreatePartitions, async (context, body, request) => {
  const isAllowed = ({ name }: { name: string }): boolean =>
    context.authorizer.allows(request.connection, Operation.ALTER, ResourceType.TOPIC, name)
  const results = await context.controller.createPartitions({
    ...body,
    topics: body.topics.filter(isAllowed),
  })
  const refused = body.topics.filter((topic) => !isAllowed(topic))
  reply(request, CreatePartitions, {
    throttleTimeMs: 0,
    results: [
      ...results,
      ...refused.map(({ name }) => ({ name, errorCode: Errors.TOPIC_AUTHORIZATION_FAILED })),
    ],
  })
})
