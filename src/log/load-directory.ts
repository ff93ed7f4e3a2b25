// Opens all logs of a directory, several at a time, and tells how far it has come.
import { join } from 'node:path'
import type { LogConfig } from '../config/topic-config.ts'
import type { DirectoryEntry, Disk } from '../platform/disk.ts'
import { isDiskError } from './atomic-file.ts'
import {
  isDirectoryFile,
  LOG_SUFFIX,
  offsetFileName,
  offsetOfFile,
  parsePartitionDirectory,
} from './file-names.ts'
import type { PartitionDirectory } from './file-names.ts'
import type { LoadProgress } from './load-progress.ts'
import type { LogContext } from './log-context.ts'
import type { LogDirectory } from './log-directory.ts'
import type { LoadOptions } from './load-log.ts'
import { Log } from './log.ts'

/** Logs that are looked at between two turns of the event loop. */
const SLICE = 100
const LOAD_ATTEMPTS = 3

export interface DirectoryLoad {
  readonly topicConfig: (topic: string) => LogConfig
  /** Logs that are recovered at the same time. */
  readonly concurrency: number
  readonly progress: LoadProgress
}

export interface LoadedLogs {
  /** Without those that turn out to lie in another directory too. */
  readonly current: Log[]
  readonly future: readonly Log[]
  /** Deleted partitions whose files are still there. */
  readonly deleted: readonly string[]
}

interface Found extends PartitionDirectory {
  readonly path: string
}

export async function loadDirectory(
  context: LogContext,
  directory: LogDirectory,
  load: DirectoryLoad,
): Promise<LoadedLogs> {
  const found = findPartitions(context, directory)
  const waiting = await findWork(context, directory, load.progress, found)
  const loaded = { current: new Array<Log>(), future: new Array<Log>() }
  let next = 0
  const work = async (): Promise<void> => {
    for (let entry = waiting[next]; entry !== undefined; entry = waiting[next]) {
      next += 1
      const log = await loadOne(context, directory, load, entry)
      if (log !== undefined) loaded[entry.kind === 'future' ? 'future' : 'current'].push(log)
      if (next % SLICE === 0) await breathe(context)
    }
  }
  await Promise.all(Array.from({ length: load.concurrency }, work))
  const deleted = found.filter(({ kind }) => kind === 'delete').map(({ path }) => path)
  return { ...loaded, deleted }
}

/** Of a directory that may have gone just now. */
function entriesOf(disk: Disk, path: string): DirectoryEntry[] {
  try {
    return disk.listSync(path)
  } catch (error) {
    if (isDiskError(error, 'ENOENT')) return []
    throw error
  }
}

interface Work extends Found {
  readonly bytes: number
}

/** What there is to load, told before it begins. */
async function findWork(
  context: LogContext,
  directory: LogDirectory,
  progress: LoadProgress,
  found: readonly Found[],
): Promise<Work[]> {
  const work: Work[] = []
  for (const one of found) {
    if (one.kind !== 'current' && one.kind !== 'future') continue
    work.push({ ...one, bytes: bytesToCheck(context, directory, one) })
    if (work.length % SLICE === 0 && !directory.hadCleanShutdown) await breathe(context)
  }
  const bytes = work.reduce((sum, one) => sum + one.bytes, 0)
  progress.add(directory.path, work.length, bytes)
  return work
}

function findPartitions(context: LogContext, directory: LogDirectory): Found[] {
  const found: Found[] = []
  for (const { name, kind } of context.platform.disk.listSync(directory.path)) {
    const path = join(directory.path, name)
    const parsed = kind === 'directory' ? parsePartitionDirectory(name) : undefined
    if (parsed?.kind === 'stray') {
      context.logger.warn(`${path} was set aside as a stray partition: left alone`)
    } else if (parsed !== undefined) {
      found.push({ ...parsed, path })
    } else if (kind === 'directory') {
      context.logger.warn(`${path} is not the directory of a partition: left alone`)
    } else if (!isDirectoryFile(name)) {
      context.logger.warn(`${path} is not a file of a broker: left alone`)
    }
  }
  return found
}

async function loadOne(
  context: LogContext,
  directory: LogDirectory,
  load: DirectoryLoad,
  work: Work,
): Promise<Log | undefined> {
  const { topic, partition, path, kind } = work
  const step = load.progress.begin(directory.path, work.bytes)
  const log = await loadFound(context, {
    topic,
    partition,
    directory: path,
    config: load.topicConfig(topic),
    recoveryPoint: recoveryPointOf(directory, work),
    logStartOffset: kind === 'future' ? 0 : (directory.logStarts.get(topic, partition) ?? 0),
    hadCleanShutdown: directory.hadCleanShutdown,
    wasCompacted: directory.cleanerOffsets.get(topic, partition) !== undefined,
    onChecked: (bytes) => step.checked(bytes),
  })
  step.end()
  return log
}

/**
 * Somebody may remove files while they are looked at: looks again at what is there then. Undefined:
 * the directory itself has gone.
 */
async function loadFound(context: LogContext, options: LoadOptions): Promise<Log | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await Log.load(context, options)
    } catch (error) {
      if (!isDiskError(error, 'ENOENT') || attempt === LOAD_ATTEMPTS) throw error
      const isGone = context.platform.disk.statSync(options.directory) === undefined
      context.logger.warn(
        `${options.directory} ${isGone ? 'has gone' : 'has lost files'} while it was loaded`,
      )
      if (isGone) return undefined
    }
  }
}

/** Checkpoints speak of the log that was current. */
function recoveryPointOf(directory: LogDirectory, { topic, partition, kind }: Found): number {
  return kind === 'future' ? 0 : (directory.recoveryPoints.get(topic, partition) ?? 0)
}

/** Bytes from the recovery point on, as far as its segment's beginning, that a load will check. */
function bytesToCheck(context: LogContext, directory: LogDirectory, found: Found): number {
  if (directory.hadCleanShutdown) return 0
  const { disk } = context.platform
  const from = recoveryPointOf(directory, found)
  const offsets = entriesOf(disk, found.path)
    .flatMap(({ name }) => offsetOfFile(name, LOG_SUFFIX) ?? [])
    .sort((a, b) => a - b)
  const first = offsets.findLastIndex((offset) => offset <= from)
  let bytes = 0
  for (const offset of offsets.slice(Math.max(0, first))) {
    bytes += disk.statSync(join(found.path, offsetFileName(offset, LOG_SUFFIX)))?.size ?? 0
  }
  return bytes
}

function breathe(context: LogContext): Promise<void> {
  return new Promise((resolve) => context.platform.clock.defer(resolve))
}
