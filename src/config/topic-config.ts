// The settings of one topic: what the topic says itself, else what the broker says, else the
// default.
import type { BrokerConfig } from './broker-config.ts'
import { ConfigError } from './config-error.ts'
import {
  topicSetting,
  topicSettings,
  type TopicSettingName,
  type TopicSettingValues,
} from './topic-settings.ts'
import { inFirstUnit } from './time-units.ts'

/** All settings of a topic with their values, ready for use. Times are milliseconds. */
export interface LogConfig {
  readonly cleanupPolicy: { readonly delete: boolean; readonly compact: boolean }
  readonly compressionType: string
  readonly compressionGzipLevel: number
  readonly compressionLz4Level: number
  readonly compressionZstdLevel: number
  readonly deleteRetentionMs: number
  readonly fileDeleteDelayMs: number
  readonly flushMessages: number
  readonly flushMs: number
  readonly followerReplicationThrottledReplicas: readonly string[]
  readonly leaderReplicationThrottledReplicas: readonly string[]
  readonly indexIntervalBytes: number
  readonly maxCompactionLagMs: number
  readonly maxMessageBytes: number
  readonly messageDownconversionEnable: boolean
  readonly messageTimestampAfterMaxMs: number
  readonly messageTimestampBeforeMaxMs: number
  readonly messageTimestampType: 'CreateTime' | 'LogAppendTime'
  readonly minCleanableDirtyRatio: number
  readonly minCompactionLagMs: number
  readonly minInsyncReplicas: number
  readonly preallocate: boolean
  /** -1: without limit. */
  readonly retentionBytes: number
  /** -1: forever. */
  readonly retentionMs: number
  readonly segmentBytes: number
  readonly segmentIndexBytes: number
  readonly segmentJitterMs: number
  readonly segmentMs: number
  readonly uncleanLeaderElectionEnable: boolean
}

type Overrides = ReadonlyMap<string, string>

const NO_OVERRIDES: Overrides = new Map()

/** An override that is unknown or has a bad value counts as not set: it came from a znode. */
export function resolveTopicConfig(
  broker: BrokerConfig,
  overrides: Overrides = NO_OVERRIDES,
): LogConfig {
  return logConfigOf(resolveValues((name) => resolvedText(broker, overrides, name)))
}

/** The text that counts for one setting of a topic; null when there is none. */
export function resolvedText(
  broker: BrokerConfig,
  overrides: Overrides,
  name: TopicSettingName,
): string | null {
  const own = overrides.get(name)
  if (own !== undefined && problemOf(name, own) === undefined) return own
  const { synonyms, defaultText } = topicSettings[name]
  const inherited = inFirstUnit(synonyms, (synonym) =>
    broker.isSet(synonym) || synonym === FLUSH_CHECK ? broker.text(synonym) : null,
  )
  return inherited ?? defaultText
}

/** It counts with its default too, when log.flush.interval.ms is not set. */
const FLUSH_CHECK = 'log.flush.scheduler.interval.ms'

/**
 * The first reason why a topic cannot have these settings, in Kafka's words, or undefined. The
 * reply's code is INVALID_CONFIG.
 */
export function validateTopicConfig(overrides: Overrides): string | undefined {
  for (const name of overrides.keys()) {
    if (topicSetting(name) === undefined) return `Unknown topic config name: ${name}`
  }
  for (const [name, text] of overrides) {
    const problem = problemOf(name, text)
    if (problem !== undefined) return problem
  }
  return conflictIn(overrides)
}

function problemOf(name: string, text: string): string | undefined {
  try {
    topicSetting(name)?.parse(name, text)
    return undefined
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
}

function conflictIn(overrides: Overrides): string | undefined {
  const values = resolveValues((name) => overrides.get(name) ?? topicSettings[name].defaultText)
  const minLagMs = values['min.compaction.lag.ms']
  const maxLagMs = values['max.compaction.lag.ms']
  if (minLagMs > maxLagMs) {
    return `conflict topic config setting min.compaction.lag.ms (${minLagMs}) > max.compaction.lag.ms (${maxLagMs})`
  }
  if (values['remote.storage.enable']) {
    return 'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.'
  }
  return undefined
}

// The compiler cannot follow that each entry has the type of its own setting.
function resolveValues(textOf: (name: TopicSettingName) => string | null): TopicSettingValues {
  const entries: unknown[][] = []
  for (const name of topicNames) {
    const text = textOf(name)
    entries.push([name, text === null ? null : topicSettings[name].parse(name, text)])
  }
  return Object.fromEntries(entries)
}

const topicNames: readonly TopicSettingName[] = Object.keys(topicSettings).filter(isTopicSetting)

export function isTopicSetting(name: string): name is TopicSettingName {
  return topicSetting(name) !== undefined
}

function logConfigOf(values: TopicSettingValues): LogConfig {
  const policies = values['cleanup.policy']
  return {
    cleanupPolicy: { delete: policies.includes('delete'), compact: policies.includes('compact') },
    compressionType: values['compression.type'],
    compressionGzipLevel: values['compression.gzip.level'],
    compressionLz4Level: values['compression.lz4.level'],
    compressionZstdLevel: values['compression.zstd.level'],
    deleteRetentionMs: values['delete.retention.ms'],
    fileDeleteDelayMs: values['file.delete.delay.ms'],
    flushMessages: values['flush.messages'],
    flushMs: values['flush.ms'],
    followerReplicationThrottledReplicas: values['follower.replication.throttled.replicas'],
    leaderReplicationThrottledReplicas: values['leader.replication.throttled.replicas'],
    indexIntervalBytes: values['index.interval.bytes'],
    maxCompactionLagMs: values['max.compaction.lag.ms'],
    maxMessageBytes: values['max.message.bytes'],
    messageDownconversionEnable: values['message.downconversion.enable'],
    messageTimestampAfterMaxMs: timestampLimit(values, 'message.timestamp.after.max.ms'),
    messageTimestampBeforeMaxMs: timestampLimit(values, 'message.timestamp.before.max.ms'),
    messageTimestampType:
      values['message.timestamp.type'] === 'LogAppendTime' ? 'LogAppendTime' : 'CreateTime',
    minCleanableDirtyRatio: values['min.cleanable.dirty.ratio'],
    minCompactionLagMs: values['min.compaction.lag.ms'],
    minInsyncReplicas: values['min.insync.replicas'],
    preallocate: values.preallocate,
    retentionBytes: values['retention.bytes'],
    retentionMs: values['retention.ms'],
    segmentBytes: values['segment.bytes'],
    segmentIndexBytes: values['segment.index.bytes'],
    segmentJitterMs: Math.min(values['segment.jitter.ms'], values['segment.ms']),
    segmentMs: values['segment.ms'],
    uncleanLeaderElectionEnable: values['unclean.leader.election.enable'],
  }
}

/** The older setting counts as long as the newer one has its default (KIP-937). */
function timestampLimit(
  values: TopicSettingValues,
  name: 'message.timestamp.after.max.ms' | 'message.timestamp.before.max.ms',
): number {
  const limitMs = values[name]
  return limitMs < Number.MAX_SAFE_INTEGER ? limitMs : values['message.timestamp.difference.max.ms']
}
