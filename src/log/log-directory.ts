// One of the `log.dirs`: who owns it, its checkpoints, its mark of a clean stop, and whether it
// still works. Nothing in it changes before it is known to be ours.
import { dirname, join } from 'node:path'
import type { DiskLock } from '../platform/disk.ts'
import type { Platform } from '../platform/platform.ts'
import type { Logger } from '../telemetry/logger.ts'
import { isDiskError, readFileIfPresent, replaceFileSync } from './atomic-file.ts'
import { CheckpointFormatError, PartitionOffsets } from './checkpoint-file.ts'
import { CheckpointWriter } from './checkpoint-writer.ts'
import type { Log } from './log.ts'
import {
  formatMetaProperties,
  MetaPropertiesError,
  parseMetaProperties,
} from './meta-properties.ts'
import type { MetaProperties } from './meta-properties.ts'

const META_PROPERTIES = 'meta.properties'
const LOCK = '.lock'
const CLEAN_SHUTDOWN = '.kafka_cleanshutdown'
const CLEAN_SHUTDOWN_CONTENT = '{"version":0,"brokerEpoch":-1}'
const RECOVERY_POINTS = 'recovery-point-offset-checkpoint'
const LOG_STARTS = 'log-start-offset-checkpoint'
const HIGH_WATERMARKS = 'replication-offset-checkpoint'
const CLEANER_OFFSETS = 'cleaner-offset-checkpoint'

export class LogDirectory {
  readonly path: string
  /** Logs whose directories lie here. */
  readonly logs = new Set<Log>()
  /** As found at the start; afterwards the logs themselves know. */
  recoveryPoints = new PartitionOffsets()
  logStarts = new PartitionOffsets()
  highWatermarks = new PartitionOffsets()
  /** Up to where the cleaner has come. */
  cleanerOffsets = new PartitionOffsets()
  hadCleanShutdown = false
  /** Every log in it has been loaded. */
  isLoaded = false
  isOffline = false
  readonly #platform: Platform
  readonly #logger: Logger
  #lock: DiskLock | undefined
  readonly #recoveryWriter: CheckpointWriter
  readonly #startWriter: CheckpointWriter
  readonly #highWatermarkWriter: CheckpointWriter
  readonly #cleanerWriter: CheckpointWriter

  constructor(platform: Platform, logger: Logger, path: string) {
    this.path = path
    this.#platform = platform
    this.#logger = logger
    const writer = (name: string, content: () => PartitionOffsets) =>
      new CheckpointWriter(platform.disk, join(path, name), () => content().format())
    this.#recoveryWriter = writer(RECOVERY_POINTS, () => this.#recoveryPointsNow())
    this.#startWriter = writer(LOG_STARTS, () => this.#logStartsNow())
    this.#highWatermarkWriter = writer(HIGH_WATERMARKS, () => this.#highWatermarksNow())
    this.#cleanerWriter = writer(CLEANER_OFFSETS, () => this.cleanerOffsets)
  }

  /** Undefined when the directory has none yet. Throws MetaPropertiesError. */
  readMetaProperties(): MetaProperties | undefined {
    const path = join(this.path, META_PROPERTIES)
    const bytes = readFileIfPresent(this.#platform.disk, path)
    return bytes === undefined ? undefined : parseMetaProperties(bytes.toString(), path)
  }

  /** Also makes the directory's own name durable, and those above it. */
  writeMetaProperties(brokerId: number, clusterId: string): void {
    const content = formatMetaProperties(brokerId, clusterId, this.#platform.clock.nowMs())
    replaceFileSync(this.#platform.disk, join(this.path, META_PROPERTIES), content, {
      durable: true,
    })
    for (let child = this.path; child !== dirname(child); child = dirname(child)) {
      try {
        this.#platform.disk.syncDirectorySync(dirname(child))
      } catch {
        // Not ours to sync: it was there before.
        return
      }
    }
  }

  async lock(): Promise<void> {
    try {
      this.#lock = await this.#platform.disk.lock(join(this.path, LOCK))
    } catch (error) {
      if (!isDiskError(error, 'ELOCKED')) throw error
      throw new MetaPropertiesError(
        `${this.path} is in use by another process: stop it, or name another directory in log.dirs`,
      )
    }
  }

  /** Takes away the mark of a clean stop, and reads the checkpoints. */
  begin(): void {
    const { disk } = this.#platform
    const mark = join(this.path, CLEAN_SHUTDOWN)
    this.hadCleanShutdown = disk.statSync(mark) !== undefined
    if (this.hadCleanShutdown) {
      disk.removeSync(mark)
      disk.syncDirectorySync(this.path)
    }
    this.recoveryPoints = this.#readOffsets(RECOVERY_POINTS)
    this.logStarts = this.#readOffsets(LOG_STARTS)
    this.highWatermarks = this.#readOffsets(HIGH_WATERMARKS)
    this.cleanerOffsets = this.#readOffsets(CLEANER_OFFSETS)
  }

  checkpointRecoveryPoints(): Promise<void> {
    return this.#recoveryWriter.write()
  }

  checkpointLogStarts(): Promise<void> {
    return this.#startWriter.write()
  }

  checkpointHighWatermarks(): Promise<void> {
    return this.#highWatermarkWriter.write()
  }

  checkpointCleanerOffsets(): Promise<void> {
    return this.#cleanerWriter.write()
  }

  /** Writes all checkpoints, then the mark that makes the next start believe them. */
  async end(isClean: boolean): Promise<void> {
    if (!this.isOffline && this.isLoaded) {
      await this.checkpointRecoveryPoints()
      await this.checkpointLogStarts()
      await this.checkpointHighWatermarks()
      if (isClean) {
        const mark = join(this.path, CLEAN_SHUTDOWN)
        replaceFileSync(this.#platform.disk, mark, CLEAN_SHUTDOWN_CONTENT, { durable: true })
      }
    }
    await this.release()
  }

  async release(): Promise<void> {
    const lock = this.#lock
    this.#lock = undefined
    await lock?.release()
  }

  #readOffsets(name: string): PartitionOffsets {
    const path = join(this.path, name)
    const bytes = readFileIfPresent(this.#platform.disk, path)
    if (bytes === undefined) return new PartitionOffsets()
    try {
      return PartitionOffsets.parse(bytes.toString())
    } catch (error) {
      if (!(error instanceof CheckpointFormatError)) throw error
      this.#logger.warn(`${path} is damaged (${error.message}): taken as empty`)
      return new PartitionOffsets()
    }
  }

  #recoveryPointsNow(): PartitionOffsets {
    return this.#offsetsNow((log) => log.recoveryPoint)
  }

  #highWatermarksNow(): PartitionOffsets {
    return this.#offsetsNow((log) => log.highWatermark)
  }

  /** Only starts that the names of the files do not tell. */
  #logStartsNow(): PartitionOffsets {
    return this.#offsetsNow((log) => (log.needsStartCheckpoint ? log.logStartOffset : undefined))
  }

  #offsetsNow(offsetOf: (log: Log) => number | undefined): PartitionOffsets {
    const offsets = new PartitionOffsets()
    for (const log of this.logs) {
      const offset = offsetOf(log)
      if (offset !== undefined) offsets.set(log.topic, log.partition, offset)
    }
    return offsets
  }
}
