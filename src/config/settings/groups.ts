// Consumer groups and their committed offsets.
import { caseInsensitively } from '../checks.ts'
import { INT_MAX, boolean, int, list, long, short, string } from '../setting.ts'

export const groupsSettings = {
  'group.initial.rebalance.delay.ms': int({
    default: 3000,
    doc: 'How long an empty group waits for more members before its first rebalance.',
  }),
  'group.min.session.timeout.ms': int({
    default: 6000,
    doc: 'Shortest session timeout that a member may ask for.',
  }),
  'group.max.session.timeout.ms': int({
    default: 1_800_000,
    doc: 'Longest session timeout that a member may ask for.',
  }),
  'group.max.size': int({ default: INT_MAX, min: 1, doc: 'Members that a group may have.' }),
  'group.coordinator.rebalance.protocols': list({
    default: 'classic',
    oneOf: ['consumer', 'classic', 'share', 'unknown'],
    doc: 'Group protocols that are offered; only classic is known in ZooKeeper mode.',
  }),
  'group.coordinator.threads': int({
    default: 1,
    min: 1,
    doc: 'Threads of the new coordinator; no effect here.',
  }),
  'group.coordinator.append.linger.ms': int({
    default: 10,
    min: 0,
    doc: 'How long the new coordinator gathers writes; no effect here.',
  }),
  'group.coordinator.new.enable': boolean({
    default: false,
    internal: true,
    doc: 'Whether the new coordinator is used; KRaft only.',
  }),
  'group.consumer.assignors': list({
    default:
      'org.apache.kafka.coordinator.group.assignor.UniformAssignor,org.apache.kafka.coordinator.group.assignor.RangeAssignor',
    doc: 'Assignors of the new consumer protocol; KRaft only.',
  }),
  'group.consumer.heartbeat.interval.ms': int({
    default: 5000,
    min: 1,
    doc: 'Heartbeat interval of the new consumer protocol; KRaft only.',
  }),
  'group.consumer.min.heartbeat.interval.ms': int({
    default: 5000,
    min: 1,
    doc: 'Shortest heartbeat interval of the new consumer protocol; KRaft only.',
  }),
  'group.consumer.max.heartbeat.interval.ms': int({
    default: 15_000,
    min: 1,
    doc: 'Longest heartbeat interval of the new consumer protocol; KRaft only.',
  }),
  'group.consumer.session.timeout.ms': int({
    default: 45_000,
    min: 1,
    doc: 'Session timeout of the new consumer protocol; KRaft only.',
  }),
  'group.consumer.min.session.timeout.ms': int({
    default: 45_000,
    min: 1,
    doc: 'Shortest session timeout of the new consumer protocol; KRaft only.',
  }),
  'group.consumer.max.session.timeout.ms': int({
    default: 60_000,
    min: 1,
    doc: 'Longest session timeout of the new consumer protocol; KRaft only.',
  }),
  'group.consumer.max.size': int({
    default: INT_MAX,
    min: 1,
    doc: 'Members of a group of the new consumer protocol; KRaft only.',
  }),
  'group.consumer.migration.policy': string({
    default: 'disabled',
    check: caseInsensitively('disabled', 'downgrade', 'upgrade', 'bidirectional'),
    internal: true,
    doc: 'How groups move between the two protocols; KRaft only.',
  }),
  'group.share.enable': boolean({
    default: false,
    internal: true,
    doc: 'Whether share groups are offered; KRaft only.',
  }),
  'group.share.delivery.count.limit': int({
    default: 5,
    min: 2,
    max: 10,
    doc: 'How often a share group delivers a record; KRaft only.',
  }),
  'group.share.heartbeat.interval.ms': int({
    default: 5000,
    min: 1,
    doc: 'Heartbeat interval of share groups; KRaft only.',
  }),
  'group.share.min.heartbeat.interval.ms': int({
    default: 5000,
    min: 1,
    doc: 'Shortest heartbeat interval of share groups; KRaft only.',
  }),
  'group.share.max.heartbeat.interval.ms': int({
    default: 15_000,
    min: 1,
    doc: 'Longest heartbeat interval of share groups; KRaft only.',
  }),
  'group.share.session.timeout.ms': int({
    default: 45_000,
    min: 1,
    doc: 'Session timeout of share groups; KRaft only.',
  }),
  'group.share.min.session.timeout.ms': int({
    default: 45_000,
    min: 1,
    doc: 'Shortest session timeout of share groups; KRaft only.',
  }),
  'group.share.max.session.timeout.ms': int({
    default: 60_000,
    min: 1,
    doc: 'Longest session timeout of share groups; KRaft only.',
  }),
  'group.share.record.lock.duration.ms': int({
    default: 30_000,
    min: 1000,
    max: 60_000,
    doc: 'How long a share group locks a record; KRaft only.',
  }),
  'group.share.min.record.lock.duration.ms': int({
    default: 15_000,
    min: 1000,
    max: 30_000,
    doc: 'Shortest lock of a share group; KRaft only.',
  }),
  'group.share.max.record.lock.duration.ms': int({
    default: 60_000,
    min: 30_000,
    max: 3_600_000,
    doc: 'Longest lock of a share group; KRaft only.',
  }),
  'group.share.partition.max.record.locks': int({
    default: 200,
    min: 100,
    max: 10_000,
    doc: 'Locked records of a share partition; KRaft only.',
  }),
  'group.share.max.groups': short({
    default: 10,
    min: 1,
    max: 100,
    doc: 'Number of share groups; KRaft only.',
  }),
  'group.share.max.size': short({
    default: 200,
    min: 10,
    max: 1000,
    doc: 'Members of a share group; KRaft only.',
  }),
  'offset.metadata.max.bytes': int({
    default: 4096,
    importance: 'high',
    doc: 'Largest note that a consumer may store with an offset.',
  }),
  'offsets.commit.required.acks': short({
    default: -1,
    importance: 'high',
    doc: 'Replicas that must have a commit before it is confirmed; -1 is all in sync.',
  }),
  'offsets.commit.timeout.ms': int({
    default: 5000,
    min: 1,
    importance: 'high',
    doc: 'How long a commit may take until enough replicas have it.',
  }),
  'offsets.load.buffer.size': int({
    default: 5_242_880,
    min: 1,
    importance: 'high',
    doc: 'Bytes read at a time when offsets are loaded.',
  }),
  'offsets.retention.minutes': int({
    default: 10_080,
    min: 1,
    importance: 'high',
    doc: 'How long the offsets of a group stay after its last member has left.',
  }),
  'offsets.retention.check.interval.ms': long({
    default: 600_000,
    min: 1,
    importance: 'high',
    doc: 'How often expired offsets are looked for.',
  }),
  'offsets.topic.num.partitions': int({
    default: 50,
    min: 1,
    importance: 'high',
    doc: 'Partitions of the topic of offsets; must not change once it exists.',
  }),
  'offsets.topic.replication.factor': short({
    default: 3,
    min: 1,
    importance: 'high',
    doc: 'Replicas of the topic of offsets.',
  }),
  'offsets.topic.segment.bytes': int({
    default: 104_857_600,
    min: 1,
    importance: 'high',
    doc: 'Segment size of the topic of offsets; small ones load and compact faster.',
  }),
  'offsets.topic.compression.codec': int({
    default: 0,
    importance: 'high',
    doc: 'Number of the codec for commits: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.',
  }),
}
