// One request on its way through the broker, as a handler sees it: what the header said, where the
// body is, who asked, and the one answer that it may give.

/** The far end of a connection and the listener that it came in by. */
export interface ConnectionPeer {
  /** `localAddress:localPort-clientAddress:clientPort-number`, as Kafka names a connection. */
  readonly id: string
  readonly listenerName: string
  readonly securityProtocol: string
  readonly clientAddress: string
  readonly clientPort: number
  readonly localAddress: string
  readonly localPort: number
  /** `User:ANONYMOUS` on a listener without authentication. */
  readonly principal: string
  readonly isClosed: boolean
}

export interface RequestContext {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
  readonly connection: ConnectionPeer
  /** Monotonic clock, when the last byte of the request had arrived. */
  readonly receivedMs: number
  /** The frame without its size; it belongs to the request, so views of it may be kept. */
  readonly body: Buffer
  /** Where the message begins, after the header. */
  readonly bodyPosition: number
  /**
   * Answers; exactly one of `reply`, `finishWithoutReply` and `closeConnection` is called, once, at
   * any time. The first 4 bytes of the first segment are left for the size, then header and body.
   * The answer leaves when those of all earlier requests of the connection have; afterwards
   * nothing is read from the connection for `throttleTimeMs`. `onSent` is called when the bytes have
   * left the process, and not at all when they never do.
   */
  reply(segments: readonly Uint8Array[], throttleTimeMs?: number, onSent?: () => void): void
  /** Gives no answer (Produce with acks=0). */
  finishWithoutReply(throttleTimeMs?: number): void
  /** Gives up the connection: the request made no sense, or asked for it. */
  closeConnection(reason: string): void
}
