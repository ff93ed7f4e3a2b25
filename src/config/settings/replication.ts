// Copies of partitions between brokers.
import { LONG_MAX, int, long, string } from '../setting.ts'

export const replicationSettings = {
  'min.insync.replicas': int({
    default: 1,
    min: 1,
    importance: 'high',
    update: 'cluster-wide',
    doc: 'Replicas that must be in sync for a write with acks=all.',
  }),
  'replica.lag.time.max.ms': long({
    default: 30_000,
    importance: 'high',
    doc: 'A follower that has not caught up for this long is no longer in sync.',
  }),
  'num.replica.fetchers': int({
    default: 1,
    importance: 'high',
    update: 'cluster-wide',
    doc: 'Connections to each leader that followers fetch over.',
  }),
  'replica.fetch.min.bytes': int({
    default: 1,
    importance: 'high',
    doc: 'Bytes that a leader should gather before it answers a follower.',
  }),
  'replica.fetch.max.bytes': int({
    default: 1_048_576,
    min: 0,
    doc: 'Bytes of one partition in an answer to a follower.',
  }),
  'replica.fetch.response.max.bytes': int({
    default: 10_485_760,
    min: 0,
    doc: 'Bytes of one answer to a follower.',
  }),
  'replica.fetch.wait.max.ms': int({
    default: 500,
    importance: 'high',
    doc: 'How long a leader may gather; stays below replica.lag.time.max.ms.',
  }),
  'replica.fetch.backoff.ms': int({
    default: 1000,
    min: 0,
    doc: 'Pause of a partition whose fetch failed.',
  }),
  'replica.high.watermark.checkpoint.interval.ms': long({
    default: 5000,
    importance: 'high',
    doc: 'How often high watermarks are noted on disk.',
  }),
  'replica.selector.class': string({
    default: null,
    doc: 'Which replica a consumer reads from; RackAwareReplicaSelector is known here.',
  }),
  'replica.socket.receive.buffer.bytes': int({
    default: 65_536,
    importance: 'high',
    doc: 'Receive buffer of a connection to a leader.',
  }),
  'replica.socket.timeout.ms': int({
    default: 30_000,
    importance: 'high',
    doc: "How long a follower waits for a leader's answer; above replica.fetch.wait.max.ms.",
  }),
  'leader.replication.throttled.rate': long({
    default: LONG_MAX,
    min: 0,
    update: 'cluster-wide',
    internal: true,
    doc: 'Bytes that this leader may send in a second to throttled followers.',
  }),
  'follower.replication.throttled.rate': long({
    default: LONG_MAX,
    min: 0,
    update: 'cluster-wide',
    internal: true,
    doc: 'Bytes that throttled followers here may fetch in a second.',
  }),
  'replica.alter.log.dirs.io.max.bytes.per.second': long({
    default: LONG_MAX,
    min: 0,
    update: 'cluster-wide',
    internal: true,
    doc: 'Bytes that moves between log directories may copy in a second.',
  }),
  'num.replica.alter.log.dirs.threads': int({
    default: null,
    importance: 'high',
    doc: 'Moves between directories at a time; one for each directory when not set.',
  }),
}
