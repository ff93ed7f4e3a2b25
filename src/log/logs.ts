// All log directories of a broker, and the log of every partition in them. A directory that fails
// goes offline with its partitions, once; the others go on.
import { randomName } from './random-name.ts'
import { dirname, join, resolve } from 'node:path'
import type { BrokerConfig } from '../config/broker-config.ts'
import type { LogConfig } from '../config/topic-config.ts'
import type { DiskSpace } from '../platform/disk.ts'
import type { Platform } from '../platform/platform.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import { LogCleaner } from './cleaner.ts'
import { closeLogs } from './close-logs.ts'
import { DelayedRemoval } from './delayed-removal.ts'
import { partitionDirectoryName, suffixedDirectoryName } from './file-names.ts'
import type { LoadProgress } from './load-progress.ts'
import { LogContext } from './log-context.ts'
import type { LogDirectory } from './log-directory.ts'
import { LogMap } from './log-map.ts'
import { registerLogMetrics } from './log-metrics.ts'
import { LogSchedule } from './log-schedule.ts'
import { Log } from './log.ts'
import { openDirectories } from './open-directories.ts'

export interface LogsOptions {
  readonly platform: Platform
  readonly logger: Logger
  readonly metrics: Metrics
  readonly config: BrokerConfig
  /** The `log.dirs`. */
  readonly directories: readonly string[]
  readonly brokerId: number
  readonly clusterId: string
  /** The settings of a topic, with its overrides. */
  readonly topicConfig: (topic: string) => LogConfig
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface LogDirectoryDescription {
  readonly path: string
  /** 0 or KAFKA_STORAGE_ERROR. */
  readonly error: number
  /** Undefined: offline, or not to be known. */
  readonly space: DiskSpace | undefined
  readonly logs: readonly (TopicPartition & {
    readonly sizeBytes: number
    readonly logEndOffset: number
    readonly isFuture: boolean
  })[]
}

export interface CreateOptions {
  /** The partition has never been on this broker. */
  readonly isNew?: boolean | undefined
  /** One of the `log.dirs`; unset: that with the fewest logs. */
  readonly directory?: string | undefined
}

type FailureListener = (directory: string, partitions: readonly TopicPartition[]) => void

export class Logs {
  readonly #context: LogContext
  readonly #logger: Logger
  #config: BrokerConfig
  readonly #topicConfig: (topic: string) => LogConfig
  readonly #directories: readonly LogDirectory[]
  readonly #current = new LogMap()
  /** Copies that are to take the place of a current log (AlterReplicaLogDirs). */
  readonly #future = new LogMap()
  /** Where partitions that are not here yet are to lie. */
  readonly #wishes = new Map<string, string>()
  readonly #removal: DelayedRemoval
  readonly #schedule: LogSchedule
  readonly #cleaner: LogCleaner
  readonly #listeners: FailureListener[] = []
  #isClosed = false

