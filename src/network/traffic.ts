// Counts of what passed through one listener, for the metrics.

/** Why a connection was given up by us. */
export type RefusalReason =
  | 'malformed frame'
  | 'oversized frame'
  | 'no memory'
  | 'malformed request'
  | 'idle'
  | 'slow'
  | 'too many connections'
  | 'authentication'
  | 'handler'

export class Traffic {
  bytesIn = 0
  bytesOut = 0
  requests = 0
  connectionsOpened = 0
  connectionsClosed = 0
  readonly refusals = new Map<RefusalReason, number>()

  get openConnections(): number {
    return this.connectionsOpened - this.connectionsClosed
  }

  refuse(reason: RefusalReason): void {
    this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + 1)
  }
}
