// What the group coordinator is given: its settings, and the partitions of `__consumer_offsets`.
import type { BrokerConfig } from '../config/broker-config.ts'
import type { GroupSettings } from '../coordinator/group/group-settings.ts'
import type { MetadataCache } from '../metadata/metadata-cache.ts'

const MINUTE_MS = 60_000

export function groupSettings(config: BrokerConfig): GroupSettings {
  return {
    minSessionTimeoutMs: config.get('group.min.session.timeout.ms'),
    maxSessionTimeoutMs: config.get('group.max.session.timeout.ms'),
    initialRebalanceDelayMs: config.get('group.initial.rebalance.delay.ms'),
    maxSize: config.get('group.max.size'),
    maxMetadataBytes: config.get('offset.metadata.max.bytes'),
    offsetsRetentionMs: config.get('offsets.retention.minutes') * MINUTE_MS,
    retentionCheckIntervalMs: config.get('offsets.retention.check.interval.ms'),
    commitTimeoutMs: config.get('offsets.commit.timeout.ms'),
  }
}

/** Partitions of an internal topic: as it is, else as it would be created. */
export function partitionCount(metadata: MetadataCache, topic: string, configured: number): number {
  return metadata.image.topics.get(topic)?.partitions.size ?? configured
}
