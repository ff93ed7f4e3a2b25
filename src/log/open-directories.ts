// The start of all log directories: whose they are, before anything in them is touched; then their
// locks, and their logs. A directory that cannot be read is offline; the others go on.
import { dirname, join } from 'node:path'
import type { BrokerConfig } from '../config/broker-config.ts'
import type { LogConfig } from '../config/topic-config.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { suffixedDirectoryName } from './file-names.ts'
import { loadDirectory } from './load-directory.ts'
import type { LoadedLogs } from './load-directory.ts'
import { LoadProgress } from './load-progress.ts'
import { registerLoadMetrics } from './log-metrics.ts'
import type { LogContext } from './log-context.ts'
import { LogDirectory } from './log-directory.ts'
import type { Log } from './log.ts'
import { MetaPropertiesError, NO_BROKER_ID } from './meta-properties.ts'
import type { MetaProperties } from './meta-properties.ts'
import { randomName } from './random-name.ts'
import type { Platform } from '../platform/platform.ts'

/** Clean logs wait for the disk little; those that are recovered, much. */
const MIN_CONCURRENCY = 4

/** No log directory is left to run with. */
export class LogDirectoryError extends Error {
  override readonly name = 'LogDirectoryError'
}

export interface OpenOptions {
  readonly logger: Logger
  readonly metrics: Metrics
  readonly config: BrokerConfig
  readonly directories: readonly string[]
  readonly brokerId: number
  readonly clusterId: string
  readonly topicConfig: (topic: string) => LogConfig
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined
}

export interface OpenedDirectories {
  readonly directories: readonly LogDirectory[]
  readonly loads: readonly { readonly directory: LogDirectory; readonly loaded: LoadedLogs }[]
}

export async function openDirectories(
  context: LogContext,
  options: OpenOptions,
): Promise<OpenedDirectories> {
  const { platform } = context
  const directories = options.directories.map(
    (path) => new LogDirectory(platform, options.logger, path),
  )
  const unmarked = checkOwners(platform, directories, options)
  const loads = await loadAll(context, directories, options, unmarked)
  if (directories.every(({ isOffline }) => isOffline)) {
    throw new LogDirectoryError(
      `none of the log.dirs can be used: ${options.directories.join(', ')}`,
    )
  }
  await settleDuplicates(context, loads.flat())
  return { directories, loads: loads.flat() }
}

async function loadAll(
  context: LogContext,
  directories: readonly LogDirectory[],
  options: OpenOptions,
  unmarked: ReadonlySet<LogDirectory>,
): Promise<{ directory: LogDirectory; loaded: LoadedLogs }[][]> {
  const { logger, metrics, onProgress = () => {} } = options
  const progress = new LoadProgress(context.platform.clock, logger, onProgress)
  const remaining = registerLoadMetrics(metrics, progress)
  try {
    const loads = await Promise.all(
      directories.map(async (directory) => {
        const isUnmarked = unmarked.has(directory)
        const loaded = await tryOpen(context, directory, { ...options, progress, isUnmarked })
        return loaded === undefined ? [] : [{ directory, loaded }]
      }),
    )
    logger.info(`Loaded ${progress.describe()}, in ${Math.round(progress.spentMs)} ms`)
    return loads
  } catch (error) {
    for (const directory of directories) await directory.release()
    throw error
  } finally {
    remaining.remove()
  }
}

/** The first identity with a broker id that the directories carry, for a broker without one. */
export function readIdentity(
  platform: Platform,
  logger: Logger,
  paths: readonly string[],
): MetaProperties | undefined {
  for (const path of paths) {
    const directory = new LogDirectory(platform, logger, path)
    const found = directory.readMetaProperties()
    if (found !== undefined && found.brokerId !== NO_BROKER_ID) return found
  }
  return undefined
}

