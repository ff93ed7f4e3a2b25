// Handlers of APIs about the cluster as a whole: one permission on the cluster, one answer.
import type { Api, Request, ResponseInput } from '../codec/api.ts'
import type { RequestContext } from '../network/request-context.ts'
import { CLUSTER_NAME, ResourceType, type Operation } from '../security/authorizer.ts'
import type { HandlerContext } from './handler-context.ts'
import { handler, reply, type Handler } from './handler.ts'

/** Answers with what `serve` gives to those who may do `operation`, and with `refusal` to others. */
export function clusterHandler<A extends Api>(
  api: A,
  operation: Operation,
  serve: (
    context: HandlerContext,
    body: Request<A>,
    request: RequestContext,
  ) => ResponseInput<A> | Promise<ResponseInput<A>>,
  refusal: ResponseInput<A>,
): Handler {
  return handler(api, async (context, body, request) => {
    const { authorizer } = context
    const isAllowed = authorizer.allows(
      request.connection,
      operation,
      ResourceType.CLUSTER,
      CLUSTER_NAME,
    )
    reply(request, api, isAllowed ? await serve(context, body, request) : refusal)
  })
}
