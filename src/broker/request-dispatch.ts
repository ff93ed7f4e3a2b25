// Sends each request to the handler of its API. A key or version that is not served costs the
// connection, as in Kafka; ApiVersions alone answers in a form that every client reads.
import { ApiVersions } from '../wire/messages/18-api-versions.ts'
import type { RequestContext } from '../network/request-context.ts'
import type { HandlerContext } from './handler-context.ts'
import { replyUnsupportedApiVersions } from './handlers/18-api-versions.ts'

/** What `Listeners` is given to call for every request. */
export function dispatchTo(context: HandlerContext): (request: RequestContext) => void {
  return (request) => {
    const { apiKey, apiVersion } = request
    const handler = context.handlers.get(apiKey)
    if (handler === undefined) {
      request.closeConnection(`API key ${apiKey} is not served`)
    } else if (apiVersion >= handler.minVersion && apiVersion <= handler.maxVersion) {
      handler.handle(context, request)
    } else if (apiKey === ApiVersions.key) {
      replyUnsupportedApiVersions(request)
    } else {
      request.closeConnection(`${handler.name} version ${apiVersion} is not served`)
    }
  }
}
