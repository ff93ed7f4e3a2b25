// How usage is measured for quotas.
import { classOf, int } from '../setting.ts'

export const quotasSettings = {
  'quota.window.num': int({
    default: 11,
    min: 1,
    importance: 'low',
    doc: 'Windows of client quotas that are remembered.',
  }),
  'quota.window.size.seconds': int({
    default: 1,
    min: 1,
    importance: 'low',
    doc: 'Length of a window of client quotas.',
  }),
  'replication.quota.window.num': int({
    default: 11,
    min: 1,
    importance: 'low',
    doc: 'Windows of replication quotas that are remembered.',
  }),
  'replication.quota.window.size.seconds': int({
    default: 1,
    min: 1,
    importance: 'low',
    doc: 'Length of a window of replication quotas.',
  }),
  'alter.log.dirs.replication.quota.window.num': int({
    default: 11,
    min: 1,
    importance: 'low',
    doc: 'Windows of the quota for moves between directories that are remembered.',
  }),
  'alter.log.dirs.replication.quota.window.size.seconds': int({
    default: 1,
    min: 1,
    importance: 'low',
    doc: 'Length of a window of that quota.',
  }),
  'controller.quota.window.num': int({
    default: 11,
    min: 1,
    importance: 'low',
    doc: 'Windows of the quota for topic changes that are remembered.',
  }),
  'controller.quota.window.size.seconds': int({
    default: 1,
    min: 1,
    importance: 'low',
    doc: 'Length of a window of the quota for topic changes.',
  }),
  'client.quota.callback.class': classOf({
    default: null,
    importance: 'low',
    doc: 'Class that decides quotas; a Java class cannot be loaded here.',
  }),
}
