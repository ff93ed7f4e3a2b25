// The seam for SASL: on listeners that authenticate, the first frames of a connection go to an
// Authenticator instead of the handlers. One frame at a time: the next one is read when the
// answer to the last has been given.

export interface AuthenticationExchange {
  /** Bytes that the answer leaves free at its start for the size. */
  readonly sizeBytes: 4
  /** Answers and waits for the next frame. */
  reply(segments: readonly Uint8Array[]): void
  /** Answers, if there is something to say, and lets the handlers have what follows. */
  succeed(principal: string, segments?: readonly Uint8Array[]): void
  /** Answers, if there is something to say, after `delayMs`, then closes. */
  fail(reason: string, segments?: readonly Uint8Array[], delayMs?: number): void
}

export interface Authenticator {
  /** Frames larger than this end the connection (sasl.server.max.receive.size). */
  readonly maxFrameBytes: number
  /** One frame without its size: a request, or a bare token of SASL. Answers through `exchange`. */
  onFrame(frame: Buffer, exchange: AuthenticationExchange): void
}