  private constructor(
    options: LogsOptions,
    context: LogContext,
    directories: readonly LogDirectory[],
  ) {
    this.#context = context
    this.#logger = options.logger
    this.#config = options.config
    this.#topicConfig = options.topicConfig
    this.#directories = directories
    this.#removal = new DelayedRemoval(options.platform, options.logger)
    this.#schedule = new LogSchedule(options.platform.clock, options.logger, {
      all: () => this.all(),
      directories: () => this.#directories,
      onDirectoryError: (directory, error) => this.#takeOffline(directory, error),
    })
    this.#cleaner = new LogCleaner(options.platform, options.logger, options.config, {
      all: () => this.all(),
      directories: () => this.#directories,
      directoryOf: (log) => this.#directoryOf(log),
      onDirectoryError: (directory, error) => this.#takeOffline(directory, error),
    })
    registerLogMetrics(options.metrics, this)
    this.#cleaner.register(options.metrics)
  }

  /**
   * Opens the directories. Rejects with MetaPropertiesError, before anything is changed, when one
   * is not ours; directories that cannot be read are offline from the start.
   */
  static async open(options: LogsOptions): Promise<Logs> {
    const { platform, config } = options
    const logger = options.logger.named('kafka.log.LogManager')
    const context = new LogContext({
      platform,
      logger,
      producerIdExpirationMs: config.get('producer.id.expiration.ms'),
    })
    const opened = await openDirectories(context, { ...options, logger })
    const logs = new Logs({ ...options, logger }, context, opened.directories)
    for (const { directory, loaded } of opened.loads) {
      for (const log of loaded.current) {
        logs.#adopt(logs.#current, directory, log)
        // Else a checkpoint that comes before its leader would forget it (KAFKA-1647).
        log.updateHighWatermark(directory.highWatermarks.get(log.topic, log.partition) ?? 0)
      }
      for (const log of loaded.future) logs.#adopt(logs.#future, directory, log)
      for (const path of loaded.deleted) logs.#removal.add(path, 0)
    }
    return logs
  }

  get(topic: string, partition: number): Log | undefined {
    return this.#current.get(topic, partition)
  }

  /** The log being copied to another directory. */
  getFuture(topic: string, partition: number): Log | undefined {
    return this.#future.get(topic, partition)
  }

  /** Throws KafkaError KAFKA_STORAGE_ERROR. */
  getOrCreate(
    topic: string,
    partition: number,
    topicId: string | undefined,
    options: CreateOptions = {},
  ): Log {
    const known = this.get(topic, partition)
    if (known !== undefined) return known
    if (options.isNew !== true && this.offlineDirectories.length > 0) {
      throw storageError(`${topic}-${partition} may lie in a log directory that is offline`)
    }
    const directory = this.#chooseDirectory(options.directory ?? this.#takeWish(topic, partition))
    const path = join(directory.path, partitionDirectoryName(topic, partition))
    return this.#create(this.#current, directory, path, { topic, partition, topicId })
  }

  /** 0, LOG_DIR_NOT_FOUND or KAFKA_STORAGE_ERROR: whether partitions can be put there. */
  checkDirectory(path: string): number {
    const found = this.#directories.find((it) => resolve(it.path) === resolve(path))
    if (found === undefined) return Errors.LOG_DIR_NOT_FOUND
    return found.isOffline ? Errors.KAFKA_STORAGE_ERROR : Errors.NONE
  }

  /** Whether the log lies in that one of the `log.dirs`. */
  liesIn(log: Log, directory: string): boolean {
    return dirname(resolve(log.directory)) === resolve(directory)
  }

  /** The partition, when it comes to this broker, is to lie in this directory. */
  wishDirectory(topic: string, partition: number, directory: string): void {
    const name = partitionDirectoryName(topic, partition)
    this.#wishes.delete(name)
    this.#wishes.set(name, directory)
    const [oldest] = this.#wishes.keys()
    if (this.#wishes.size > MAX_WISHES && oldest !== undefined) this.#wishes.delete(oldest)
  }

  #takeWish(topic: string, partition: number): string | undefined {
    const name = partitionDirectoryName(topic, partition)
    const wish = this.#wishes.get(name)
    this.#wishes.delete(name)
    return wish !== undefined && this.checkDirectory(wish) === Errors.NONE ? wish : undefined
  }

  /** Begins a copy in another directory. Throws KafkaError. */
  createFuture(topic: string, partition: number, directory: string): Log {
    const current = this.get(topic, partition)
    if (current === undefined) throw new KafkaError(Errors.NOT_LEADER_OR_FOLLOWER)
    const target = this.#chooseDirectory(directory)
    const unique = randomName(this.#context.platform.random)
    const path = join(target.path, suffixedDirectoryName(topic, partition, unique, 'future'))
    const { topicId } = current
    return this.#create(this.#future, target, path, { topic, partition, topicId })
  }

  /**
   * The copy holds all that the current log holds, and takes its place at once: no append may come
   * between. The old directory goes as deleted ones do. A crash may leave both: see
   * `settleDuplicates`. Throws KafkaError.
   */
  promoteFuture(topic: string, partition: number): Log {
    const future = this.#future.get(topic, partition)
    const directory = future && this.#directoryOf(future)
    const current = this.get(topic, partition)
    const source = current && this.#directoryOf(current)
    if (!future || !directory || !current || !source) {
      throw new KafkaError(Errors.REPLICA_NOT_AVAILABLE)
    }
    const path = join(directory.path, partitionDirectoryName(topic, partition))
    this.#guarded(directory, () => {
      if (this.#context.platform.disk.statSync(path) !== undefined) {
        throw new KafkaError(Errors.REPLICA_NOT_AVAILABLE, `${path} is still being removed`)
      }
      this.#context.platform.disk.renameSync(future.directory, path)
      this.#context.platform.disk.syncDirectorySync(directory.path)
    })
    future.movedTo(path)
    this.#future.delete(topic, partition)
    this.#current.set(future)
    const cleaned = source.cleanerOffsets.get(topic, partition)
    if (cleaned !== undefined) directory.cleanerOffsets.set(topic, partition, cleaned)
    this.#discard(source, current).catch((error: unknown) => {
      this.#logger.error(`Cannot remove ${current.directory}, which has moved to ${path}`, error)
    })
    return future
  }

  /** Renames the directory at once; its files go after `file.delete.delay.ms`. */
  async delete(topic: string, partition: number): Promise<void> {
    await this.#remove(this.#current, topic, partition)
  }

  async deleteFuture(topic: string, partition: number): Promise<void> {
    await this.#remove(this.#future, topic, partition)
  }

  all(): Iterable<Log> {
    return this.#current.all()
  }

  /** Memory of reads (`ReadResult.lent`) whose segments nobody looks at any more. */
  giveBack(lent: readonly Buffer[]): void {
    for (const buffer of lent) this.#context.readMemory.giveBack(buffer)
  }

  get size(): number {
    return this.#current.size
  }

  get liveDirectories(): readonly string[] {
    return this.#directories.filter(({ isOffline }) => !isOffline).map(({ path }) => path)
  }

  get offlineDirectories(): readonly string[] {
    return this.#directories.filter(({ isOffline }) => isOffline).map(({ path }) => path)
  }

  onDirectoryFailure(listener: FailureListener): void {
    this.#listeners.push(listener)
  }

  /** As found at the start; the log start when the partition was not named. */
  highWatermarkCheckpoint(topic: string, partition: number): number {
    const log = this.get(topic, partition)
    const directory = log && this.#directoryOf(log)
    const offset = directory?.highWatermarks.get(topic, partition)
    return offset ?? log?.logStartOffset ?? 0
  }

  checkpointHighWatermarks(): Promise<void> {
    return this.#schedule.checkpointHighWatermarks()
  }

  /** Applies the topic's settings, which have changed, to its open logs. */
  updateTopicConfig(topic: string): void {
    const config = this.#topicConfig(topic)
    for (const log of this.#current.ofTopic(topic)) log.updateConfig(config)
    for (const log of this.#future.ofTopic(topic)) log.updateConfig(config)
  }

  /** Applies changed settings of the broker, which are defaults of its topics too. */
  updateBrokerConfig(config: BrokerConfig): void {
    this.#config = config
    this.#cleaner.updateConfig(config)
    this.#context.producerIdExpirationMs = config.get('producer.id.expiration.ms')
    for (const topic of new Set([...this.#current.topics(), ...this.#future.topics()])) {
      this.updateTopicConfig(topic)
    }
  }

  async describeDirectories(): Promise<LogDirectoryDescription[]> {
    const { disk } = this.#context.platform
    const spaces = await Promise.all(
      this.#directories.map(async ({ path, isOffline }) =>
        isOffline ? undefined : await disk.space(path).catch(() => undefined),
      ),
    )
    return this.#directories.map(({ path, isOffline, logs }, index) => ({
      path,
      error: isOffline ? Errors.KAFKA_STORAGE_ERROR : Errors.NONE,
      space: isOffline ? undefined : spaces[index],
      logs: isOffline ? [] : Array.from(logs, (log) => this.#describe(log)),
    }))
  }

  /** Begins retention, flushes, checkpoints and compaction. */
  start(): void {
    this.#schedule.start(this.#config)
    if (this.#config.get('log.cleaner.enable')) this.#cleaner.start()
  }

  /** Closes all logs and marks the directories as cleanly left. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#schedule.stop()
    this.#removal.close()
    await this.#cleaner.stop()
    await Promise.all(this.#directories.map((directory) => this.#closeDirectory(directory)))
  }

  async #closeDirectory(directory: LogDirectory): Promise<void> {
    let isClean = true
    try {
      await closeLogs(this.#context.platform.disk, directory.path, directory.logs)
      isClean = [...directory.logs].every((log) => !log.hasFailed)
      await directory.end(isClean && !directory.isOffline)
    } catch (error) {
      this.#logger.error(`${directory.path} was not left in order`, error)
      await directory.release()
    }
  }

  #create(
    map: LogMap,
    directory: LogDirectory,
    path: string,
    { topic, partition, topicId }: TopicPartition & { readonly topicId: string | undefined },
  ): Log {
    const config = this.#topicConfig(topic)
    const log = this.#guarded(directory, () =>
      Log.create(this.#context, { topic, partition, topicId, directory: path, config }),
    )
    this.#adopt(map, directory, log)
    return log
  }

  #adopt(map: LogMap, directory: LogDirectory, log: Log): void {
    map.set(log)
    directory.logs.add(log)
    log.owner = {
      onFailure: (error) => this.#takeOffline(directory, error),
      onRecoveryPointLowered: () => lowered(directory, log),
      onLogStartMoved: () => directory.checkpointLogStarts(),
    }
  }

  async #remove(map: LogMap, topic: string, partition: number): Promise<void> {
    const log = map.get(topic, partition)
    const directory = log && this.#directoryOf(log)
    if (log === undefined || directory === undefined) return
    map.delete(topic, partition)
    await this.#discard(directory, log)
  }

  async #discard(directory: LogDirectory, log: Log): Promise<void> {
    const { topic, partition } = log
    directory.logs.delete(log)
    directory.cleanerOffsets.delete(topic, partition)
    await log.abandon()
    const unique = randomName(this.#context.platform.random)
    const name = suffixedDirectoryName(topic, partition, unique, 'delete')
    const path = join(directory.path, name)
    this.#guarded(directory, () => {
      this.#context.platform.disk.renameSync(log.directory, path)
    })
    log.movedTo(path)
    this.#removal.add(path, log.config.fileDeleteDelayMs)
  }

  #chooseDirectory(wanted: string | undefined): LogDirectory {
    const live = this.#directories.filter(({ isOffline }) => !isOffline)
    if (wanted !== undefined) {
      const chosen = live.find(({ path }) => resolve(path) === resolve(wanted))
      if (chosen !== undefined) return chosen
      throw new KafkaError(Errors.LOG_DIR_NOT_FOUND, `${wanted} is not an online log directory`)
    }
    const [chosen] = live.toSorted((a, b) => a.logs.size - b.logs.size)
    if (chosen === undefined) throw storageError('all log directories are offline')
    return chosen
  }

  #directoryOf(log: Log): LogDirectory | undefined {
    const path = dirname(log.directory)
    return this.#directories.find((directory) => directory.path === path)
  }

  /** A disk error takes the directory offline, and becomes KAFKA_STORAGE_ERROR. */
  #guarded<T>(directory: LogDirectory, work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (error instanceof KafkaError) throw error
      this.#takeOffline(directory, error)
      throw storageError(`${directory.path} is offline`)
    }
  }

  #takeOffline(directory: LogDirectory, error: unknown): void {
    if (directory.isOffline) return
    directory.isOffline = true
    this.#logger.error(`${directory.path} failed and is offline, with all its partitions`, error)
    const lost: TopicPartition[] = []
    for (const log of directory.logs) {
      log.fail(error)
      if (this.#future.get(log.topic, log.partition) === log) {
        this.#future.delete(log.topic, log.partition)
        continue
      }
      this.#current.delete(log.topic, log.partition)
      lost.push({ topic: log.topic, partition: log.partition })
    }
    for (const listener of this.#listeners) listener(directory.path, lost)
  }

  #describe(log: Log): LogDirectoryDescription['logs'][number] {
    const { topic, partition, sizeBytes, logEndOffset } = log
    return {
      topic,
      partition,
      sizeBytes,
      logEndOffset,
      isFuture: this.#future.get(topic, partition) === log,
    }
  }
}

const MAX_WISHES = 100_000

/** What is cut off was not cleaned either. */
async function lowered(directory: LogDirectory, log: Log): Promise<void> {
  const { topic, partition, recoveryPoint } = log
  if ((directory.cleanerOffsets.get(topic, partition) ?? 0) > recoveryPoint) {
    directory.cleanerOffsets.set(topic, partition, recoveryPoint)
    await directory.checkpointCleanerOffsets()
  }
  await directory.checkpointRecoveryPoints()
}

function storageError(message: string): KafkaError {
  return new KafkaError(Errors.KAFKA_STORAGE_ERROR, message)
}
