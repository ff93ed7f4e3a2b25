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
  /** The zero uuid when the request went by name. */
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
  /** Whether only a leader may answer: followers, and consumers before version 11. */
  readonly leaderOnly: boolean
  /** Where the reader sits; empty when it did not say. */
  readonly rack: string
  readonly requester: Requester
}

export interface FetchResult {
  readonly error: number
  /** -1 with an error, as the two offsets below. */
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  /** Where the reader's log and this one part; no records then. */
  readonly divergingEpoch: EpochEnd | undefined
  /** Null unless the reader asked for committed records only. */
  readonly abortedTransactions: readonly AbortedTransaction[] | null
  /** -1: read on here. */
  readonly preferredReadReplica: number
  readonly segments: readonly Buffer[]
  /** What the segments are views of, to be given back when they have been sent. */
  readonly lent?: Buffer | undefined
  readonly sizeBytes: number
}

/** Who waits for an answer: a connection that may be gone meanwhile. */
export interface Requester {
  readonly isClosed: boolean
}

const NO_SEGMENTS: readonly Buffer[] = []

/** A result without records, for a reader that gets `error`. */
export function failedFetch(error: number): FetchResult {
  return {
    error,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    divergingEpoch: undefined,
    abortedTransactions: null,
    preferredReadReplica: -1,
    segments: NO_SEGMENTS,
    sizeBytes: 0,
  }
}
