// ApiVersions: which APIs, in which versions, this broker serves; made from the handlers, so that
// it cannot name one that is not there.
import { Errors } from '../../wire/errors.ts'
import { ApiVersions } from '../../wire/messages/18-api-versions.ts'
import type { RequestContext } from '../../network/request-context.ts'
import type { HandlerContext } from '../handler-context.ts'
import { framedResponse, handler, reply } from '../handler.ts'

/** KIP-511: letters, digits, dots and dashes, beginning and ending with a letter or digit. */
const SOFTWARE_NAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

/** First version in which a client names its software. */
const NAMED_SOFTWARE = 3

export const apiVersionsHandler = handler(ApiVersions, (context, body, request) => {
  const named =
    request.apiVersion < NAMED_SOFTWARE ||
    (SOFTWARE_NAME.test(body.clientSoftwareName) && SOFTWARE_NAME.test(body.clientSoftwareVersion))
  if (!named) {
    reply(request, ApiVersions, { errorCode: Errors.INVALID_REQUEST, apiKeys: [] })
    return
  }
  reply(request, ApiVersions, {
    errorCode: Errors.NONE,
    apiKeys: servedApis(context),
    finalizedFeaturesEpoch: context.finalizedFeaturesEpoch,
  })
})

function servedApis(context: HandlerContext) {
  return [...context.handlers.values()].map(({ key, minVersion, maxVersion }) => ({
    apiKey: key,
    minVersion,
    maxVersion,
  }))
}

/** Answers a version of ApiVersions that is not served, in the form that every client reads. */
export function replyUnsupportedApiVersions(request: RequestContext): void {
  const { key, minVersion, maxVersion } = apiVersionsHandler
  const response = {
    errorCode: Errors.UNSUPPORTED_VERSION,
    apiKeys: [{ apiKey: key, minVersion, maxVersion }],
  }
  request.reply(framedResponse(ApiVersions, 0, request.correlationId, response))
}
