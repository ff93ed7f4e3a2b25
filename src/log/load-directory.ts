// Opens all logs of a directory, several at a time, and tells how far it has come.
import { join } from 'node:path'
import type { LogConfig } from '../config/topic-config.ts'
import type { DirectoryEntry } from '../platform/disk.ts'
import { parsePartitionDirectory } from './file-names.ts'
import type { PartitionDirectory } from './file-names.ts'
import type { LogContext } from './log-context.ts'
import type { LogDirectory } from './log-directory.ts'
import { Log } from './log.ts'

/** Logs that are looked at between two turns of the event loop. */
const SLICE = 100
const REPORT_EVERY_MS = 2000

export interface LoadProgress {
  readonly directory: string
  readonly loaded: number
  readonly total: number
  /** Of the logs still to load, by the rate so far; undefined before there is one. */
  readonly remainingMs: number | undefined
}

export interface DirectoryLoad {
  readonly topicConfig: (topic: string) => LogConfig
  /** Logs that are recovered at the same time. */
  readonly concurrency: number
  readonly onProgress: (progress: LoadProgress) => void
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
  const waiting = found.filter(({ kind }) => kind === 'current' || kind === 'future')
  const loaded = { current: new Array<Log>(), future: new Array<Log>() }
  const report = progressReport(context, directory, waiting.length, load.onProgress)
  let next = 0
  const work = async (): Promise<void> => {
    for (let entry = waiting[next]; entry !== undefined; entry = waiting[next]) {
      next += 1
      const log = await loadOne(context, directory, load, entry)
      loaded[entry.kind === 'future' ? 'future' : 'current'].push(log)
      report(loaded.current.length + loaded.future.length)
      if (next % SLICE === 0) await breathe(context)
    }
  }
  await Promise.all(Array.from({ length: load.concurrency }, work))
  const deleted = found.filter(({ kind }) => kind === 'delete').map(({ path }) => path)
  return { ...loaded, deleted }
}

function findPartitions(context: LogContext, directory: LogDirectory): Found[] {
  const found: Found[] = []
  for (const entry of context.platform.disk.listSync(directory.path)) {
    if (entry.kind !== 'directory') continue
    const parsed = parsePartitionDirectory(entry.name)
    if (parsed === undefined) reportForeign(context, directory, entry)
    else if (parsed.kind === 'stray') reportStray(context, directory, entry)
    else found.push({ ...parsed, path: join(directory.path, entry.name) })
  }
  return found
}

function reportForeign(
  context: LogContext,
  { path }: LogDirectory,
  { name }: DirectoryEntry,
): void {
  context.logger.warn(`${join(path, name)} is not the directory of a partition: left alone`)
}

function reportStray(context: LogContext, { path }: LogDirectory, { name }: DirectoryEntry): void {
  context.logger.warn(`${join(path, name)} was set aside as a stray partition: left alone`)
}

async function loadOne(
  context: LogContext,
  directory: LogDirectory,
  load: DirectoryLoad,
  { topic, partition, path, kind }: Found,
): Promise<Log> {
  const isFuture = kind === 'future'
  return await Log.load(context, {
    topic,
    partition,
    directory: path,
    config: load.topicConfig(topic),
    recoveryPoint: isFuture ? 0 : (directory.recoveryPoints.get(topic, partition) ?? 0),
    logStartOffset: isFuture ? 0 : (directory.logStarts.get(topic, partition) ?? 0),
    hadCleanShutdown: directory.hadCleanShutdown,
  })
}

function progressReport(
  context: LogContext,
  directory: LogDirectory,
  total: number,
  onProgress: (progress: LoadProgress) => void,
): (loaded: number) => void {
  const { clock } = context.platform
  const startedMs = clock.monotonicMs()
  let reportedMs = startedMs
  return (loaded) => {
    const nowMs = clock.monotonicMs()
    const spentMs = nowMs - startedMs
    const remainingMs = spentMs > 0 ? (spentMs / loaded) * (total - loaded) : undefined
    onProgress({ directory: directory.path, loaded, total, remainingMs })
    if (nowMs - reportedMs < REPORT_EVERY_MS) return
    reportedMs = nowMs
    const seconds = Math.ceil((remainingMs ?? 0) / 1000)
    context.logger.info(
      `Loading ${directory.path}: ${loaded} of ${total} partitions, about ${seconds} s left`,
    )
  }
}

function breathe(context: LogContext): Promise<void> {
  return new Promise((resolve) => context.platform.clock.defer(resolve))
}
