// A request in its place in the queue of a connection, from its frame to its answer. Hot: one
// object a request, no closures.
import assert from 'node:assert'
import type { ConnectionPeer, RequestContext } from './request-context.ts'
import type { RequestHeader } from './request-header.ts'

export const RequestState = { pending: 0, answered: 1, silent: 2, closing: 3 } as const
export type RequestState = (typeof RequestState)[keyof typeof RequestState]

/** The connection as its requests see it. */
export interface RequestOwner extends ConnectionPeer {
  onAnswered(request: InboundRequest): void
}

const NO_SEGMENTS: readonly Uint8Array[] = []
const SIZE_BYTES = 4

export class InboundRequest implements RequestContext {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
  readonly connection: RequestOwner
  readonly receivedMs: number
  readonly body: Buffer
  readonly bodyPosition: number

  /** The request that came after this one. */
  following: InboundRequest | undefined = undefined
  state: RequestState = RequestState.pending
  segments: readonly Uint8Array[] = NO_SEGMENTS
  /** Bytes of the segments. */
  segmentBytes = 0
  throttleTimeMs = 0
  closeReason = ''
  onSent: (() => void) | undefined = undefined

  constructor(header: RequestHeader, connection: RequestOwner, frame: Buffer, receivedMs: number) {
    this.apiKey = header.apiKey
    this.apiVersion = header.apiVersion
    this.correlationId = header.correlationId
    this.clientId = header.clientId
    this.connection = connection
    this.receivedMs = receivedMs
    this.body = frame
    this.bodyPosition = header.bodyPosition
  }

  reply(segments: readonly Uint8Array[], throttleTimeMs = 0, onSent?: () => void): void {
    this.onSent = onSent
    const bytes = writeSize(segments)
    this.segments = segments
    this.segmentBytes = bytes
    this.#finish(RequestState.answered, throttleTimeMs)
  }

  finishWithoutReply(throttleTimeMs = 0): void {
    this.#finish(RequestState.silent, throttleTimeMs)
  }

  closeConnection(reason: string): void {
    this.closeReason = reason
    this.#finish(RequestState.closing, 0)
  }

  #finish(state: RequestState, throttleTimeMs: number): void {
    assert(this.state === RequestState.pending, 'a request is answered once')
    this.state = state
    this.throttleTimeMs = throttleTimeMs
    this.connection.onAnswered(this)
  }
}

/** Fills the first 4 bytes with the number of those after them; gives the sum of all. */
export function writeSize(segments: readonly Uint8Array[]): number {
  const first = segments[0]
  assert(first !== undefined && first.length >= SIZE_BYTES, 'room for the size')
  let bytes = 0
  for (let index = 0; index < segments.length; index += 1) bytes += segments[index]!.length
  const size = bytes - SIZE_BYTES
  first[0] = size >>> 24
  first[1] = size >>> 16
  first[2] = size >>> 8
  first[3] = size
  return bytes
}
