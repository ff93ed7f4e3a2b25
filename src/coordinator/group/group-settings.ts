// What of the broker's configuration governs groups; all of it is read-only in Kafka 3.9.
import type { Millis } from '../../platform/clock.ts'

export interface GroupSettings {
  /** group.min.session.timeout.ms */
  readonly minSessionTimeoutMs: Millis
  /** group.max.session.timeout.ms */
  readonly maxSessionTimeoutMs: Millis
  /** group.initial.rebalance.delay.ms */
  readonly initialRebalanceDelayMs: Millis
  /** group.max.size */
  readonly maxSize: number
  /** offset.metadata.max.bytes; counted in UTF-16 units, as Kafka does. */
  readonly maxMetadataBytes: number
  /** offsets.retention.minutes */
  readonly offsetsRetentionMs: Millis
  /** offsets.retention.check.interval.ms */
  readonly retentionCheckIntervalMs: Millis
  /** offsets.commit.timeout.ms */
  readonly commitTimeoutMs: Millis
}

/** Kafka's defaults. */
export const DEFAULT_GROUP_SETTINGS: GroupSettings = {
  minSessionTimeoutMs: 6_000,
  maxSessionTimeoutMs: 1_800_000,
  initialRebalanceDelayMs: 3_000,
  maxSize: 0x7fffffff,
  maxMetadataBytes: 4_096,
  offsetsRetentionMs: 7 * 24 * 3_600_000,
  retentionCheckIntervalMs: 600_000,
  commitTimeoutMs: 5_000,
}

/**
 * How long a member whose join has not been answered yet stays: it has no id to send heartbeats
 * with, so its session timeout cannot count.
 */
export const NEW_MEMBER_TIMEOUT_MS = 5 * 60_000

/** Ids handed out and never used; beyond this many in one group the oldest are forgotten. */
export const MAX_PENDING_MEMBERS = 10_000
