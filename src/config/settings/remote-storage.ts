// Tiered storage. Plugins are Java classes, so only turning it off works here.
import { nonEmpty, threadsOrInherited } from '../checks.ts'
import { LONG_MAX, boolean, double, int, long, string } from '../setting.ts'

export const remoteStorageSettings = {
  'remote.log.storage.system.enable': boolean({
    default: false,
    doc: 'Whether the broker keeps old segments in remote storage.',
  }),
  'remote.log.storage.manager.class.name': string({
    default: null,
    check: nonEmpty,
    doc: 'Java class that stores segments.',
  }),
  'remote.log.storage.manager.class.path': string({
    default: null,
    doc: 'Where that class is found.',
  }),
  'remote.log.storage.manager.impl.prefix': string({
    default: 'rsm.config.',
    check: nonEmpty,
    doc: 'Prefix of the settings that are passed to it.',
  }),
  'remote.log.metadata.manager.class.name': string({
    default:
      'org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager',
    check: nonEmpty,
    doc: 'Java class that keeps track of remote segments.',
  }),
  'remote.log.metadata.manager.class.path': string({
    default: null,
    doc: 'Where that class is found.',
  }),
  'remote.log.metadata.manager.impl.prefix': string({
    default: 'rlmm.config.',
    check: nonEmpty,
    doc: 'Prefix of the settings that are passed to it.',
  }),
  'remote.log.metadata.manager.listener.name': string({
    default: null,
    check: nonEmpty,
    doc: 'Listener over which it reaches the cluster.',
  }),
  'remote.log.metadata.custom.metadata.max.bytes': int({
    default: 128,
    min: 0,
    importance: 'low',
    doc: 'Largest note of a plugin about a segment.',
  }),
  'remote.log.index.file.cache.total.size.bytes': long({
    default: 1_073_741_824,
    min: 1,
    importance: 'low',
    update: 'cluster-wide',
    doc: 'Room on disk for indexes of remote segments.',
  }),
  'remote.log.manager.thread.pool.size': int({
    default: 10,
    min: 1,
    doc: 'Threads that copy and remove remote segments.',
  }),
  'remote.log.manager.copier.thread.pool.size': int({
    default: -1,
    check: threadsOrInherited,
    doc: 'Threads that copy; -1 takes remote.log.manager.thread.pool.size.',
  }),
  'remote.log.manager.expiration.thread.pool.size': int({
    default: -1,
    check: threadsOrInherited,
    doc: 'Threads that remove; -1 takes remote.log.manager.thread.pool.size.',
  }),
  'remote.log.manager.task.interval.ms': long({
    default: 30_000,
    min: 1,
    importance: 'low',
    doc: 'How often segments are looked at for copying and removal.',
  }),
  'remote.log.manager.task.retry.backoff.ms': long({
    default: 500,
    min: 1,
    importance: 'low',
    internal: true,
    doc: 'First pause after such a task failed.',
  }),
  'remote.log.manager.task.retry.backoff.max.ms': long({
    default: 30_000,
    min: 1,
    importance: 'low',
    internal: true,
    doc: 'Longest pause after such a task failed.',
  }),
  'remote.log.manager.task.retry.jitter': double({
    default: 0.2,
    min: 0,
    max: 0.5,
    importance: 'low',
    internal: true,
    doc: 'Random part of that pause.',
  }),
  'remote.log.manager.copy.max.bytes.per.second': long({
    default: LONG_MAX,
    min: 1,
    update: 'cluster-wide',
    doc: 'Bytes that may be copied to remote storage in a second.',
  }),
  'remote.log.manager.copy.quota.window.num': int({
    default: 11,
    min: 1,
    doc: 'Windows of that quota that are remembered.',
  }),
  'remote.log.manager.copy.quota.window.size.seconds': int({
    default: 1,
    min: 1,
    doc: 'Length of a window of that quota.',
  }),
  'remote.log.manager.fetch.max.bytes.per.second': long({
    default: LONG_MAX,
    min: 1,
    update: 'cluster-wide',
    doc: 'Bytes that may be read from remote storage in a second.',
  }),
  'remote.log.manager.fetch.quota.window.num': int({
    default: 11,
    min: 1,
    doc: 'Windows of that quota that are remembered.',
  }),
  'remote.log.manager.fetch.quota.window.size.seconds': int({
    default: 1,
    min: 1,
    doc: 'Length of a window of that quota.',
  }),
  'remote.log.reader.threads': int({
    default: 10,
    min: 1,
    doc: 'Threads that read from remote storage.',
  }),
  'remote.log.reader.max.pending.tasks': int({
    default: 100,
    min: 1,
    doc: 'Reads from remote storage that may wait.',
  }),
  'remote.fetch.max.wait.ms': int({
    default: 500,
    min: 1,
    update: 'cluster-wide',
    doc: 'How long a fetch may wait for remote storage.',
  }),
  'log.local.retention.ms': long({
    default: -2,
    min: -2,
    update: 'cluster-wide',
    doc: 'Age at which a segment that is in remote storage leaves the local disk; -2 takes log.retention.ms.',
  }),
  'log.local.retention.bytes': long({
    default: -2,
    min: -2,
    update: 'cluster-wide',
    doc: 'Local size above which such segments leave the local disk; -2 takes log.retention.bytes.',
  }),
}
