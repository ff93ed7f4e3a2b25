// What a start would do with a log directory: it is really done, on a disk that forgets it.
import { basename } from 'node:path'
import { BrokerConfig } from '../config/broker-config.ts'
import { resolveTopicConfig } from '../config/topic-config.ts'
import type { Platform } from '../platform/platform.ts'
import { silentLogger, type Logger } from '../telemetry/logger.ts'
import { LOG_SUFFIX, offsetOfFile, parsePartitionDirectory } from './file-names.ts'
import { LogContext } from './log-context.ts'
import { LogDirectory } from './log-directory.ts'
import { Log } from './log.ts'
import { type Fate, TrialDisk } from './trial-disk.ts'

const INTERNAL_TOPICS = ['__consumer_offsets', '__transaction_state']

export interface PartitionTrial {
  readonly logStartOffset: number
  readonly logEndOffset: number
  /** What a start says about it. */
  readonly warnings: readonly string[]
  /** Why the partition, and its log directory with it, cannot be used. */
  readonly failure: string | undefined
}

export class TrialStart {
  readonly disk: TrialDisk
  /** The broker had stopped in order: logs are believed, but for their ends. */
  readonly hadCleanShutdown: boolean
  readonly #context: LogContext
  readonly #directory: LogDirectory
  #warnings: string[] = []

  constructor(platform: Platform, path: string) {
    this.disk = new TrialDisk(platform.disk)
    const warn = (line: string) => void this.#warnings.push(line)
    const logger: Logger = { ...silentLogger, warn, error: warn, named: () => logger }
    const { clock, network, random, worker } = platform
    const trial = { clock, network, random, worker, disk: this.disk }
    this.#context = new LogContext({ platform: trial, logger })
    this.#directory = new LogDirectory(trial, logger, path)
    this.#directory.begin()
    this.hadCleanShutdown = this.#directory.hadCleanShutdown
  }

  recoveryPoint(path: string): number {
    const { topic, partition } = this.#partitionAt(path)
    return this.#directory.recoveryPoints.get(topic, partition) ?? 0
  }

  /** The segment is gone through batch by batch, and gets new indexes. */
  recovers(path: string, baseOffset: number, names: readonly string[]): boolean {
    if (this.hadCleanShutdown) return false
    const from = this.recoveryPoint(path)
    const bases = names.flatMap((name) => offsetOfFile(name, LOG_SUFFIX) ?? [])
    const first = Math.max(Math.min(...bases), ...bases.filter((base) => base <= from))
    return baseOffset >= first
  }

  /** The cleaner has been there: offsets may be missing. */
  wasCompacted(path: string): boolean {
    const { topic, partition } = this.#partitionAt(path)
    return (
      INTERNAL_TOPICS.includes(topic) ||
      this.#directory.cleanerOffsets.get(topic, partition) !== undefined
    )
  }

  async load(path: string): Promise<PartitionTrial> {
    const { topic, partition } = this.#partitionAt(path)
    this.#warnings = []
    const config = resolveTopicConfig(BrokerConfig.parse(SETTINGS))
    try {
      const log = await Log.load(this.#context, {
        topic,
        partition,
        directory: path,
        config,
        recoveryPoint: this.recoveryPoint(path),
        logStartOffset: this.#directory.logStarts.get(topic, partition) ?? 0,
        hadCleanShutdown: this.hadCleanShutdown,
        wasCompacted: this.wasCompacted(path),
      })
      const { logStartOffset, logEndOffset } = log
      await log.abandon()
      return { logStartOffset, logEndOffset, warnings: this.#warnings, failure: undefined }
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error)
      return { logStartOffset: 0, logEndOffset: 0, warnings: this.#warnings, failure }
    }
  }

  fateOf(path: string): Fate {
    return this.disk.fateOf(path)
  }

  #partitionAt(path: string): { topic: string; partition: number } {
    const parsed = parsePartitionDirectory(basename(path))
    return parsed ?? { topic: basename(path), partition: 0 }
  }
}

const SETTINGS = new Map([['zookeeper.connect', 'nowhere:2181']])
