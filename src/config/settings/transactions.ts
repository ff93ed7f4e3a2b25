// Transactions and the topic that remembers them.
import { boolean, int, short } from '../setting.ts'

export const transactionsSettings = {
  'transaction.max.timeout.ms': int({
    default: 900_000,
    min: 1,
    importance: 'high',
    doc: 'Longest timeout that a producer may ask for its transactions.',
  }),
  'transactional.id.expiration.ms': int({
    default: 604_800_000,
    min: 1,
    importance: 'high',
    doc: 'A transactional id without a transaction for this long is forgotten.',
  }),
  'transaction.state.log.num.partitions': int({
    default: 50,
    min: 1,
    importance: 'high',
    doc: 'Partitions of the topic of transactions; must not change once it exists.',
  }),
  'transaction.state.log.replication.factor': short({
    default: 3,
    min: 1,
    importance: 'high',
    doc: 'Replicas of the topic of transactions.',
  }),
  'transaction.state.log.min.isr': int({
    default: 2,
    min: 1,
    importance: 'high',
    doc: 'Replicas of it that must be in sync.',
  }),
  'transaction.state.log.segment.bytes': int({
    default: 104_857_600,
    min: 1,
    importance: 'high',
    doc: 'Segment size of the topic of transactions.',
  }),
  'transaction.state.log.load.buffer.size': int({
    default: 5_242_880,
    min: 1,
    importance: 'high',
    doc: 'Bytes read at a time when transactions are loaded.',
  }),
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': int({
    default: 10_000,
    min: 1,
    importance: 'low',
    doc: 'How often transactions past their timeout are looked for and aborted.',
  }),
  'transaction.remove.expired.transaction.cleanup.interval.ms': int({
    default: 3_600_000,
    min: 1,
    importance: 'low',
    doc: 'How often expired transactional ids are looked for.',
  }),
  'transaction.partition.verification.enable': boolean({
    default: true,
    importance: 'low',
    update: 'cluster-wide',
    doc: 'Whether a partition asks the coordinator if a transaction includes it.',
  }),
}
