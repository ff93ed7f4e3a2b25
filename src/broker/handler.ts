// What a handler is: the one place where an API's request is decoded, given to a function, and its
// response encoded. Handlers authorise, fan out and reply; policy lives below them.
import { CodecError } from '../codec/codec-error.ts'
import type { Api, Request, ResponseInput } from '../codec/api.ts'
import { encodeResponse } from '../wire/messages/headers.ts'
import type { RequestContext } from '../network/request-context.ts'
import type { HandlerContext } from './handler-context.ts'

/** An API as the broker serves it. */
export interface Handler {
  readonly key: number
  readonly name: string
  readonly minVersion: number
  readonly maxVersion: number
  /** Answers, now or later. A request that cannot be decoded closes its connection. */
  handle(context: HandlerContext, request: RequestContext): void
}

/**
 * Serves `api` with `serve`, which replies through `reply` (below) or directly on the request. An
 * error that `serve` did not expect is answered by `onError`, and without it closes the connection.
 */
export function handler<A extends Api>(
  api: A,
  serve: (
    context: HandlerContext,
    body: Request<A>,
    request: RequestContext,
  ) => void | Promise<void>,
  onError?: (context: HandlerContext, error: unknown, request: RequestContext) => void,
): Handler {
  const fail = (context: HandlerContext, error: unknown, request: RequestContext): void => {
    context.logger.error(`${api.name} v${request.apiVersion} failed`, error)
    if (onError === undefined) request.closeConnection(`${api.name} failed`)
    else onError(context, error, request)
  }
  return {
    key: api.key,
    name: api.name,
    minVersion: api.minVersion,
    maxVersion: api.maxVersion,
    handle(context, request) {
      let body
      try {
        body = api.request.decode(request.apiVersion, request.body, request.bodyPosition)
      } catch (error) {
        if (!(error instanceof CodecError)) throw error
        request.closeConnection(`${api.name} v${request.apiVersion}: ${error.message}`)
        return
      }
      try {
        const pending = serve(context, body as Request<A>, request)
        if (pending !== undefined) pending.catch((error) => fail(context, error, request))
      } catch (error) {
        fail(context, error, request)
      }
    },
  }
}

/** The size in front of a response, which the network writes. */
const SIZE_BYTES = 4

/** Encodes `response` at the version of the request and sends it. */
export function reply<A extends Api>(
  request: RequestContext,
  api: A,
  response: ResponseInput<A>,
  throttleTimeMs = 0,
  onSent?: () => void,
): void {
  const segments = framedResponse(api, request.apiVersion, request.correlationId, response)
  request.reply(segments, throttleTimeMs, onSent)
}

/** Size (left empty), header and body; record batches by reference. */
export function framedResponse<A extends Api>(
  api: A,
  version: number,
  correlationId: number,
  response: ResponseInput<A>,
): Buffer[] {
  return encodeResponse(api, version, correlationId, response as never, SIZE_BYTES)
}
