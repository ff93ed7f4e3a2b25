// Leader epochs, the topic's id, and the names of a log's files and of its directory, made durable.
// They have to be before the recovery point passes what they speak of.
import { dirname, join } from 'node:path'
import { placeFileSync, replaceFile, stageFileSync } from './atomic-file.ts'
import type { ReplaceOptions } from './atomic-file.ts'
import { formatEpochs } from './checkpoint-file.ts'
import type { EpochEntry } from './checkpoint-file.ts'
import { LEADER_EPOCH_FILE, PARTITION_METADATA_FILE } from './file-names.ts'
import type { LogContext } from './log-context.ts'
import { syncFiles } from './sync-files.ts'

export interface NamedFiles {
  readonly context: LogContext
  readonly directory: string
  readonly epochs: { readonly version: number; readonly entries: readonly EpochEntry[] }
  epochsPersisted: number
  /** Counts names that came or went in the directory. */
  namesVersion: number
  /** Up to which of them the directory was synced. */
  namesSynced: number
  naming: Promise<void>
  /** The content of partition.metadata is durable, or there is none. */
  metadataSynced: boolean
}

/** Resolves when all names that are there now are durable. */
export function makeNamesDurable(log: NamedFiles): Promise<void> {
  const isDone =
    log.namesSynced === log.namesVersion &&
    log.epochsPersisted === log.epochs.version &&
    log.metadataSynced
  if (isDone) return Promise.resolve()
  const work = log.naming.then(() => makeDurableNow(log))
  // Whoever waits sees the failure; the next one tries again.
  log.naming = work.catch(() => {})
  return work
}

/** Undefined when all names are durable already. */
export function namesPending(log: NamedFiles): Promise<void> | undefined {
  return log.namesSynced === log.namesVersion ? undefined : makeNamesDurable(log)
}

async function makeDurableNow(log: NamedFiles): Promise<void> {
  const { namesVersion } = log
  const { version } = log.epochs
  const hasNewEpochs = log.epochsPersisted !== version
  // Apache Kafka takes a directory with half a partition.metadata offline.
  await syncMetadata(log)
  if (hasNewEpochs) await replaceEpochs(log, 'content')
  if (!hasNewEpochs && log.namesSynced === namesVersion) return
  // One sync for the new names of the epochs and of all other files.
  await log.context.platform.disk.syncDirectory(log.directory)
  if (log.namesSynced === 0) await log.context.directorySyncs.sync(dirname(log.directory))
  log.namesSynced = namesVersion
  log.epochsPersisted = version
}

/** Makes the topic's id durable, which was written without a sync: topics are created by the thousand. */
export async function syncMetadata(log: NamedFiles): Promise<void> {
  if (log.metadataSynced) return
  await syncFiles(log.context.platform.disk, [join(log.directory, PARTITION_METADATA_FILE)])
  log.metadataSynced = true
}

/** Brings the leader epoch checkpoint up to date. */
export async function writeEpochs(log: NamedFiles, options: ReplaceOptions): Promise<void> {
  const { version } = log.epochs
  if (log.epochsPersisted === version) return
  await replaceEpochs(log, options.durable)
  log.epochsPersisted = version
}

/**
 * Writes the leader epochs beside their place. Once that is durable they may take it (`placeEpochs`);
 * once the name is durable too, they are what the checkpoint holds.
 */
export function stageEpochs(log: NamedFiles): void {
  if (log.epochsPersisted === log.epochs.version) return
  const { disk } = log.context.platform
  stageFileSync(disk, epochsPath(log), formatEpochs(log.epochs.entries))
}

export function placeEpochs(log: NamedFiles): void {
  if (log.epochsPersisted === log.epochs.version) return
  placeFileSync(log.context.platform.disk, epochsPath(log))
  log.epochsPersisted = log.epochs.version
}

function replaceEpochs(log: NamedFiles, durable: ReplaceOptions['durable']): Promise<void> {
  const content = formatEpochs(log.epochs.entries)
  return replaceFile(log.context.platform.disk, epochsPath(log), content, { durable })
}

function epochsPath(log: NamedFiles): string {
  return join(log.directory, LEADER_EPOCH_FILE)
}
