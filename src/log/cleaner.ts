// Compaction of all logs of a broker: takes the dirtiest first, one at a time, in small steps
// between which the event loop runs, at most as fast as `log.cleaner.io.max.bytes.per.second`.
import type { BrokerConfig } from '../config/broker-config.ts'
import { sleep } from '../platform/clock.ts'
import type { Clock, Timer } from '../platform/clock.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { CleaningAborted } from './clean-log.ts'
import type { CleanResult } from './clean-log.ts'
import type { Dirtiness } from './dirtiness.ts'
import type { LogDirectory } from './log-directory.ts'
import type { Log } from './log.ts'

/** Work between two turns of the event loop. */
const SLICE_MS = 3
const MIN_MAP_BYTES = 64 * 1024

export interface CleanedLogs {
  all(): Iterable<Log>
  directoryOf(log: Log): LogDirectory | undefined
  onDirectoryError(directory: LogDirectory, error: unknown): void
}

interface Candidate {
  readonly log: Log
  readonly directory: LogDirectory
  readonly dirtiness: Dirtiness
}

export class LogCleaner {
  readonly #clock: Clock
  readonly #logger: Logger
  #config: BrokerConfig
  readonly #logs: CleanedLogs
  /** Logs that failed to be cleaned: left alone until they are opened again. */
  readonly #uncleanable = new Set<Log>()
  #timer: Timer | undefined
  #isStopped = false
  #sliceStartMs = 0
  #lastRunMs = 0
  #maxRatio = 0
  #lastCleanMs = 0
  #recopyPercent = 0

  constructor(
    platform: { readonly clock: Clock },
    logger: Logger,
    config: BrokerConfig,
    logs: CleanedLogs,
  ) {
    this.#clock = platform.clock
    this.#logger = logger.named('kafka.log.LogCleaner')
    this.#config = config
    this.#logs = logs
  }

  updateConfig(config: BrokerConfig): void {
    this.#config = config
  }

  register(metrics: Metrics): void {
    const cleaner = 'kafka_log_logcleaner_'
    const manager = 'kafka_log_logcleanermanager_'
    metrics.gauge(`${cleaner}cleaner_recopy_percent`, {}, () => this.#recopyPercent)
    metrics.gauge(`${cleaner}max_clean_time_secs`, {}, () => this.#lastCleanMs / 1000)
    metrics.gauge(`${cleaner}deadthreadcount`, {}, () => 0)
    metrics.gauge(`${manager}max_dirty_percent`, {}, () => this.#maxRatio * 100)
    metrics.gauge(`${manager}time_since_last_run_ms`, {}, () =>
      this.#lastRunMs === 0 ? 0 : this.#clock.nowMs() - this.#lastRunMs,
    )
    const perDirectory = (name: string, valueOf: (log: Log) => number): void => {
      metrics.collect(`${manager}${name}`, 'gauge', (sample) => {
        const sums = new Map<string, number>()
        for (const log of this.#uncleanable) {
          const path = this.#logs.directoryOf(log)?.path
          if (path !== undefined) sums.set(path, (sums.get(path) ?? 0) + valueOf(log))
        }
        for (const [path, sum] of sums) sample({ logDirectory: path }, sum)
      })
    }
    perDirectory('uncleanable_partitions_count', () => 1)
    perDirectory('uncleanable_bytes', (log) => log.sizeBytes)
  }

  start(): void {
    this.#arm(this.#config.get('log.cleaner.backoff.ms'))
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  /** Cleans the dirtiest log that is due. False when none is. */
  async cleanOne(): Promise<boolean> {
    const candidate = await this.#choose()
    if (candidate === undefined) return false
    const { log, directory, dirtiness } = candidate
    const name = `${log.topic}-${log.partition}`
    const startedMs = this.#clock.monotonicMs()
    try {
      const result = await log.clean(dirtiness, {
        maxMapBytes: this.#mapBytes(),
        pause: (bytes) => this.#pause(bytes),
      })
      this.#note(result, this.#clock.monotonicMs() - startedMs)
      this.#logger.info(
        `Compacted ${name} up to offset ${result.endOffset}: ` +
          `${result.bytesRead} bytes read, ${result.bytesWritten} written`,
      )
      directory.cleanerOffsets.set(log.topic, log.partition, result.endOffset)
    } catch (error) {
      if (error instanceof CleaningAborted || log.hasFailed || this.#isStopped) return true
      this.#uncleanable.add(log)
      this.#logger.error(`${name} cannot be compacted, and is left as it is`, error)
      return true
    }
    await this.#checkpoint(directory)
    return true
  }

  #arm(delayMs: number): void {
    if (this.#isStopped) return
    this.#timer = this.#clock.setTimer(delayMs, () => {
      this.#run().catch((error: unknown) => this.#logger.error('Compaction stopped', error))
    })
  }

  async #run(): Promise<void> {
    this.#lastRunMs = this.#clock.nowMs()
    while (!this.#isStopped && (await this.cleanOne())) await this.#breathe()
    this.#arm(this.#config.get('log.cleaner.backoff.ms'))
  }

  async #choose(): Promise<Candidate | undefined> {
    const nowMs = this.#clock.nowMs()
    let best: Candidate | undefined
    this.#maxRatio = 0
    for (const log of this.#logs.all()) {
      if (!log.config.cleanupPolicy.compact || log.hasFailed) continue
      if (this.#uncleanable.has(log)) continue
      const directory = this.#logs.directoryOf(log)
      if (directory === undefined || directory.isOffline) continue
      const cleanedUpTo = directory.cleanerOffsets.get(log.topic, log.partition) ?? 0
      const dirtiness = log.dirtiness(cleanedUpTo, nowMs)
      this.#maxRatio = Math.max(this.#maxRatio, dirtiness.ratio)
      const isBetter = dirtiness.isDue && dirtiness.ratio > (best?.dirtiness.ratio ?? -1)
      if (isBetter) best = { log, directory, dirtiness }
      await this.#pauseIfLong()
    }
    return best
  }

  #mapBytes(): number {
    const threads = Math.max(1, this.#config.get('log.cleaner.threads'))
    return Math.max(MIN_MAP_BYTES, this.#config.get('log.cleaner.dedupe.buffer.size') / threads)
  }

  async #checkpoint(directory: LogDirectory): Promise<void> {
    try {
      await directory.checkpointCleanerOffsets()
    } catch (error) {
      this.#logs.onDirectoryError(directory, error)
    }
  }

  #note(result: CleanResult, tookMs: number): void {
    this.#lastCleanMs = tookMs
    this.#recopyPercent =
      result.bytesRead === 0 ? 0 : (100 * result.bytesWritten) / result.bytesRead
  }

  /** Keeps within the bytes allowed per second, and gives way to the event loop. */
  async #pause(bytes: number): Promise<void> {
    const perSecond = this.#config.get('log.cleaner.io.max.bytes.per.second')
    const waitMs = (bytes / perSecond) * 1000
    if (waitMs >= 1) {
      await sleep(this.#clock, waitMs)
      this.#sliceStartMs = this.#clock.monotonicMs()
      return
    }
    await this.#pauseIfLong()
  }

  async #pauseIfLong(): Promise<void> {
    if (this.#clock.monotonicMs() - this.#sliceStartMs >= SLICE_MS) await this.#breathe()
  }

  async #breathe(): Promise<void> {
    await new Promise<void>((resolve) => this.#clock.defer(resolve))
    this.#sliceStartMs = this.#clock.monotonicMs()
  }
}
