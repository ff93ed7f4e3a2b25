// A leader as its followers reach it: over the inter-broker listener, or in a test by plain calls.
import type { FetchRequest, FetchResponse } from '../wire/messages/01-fetch.ts'
import type { ListOffsetsRequest, ListOffsetsResponse } from '../wire/messages/02-list-offsets.ts'

/** Requests go out one at a time; each may reject when the leader cannot be reached. */
export interface LeaderEndpoint {
  fetch(version: number, request: FetchRequest): Promise<FetchResponse>
  listOffsets(request: ListOffsetsRequest): Promise<ListOffsetsResponse>
  /** Ends the connection; what was asked rejects. Asked again, it connects again. */
  close(): void
}

export interface LeaderConnector {
  /** A connection of its own; it is made on first use and made again after it was lost. */
  connect(brokerId: number): LeaderEndpoint
}
