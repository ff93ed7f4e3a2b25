// What a reader asks of a partition and what it gets: consumers and followers alike.
import type { AbortedTransaction, EpochEnd } from '../log/log-types.ts'

/** How far a reader may see: followers all that is written, consumers less. */
export const Isolation = { readUncommitted: 0, readCommitted: 1, logEnd: 2 } as const
export type Isolation = (typeof Isolation)[keyof typeof Isolation]

/** Replica id of a consumer. */
export const CONSUMER = -1
/** Replica id of a tool that may read from followers and sees all that is written. */
export const DEBUGGING_CONSUMER = -2

/** One partition of a fetch. A session keeps it from request to request and updates it. */
export interface FetchTarget {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  fetchOffset: number
  maxBytes: number
  /** -1: not checked. */
  currentLeaderEpoch: number
  /** -1: divergence is not checked. */
  lastFetchedEpoch: number
  /** Log start offset of the follower; -1 from consumers. */
  logStartOffset: number
  /** Known before reading (authorization, unknown topic id); 0: read. */
  error: number
}

/** Who fetches, how much, and how long it may take. */
export interface FetchOptions {
  /** CONSUMER, DEBUGGING_CONSUMER or the broker id of a follower. */
  readonly replicaId: number
  /** -1: not told (before version 15). */
  readonly replicaEpoch: number
  readonly isolation: Isolation
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  /** The first non-empty partition gives a whole batch even above the limits (version 3+). */
  readonly minOneBatch: boolean
  /** Whether a consumer must read from the leader (before version 11). */
  readonly leaderOnly: boolean
  /** Where the reader sits; undefined when it did not say. */
  readonly rack: string | undefined
}

export interface FetchResult {
  readonly error: number
  /** -1 with an error. */
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  readonly divergingEpoch: EpochEnd | undefined
  /** Null unless the reader asked for committed records only. */
  readonly abortedTransactions: readonly AbortedTransaction[] | null
  /** -1: read on here. */
  readonly preferredReadReplica: number
  readonly segments: readonly Buffer[]
  readonly sizeBytes: number
}

/** A fetch or produce that has not been answered yet. */
export interface WaitingOperation {
  /** Forgets it: its callback is never called. For a connection that is gone. */
  cancel(): void
}
