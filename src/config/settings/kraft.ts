// What belongs to KRaft. It is accepted, checked and described, and has no effect.
import { int, list, long, string } from '../setting.ts'

export const kraftSettings = {
  'process.roles': list({
    default: '',
    oneOf: ['broker', 'controller'],
    importance: 'high',
    doc: 'Roles of a KRaft node; must stay empty, this broker uses ZooKeeper.',
  }),
  'broker.heartbeat.interval.ms': int({
    default: 2000,
    doc: 'Heartbeat interval of a broker to the quorum.',
  }),
  'broker.session.timeout.ms': int({
    default: 9000,
    doc: 'Silence after which the quorum fences a broker.',
  }),
  'initial.broker.registration.timeout.ms': int({
    default: 60_000,
    doc: 'How long a broker may take to register with the quorum.',
  }),
  'controller.listener.names': string({
    default: null,
    importance: 'high',
    doc: 'Listeners of the controllers of the quorum.',
  }),
  'controller.quorum.voters': list({
    default: '',
    importance: 'high',
    doc: 'Voters of the quorum: id@host:port, separated by commas.',
  }),
  'controller.quorum.bootstrap.servers': list({
    default: '',
    importance: 'high',
    doc: 'Where the quorum is found: host:port, separated by commas.',
  }),
  'controller.quorum.append.linger.ms': int({
    default: 25,
    doc: 'How long a leader of the quorum gathers writes.',
  }),
  'controller.quorum.election.timeout.ms': int({
    default: 1000,
    importance: 'high',
    doc: 'How long a voter waits before it starts another election.',
  }),
  'controller.quorum.election.backoff.max.ms': int({
    default: 1000,
    importance: 'high',
    doc: 'Longest pause between elections that nobody won.',
  }),
  'controller.quorum.fetch.timeout.ms': int({
    default: 2000,
    importance: 'high',
    doc: 'How long a voter goes without a fetch before it stands for election.',
  }),
  'controller.quorum.request.timeout.ms': int({
    default: 2000,
    doc: 'How long a request within the quorum may take.',
  }),
  'controller.quorum.retry.backoff.ms': int({
    default: 20,
    importance: 'low',
    doc: 'Pause before such a request is sent again.',
  }),
  'metadata.log.dir': string({
    default: null,
    importance: 'high',
    doc: 'Directory of the metadata log.',
  }),
  'metadata.log.segment.bytes': int({
    default: 1_073_741_824,
    min: 12,
    importance: 'high',
    doc: 'Size at which a segment of the metadata log is closed.',
  }),
  'metadata.log.segment.min.bytes': int({
    default: 8_388_608,
    min: 12,
    importance: 'high',
    internal: true,
    doc: 'Smallest allowed value of that size.',
  }),
  'metadata.log.segment.ms': long({
    default: 604_800_000,
    importance: 'high',
    doc: 'Age at which a segment of the metadata log is closed.',
  }),
  'metadata.log.max.record.bytes.between.snapshots': long({
    default: 20_971_520,
    min: 1,
    importance: 'high',
    doc: 'Bytes of records between two snapshots of metadata.',
  }),
  'metadata.log.max.snapshot.interval.ms': long({
    default: 3_600_000,
    min: 0,
    importance: 'high',
    doc: 'Time between two snapshots of metadata.',
  }),
  'metadata.max.idle.interval.ms': int({
    default: 500,
    min: 0,
    importance: 'low',
    doc: 'How often an idle leader of the quorum writes a record.',
  }),
  'metadata.max.retention.bytes': long({
    default: 104_857_600,
    importance: 'high',
    doc: 'Size of the metadata log and its snapshots above which old ones are removed.',
  }),
  'metadata.max.retention.ms': long({
    default: 604_800_000,
    importance: 'high',
    doc: 'Age at which old segments and snapshots of metadata are removed.',
  }),
}
