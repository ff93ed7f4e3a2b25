// Every setting of a topic, declared once, with the settings of a broker that give its default:
// the first of them that is set wins, in its own unit.
import { gzipLevel, kafkaVersion, throttledReplicas } from './checks.ts'
import { RETENTION, ROLL, ROLL_JITTER } from './time-units.ts'
import { boolean, double, int, list, long, LONG_MAX, string, type Setting } from './setting.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

export const topicSettings = {
  'cleanup.policy': list({
    default: 'delete',
    oneOf: ['compact', 'delete'],
    synonyms: ['log.cleanup.policy'],
    doc: 'Whether old segments are deleted, compacted to the newest record of each key, or both.',
  }),
  'compression.gzip.level': int({
    default: -1,
    check: gzipLevel,
    synonyms: ['compression.gzip.level'],
    doc: 'Level for batches that the broker compresses with gzip.',
  }),
  'compression.lz4.level': int({
    default: 9,
    min: 1,
    max: 17,
    synonyms: ['compression.lz4.level'],
    doc: 'Level for batches that the broker compresses with lz4.',
  }),
  'compression.type': string({
    default: 'producer',
    oneOf: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
    synonyms: ['compression.type'],
    doc: 'How stored batches are compressed; producer leaves them as they came.',
  }),
  'compression.zstd.level': int({
    default: 3,
    min: -131_072,
    max: 22,
    synonyms: ['compression.zstd.level'],
    doc: 'Level for batches that the broker compresses with zstd.',
  }),
  'delete.retention.ms': long({
    default: DAY_MS,
    min: 0,
    synonyms: ['log.cleaner.delete.retention.ms'],
    doc: 'How long the mark of a deleted key stays after compaction.',
  }),
  'file.delete.delay.ms': long({
    default: MINUTE_MS,
    min: 0,
    synonyms: ['log.segment.delete.delay.ms'],
    doc: 'How long a removed segment keeps its file, for readers that still use it.',
  }),
  'flush.messages': long({
    default: LONG_MAX,
    min: 1,
    synonyms: ['log.flush.interval.messages'],
    doc: 'Records after which the partition is synced to disk.',
  }),
  'flush.ms': long({
    default: LONG_MAX,
    min: 0,
    synonyms: ['log.flush.interval.ms', 'log.flush.scheduler.interval.ms'],
    doc: 'Time after which the partition is synced to disk.',
  }),
  'follower.replication.throttled.replicas': list({
    default: '',
    check: throttledReplicas,
    doc: 'Replicas whose fetching is throttled: partition:broker, separated by commas, or *.',
  }),
  'index.interval.bytes': int({
    default: 4096,
    min: 0,
    synonyms: ['log.index.interval.bytes'],
    doc: 'Bytes of records between two entries of the indexes.',
  }),
  'leader.replication.throttled.replicas': list({
    default: '',
    check: throttledReplicas,
    doc: 'Replicas to which sending is throttled: partition:broker, separated by commas, or *.',
  }),
  'local.retention.bytes': long({
    default: -2,
    min: -2,
    synonyms: ['log.local.retention.bytes'],
    doc: 'Local size of a partition with remote storage; -2 takes retention.bytes.',
  }),
  'local.retention.ms': long({
    default: -2,
    min: -2,
    synonyms: ['log.local.retention.ms'],
    doc: 'Local age of segments with remote storage; -2 takes retention.ms.',
  }),
  'max.compaction.lag.ms': long({
    default: LONG_MAX,
    min: 1,
    synonyms: ['log.cleaner.max.compaction.lag.ms'],
    doc: 'Records older than this are compacted whatever their share.',
  }),
  'max.message.bytes': int({
    default: 1_048_588,
    min: 0,
    synonyms: ['message.max.bytes'],
    doc: 'Largest batch of records, as stored, that the topic accepts.',
  }),
  'message.downconversion.enable': boolean({
    default: true,
    importance: 'low',
    synonyms: ['log.message.downconversion.enable'],
    doc: 'Whether records are converted for clients that know older formats only.',
  }),
  'message.format.version': string({
    default: '3.0-IV1',
    check: kafkaVersion,
    synonyms: ['log.message.format.version'],
    doc: 'Format of records for versions before 3.0; kept for old files, no effect.',
  }),
  'message.timestamp.after.max.ms': long({
    default: LONG_MAX,
    min: 0,
    synonyms: ['log.message.timestamp.after.max.ms'],
    doc: "How far in the future a record's time may lie.",
  }),
  'message.timestamp.before.max.ms': long({
    default: LONG_MAX,
    min: 0,
    synonyms: ['log.message.timestamp.before.max.ms'],
    doc: "How far in the past a record's time may lie.",
  }),
  'message.timestamp.difference.max.ms': long({
    default: LONG_MAX,
    min: 0,
    synonyms: ['log.message.timestamp.difference.max.ms'],
    doc: "How far a record's time may differ from now; replaced by the two above.",
  }),
  'message.timestamp.type': string({
    default: 'CreateTime',
    oneOf: ['CreateTime', 'LogAppendTime'],
    synonyms: ['log.message.timestamp.type'],
    doc: 'Whether records carry the time of the producer or of the append.',
  }),
  'min.cleanable.dirty.ratio': double({
    default: 0.5,
    min: 0,
    max: 1,
    synonyms: ['log.cleaner.min.cleanable.ratio'],
    doc: 'Share of not yet compacted bytes at which the log is compacted.',
  }),
  'min.compaction.lag.ms': long({
    default: 0,
    min: 0,
    synonyms: ['log.cleaner.min.compaction.lag.ms'],
    doc: 'Records younger than this are not compacted.',
  }),
  'min.insync.replicas': int({
    default: 1,
    min: 1,
    synonyms: ['min.insync.replicas'],
    doc: 'Replicas that must be in sync for a write with acks=all.',
  }),
  preallocate: boolean({
    default: false,
    synonyms: ['log.preallocate'],
    doc: 'Whether a segment takes its full size on disk at once.',
  }),
  'remote.log.copy.disable': boolean({
    default: false,
    doc: 'Whether copying to remote storage pauses.',
  }),
  'remote.log.delete.on.disable': boolean({
    default: false,
    doc: 'Whether remote segments go when remote storage is turned off.',
  }),
  'remote.storage.enable': boolean({
    default: false,
    doc: 'Whether old segments go to remote storage.',
  }),
  'retention.bytes': long({
    default: -1,
    synonyms: ['log.retention.bytes'],
    doc: 'Size of a partition above which its oldest segments are removed; -1 without limit.',
  }),
  'retention.ms': long({
    default: 7 * DAY_MS,
    min: -1,
    synonyms: RETENTION,
    doc: 'How long a segment is kept after its newest record; -1 keeps it forever.',
  }),
  'segment.bytes': int({
    default: 1_073_741_824,
    min: 14,
    synonyms: ['log.segment.bytes'],
    doc: 'Size at which a segment is closed and the next one begins.',
  }),
  'segment.index.bytes': int({
    default: 10_485_760,
    min: 4,
    synonyms: ['log.index.size.max.bytes'],
    doc: 'Largest offset index of a segment; the segment closes when it is full.',
  }),
  'segment.jitter.ms': long({
    default: 0,
    min: 0,
    synonyms: ROLL_JITTER,
    doc: 'Up to this much is taken off segment.ms at random, so that segments do not close together.',
  }),
  'segment.ms': long({
    default: 7 * DAY_MS,
    min: 1,
    synonyms: ROLL,
    doc: 'Age at which a segment is closed, full or not.',
  }),
  'unclean.leader.election.enable': boolean({
    default: false,
    synonyms: ['unclean.leader.election.enable'],
    doc: 'Whether a replica that is not in sync may lead when no other is left, losing records.',
  }),
}

export type TopicSettings = typeof topicSettings
export type TopicSettingName = keyof TopicSettings
export type TopicSettingValue<Name extends TopicSettingName> =
  TopicSettings[Name] extends Setting<infer Value> ? Value : never
export type TopicSettingValues = { readonly [Name in TopicSettingName]: TopicSettingValue<Name> }

const byName: ReadonlyMap<string, Setting<unknown>> = new Map(Object.entries(topicSettings))

/** The entry of a name that came from outside. */
export function topicSetting(name: string): Setting<unknown> | undefined {
  return byName.get(name)
}

export function topicSettingNames(): Iterable<string> {
  return byName.keys()
}
