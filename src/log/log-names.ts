// Leader epochs, and the names of a log's files and of its directory, made durable. Both have to
// be before the recovery point passes what they speak of.
import { dirname, join } from 'node:path'
import { replaceFile } from './atomic-file.ts'
import type { ReplaceOptions } from './atomic-file.ts'
import { formatEpochs } from './checkpoint-file.ts'
import type { EpochEntry } from './checkpoint-file.ts'
import { LEADER_EPOCH_FILE } from './file-names.ts'
import type { LogContext } from './log-context.ts'

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
}

/** Resolves when all names that are there now are durable. */
export function makeNamesDurable(log: NamedFiles): Promise<void> {
  const isDone = log.namesSynced === log.namesVersion && log.epochsPersisted === log.epochs.version
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
  await writeEpochs(log, { durable: true })
  const { namesVersion } = log
  if (log.namesSynced === namesVersion) return
  const { disk } = log.context.platform
  await disk.syncDirectory(log.directory)
  if (log.namesSynced === 0) await disk.syncDirectory(dirname(log.directory))
  log.namesSynced = namesVersion
}

/** Brings the leader epoch checkpoint up to date. */
export async function writeEpochs(log: NamedFiles, options: ReplaceOptions): Promise<void> {
  const { version } = log.epochs
  if (log.epochsPersisted === version) return
  const path = join(log.directory, LEADER_EPOCH_FILE)
  await replaceFile(log.context.platform.disk, path, formatEpochs(log.epochs.entries), options)
  log.epochsPersisted = version
}
