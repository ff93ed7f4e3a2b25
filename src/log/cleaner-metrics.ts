// What compaction tells of itself, under the names of Kafka's cleaner and its manager.
import type { Clock } from '../platform/clock.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { CleanResult } from './clean-log.ts'
import type { LogDirectory } from './log-directory.ts'
import type { Log } from './log.ts'

export interface MeasuredCleaning {
  directories(): Iterable<LogDirectory>
  directoryOf(log: Log): LogDirectory | undefined
}

export class CleanerMetrics {
  readonly #clock: Clock
  readonly #logs: MeasuredCleaning
  readonly #uncleanable: ReadonlySet<Log>
  #lastRunMs = 0
  #maxRatio = 0
  #maxDelayMs = 0
  #lastCleanMs = 0
  #recopyPercent = 0
  #mapPercent = 0

  constructor(clock: Clock, logs: MeasuredCleaning, uncleanable: ReadonlySet<Log>) {
    this.#clock = clock
    this.#logs = logs
    this.#uncleanable = uncleanable
  }

  onRun(): void {
    this.#lastRunMs = this.#clock.nowMs()
  }

  /** Of the logs that could be cleaned: the dirtiest, and the one that waits for the longest. */
  onChoice(maxRatio: number, maxDelayMs: number): void {
    this.#maxRatio = maxRatio
    this.#maxDelayMs = maxDelayMs
  }

  onCleaned({ bytesRead, bytesWritten, mapLoad }: CleanResult, tookMs: number): void {
    this.#lastCleanMs = tookMs
    this.#recopyPercent = bytesRead === 0 ? 0 : (100 * bytesWritten) / bytesRead
    this.#mapPercent = 100 * mapLoad
  }

  register(metrics: Metrics): void {
    const cleaner = 'kafka_log_logcleaner_'
    const manager = 'kafka_log_logcleanermanager_'
    metrics.gauge(`${cleaner}cleaner_recopy_percent`, {}, () => this.#recopyPercent)
    metrics.gauge(`${cleaner}max_buffer_utilization_percent`, {}, () => this.#mapPercent)
    metrics.gauge(`${cleaner}max_clean_time_secs`, {}, () => this.#lastCleanMs / 1000)
    metrics.gauge(`${cleaner}max_compaction_delay_secs`, {}, () => this.#maxDelayMs / 1000)
    // A thread that dies is replaced.
    metrics.gauge(`${cleaner}deadthreadcount`, {}, () => 0)
    metrics.gauge(`${manager}max_dirty_percent`, {}, () => this.#maxRatio * 100)
    metrics.gauge(`${manager}time_since_last_run_ms`, {}, () =>
      this.#lastRunMs === 0 ? 0 : this.#clock.nowMs() - this.#lastRunMs,
    )
    this.#perDirectory(metrics, `${manager}uncleanable_partitions_count`, () => 1)
    this.#perDirectory(metrics, `${manager}uncleanable_bytes`, (log) => log.sizeBytes)
  }

  #perDirectory(metrics: Metrics, name: string, valueOf: (log: Log) => number): void {
    metrics.collect(name, 'gauge', (sample) => {
      const sums = new Map<string, number>()
      for (const { path, isOffline } of this.#logs.directories()) if (!isOffline) sums.set(path, 0)
      for (const log of this.#uncleanable) {
        const path = this.#logs.directoryOf(log)?.path
        if (path !== undefined) sums.set(path, (sums.get(path) ?? 0) + valueOf(log))
      }
      for (const [logDirectory, sum] of sums) sample({ logDirectory }, sum)
    })
  }
}