/** Directories without meta.properties. Throws MetaPropertiesError for those of somebody else. */
function checkOwners(
  platform: Platform,
  directories: readonly LogDirectory[],
  options: OpenOptions,
): Set<LogDirectory> {
  const unmarked = new Set<LogDirectory>()
  for (const directory of directories) {
    try {
      platform.disk.makeDirectorySync(directory.path)
      const found = directory.readMetaProperties()
      if (found === undefined) unmarked.add(directory)
      else checkOwner(directory.path, found, options)
    } catch (error) {
      if (error instanceof MetaPropertiesError) throw error
      goOffline(directory, options.logger, error)
    }
  }
  return unmarked
}

function checkOwner(path: string, found: MetaProperties, options: OpenOptions): void {
  if (found.clusterId !== undefined && found.clusterId !== options.clusterId) {
    throw new MetaPropertiesError(
      `${path} belongs to the cluster ${found.clusterId}, and zookeeper.connect leads to ` +
        `${options.clusterId}: correct zookeeper.connect, or name another directory in log.dirs`,
    )
  }
  if (found.brokerId >= 0 && found.brokerId !== options.brokerId) {
    throw new MetaPropertiesError(
      `${path} belongs to the broker with broker.id=${found.brokerId}, and this one has ` +
        `broker.id=${options.brokerId}: correct broker.id, or name another directory in log.dirs`,
    )
  }
}

async function tryOpen(
  context: LogContext,
  directory: LogDirectory,
  options: OpenOptions & { readonly progress: LoadProgress; readonly isUnmarked: boolean },
): Promise<LoadedLogs | undefined> {
  if (directory.isOffline) return undefined
  try {
    await directory.lock()
    directory.begin()
    const loaded = await loadDirectory(context, directory, {
      topicConfig: options.topicConfig,
      concurrency: Math.max(
        MIN_CONCURRENCY,
        options.config.get('num.recovery.threads.per.data.dir'),
      ),
      progress: options.progress,
    })
    if (options.isUnmarked) directory.writeMetaProperties(options.brokerId, options.clusterId)
    directory.isLoaded = true
    return loaded
  } catch (error) {
    if (error instanceof MetaPropertiesError) throw error
    goOffline(directory, options.logger, error)
    await directory.release()
    return undefined
  }
}

function goOffline(directory: LogDirectory, logger: Logger, error: unknown): void {
  directory.isOffline = true
  logger.error(`${directory.path} cannot be used and is offline`, error)
}

/**
 * A crash while a partition moved from one directory to another leaves it in both, each complete.
 * The longer stays; the other is set aside, for nobody can know here whether it is of use.
 */
async function settleDuplicates(
  context: LogContext,
  loads: readonly { readonly loaded: LoadedLogs }[],
): Promise<void> {
  const kept = new Map<string, { readonly log: Log; readonly loaded: LoadedLogs }>()
  for (const { loaded } of loads) {
    for (const log of loaded.current.slice()) {
      const name = `${log.topic}-${log.partition}`
      const other = kept.get(name)
      if (other === undefined) {
        kept.set(name, { log, loaded })
        continue
      }
      const isLonger = log.logEndOffset > other.log.logEndOffset
      const loser = isLonger ? other : { log, loaded }
      if (isLonger) kept.set(name, { log, loaded })
      await setAside(context, loser.log, isLonger ? log : other.log)
      loser.loaded.current.splice(loser.loaded.current.indexOf(loser.log), 1)
    }
  }
}

async function setAside(context: LogContext, log: Log, kept: Log): Promise<void> {
  const { disk, random } = context.platform
  await log.abandon()
  const name = suffixedDirectoryName(log.topic, log.partition, randomName(random), 'stray')
  const path = join(dirname(log.directory), name)
  disk.renameSync(log.directory, path)
  disk.syncDirectorySync(dirname(path))
  context.logger.warn(
    `${log.directory} holds the same partition as ${kept.directory}, which is not shorter ` +
      `(${kept.logEndOffset}, not ${log.logEndOffset}): set aside as ${path}`,
  )
}
