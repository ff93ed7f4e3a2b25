// What happens to the logs of a broker from time to time: retention, flushes, checkpoints, expiry
// of producers. Many logs are gone through in slices, so that the event loop is not held up.
import type { BrokerConfig } from '../config/broker-config.ts'
import type { Clock, Timer } from '../platform/clock.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { LogDirectory } from './log-directory.ts'
import type { Log } from './log.ts'

/** Work between two turns of the event loop. */
const SLICE_MS = 3
/** What a timer can wait; longer intervals never come. */
const MAX_TIMER_MS = 2 ** 31 - 1

export interface ScheduledLogs {
  all(): Iterable<Log>
  directories(): Iterable<LogDirectory>
  /** A checkpoint could not be written. */
  onDirectoryError(directory: LogDirectory, error: unknown): void
}

export class LogSchedule {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #logs: ScheduledLogs
  readonly #timers = new Map<string, Timer>()
  #stopped = false

  constructor(clock: Clock, logger: Logger, logs: ScheduledLogs) {
    this.#clock = clock
    this.#logger = logger
    this.#logs = logs
  }

  start(config: BrokerConfig): void {
    const initialMs = config.get('log.initial.task.delay.ms')
    this.#every('retention', config.get('log.retention.check.interval.ms'), initialMs, () =>
      this.#forEachLog((log) => this.#retain(log)),
    )
    this.#every('flush', config.get('log.flush.scheduler.interval.ms'), initialMs, () =>
      this.#forEachLog((log) => this.#flush(log)),
    )
    this.#every('producers', config.get('producer.id.expiration.check.interval.ms'), 0, () =>
      this.#forEachLog((log) => log.expireProducers(this.#clock.nowMs())),
    )
    const recoveryMs = config.get('log.flush.offset.checkpoint.interval.ms')
    this.#every('recovery points', recoveryMs, initialMs, () =>
      this.#forEachDirectory((directory) => directory.checkpointRecoveryPoints()),
    )
    this.#every('topic ids', recoveryMs, initialMs, () => this.#syncTopicIds())
    const startMs = config.get('log.flush.start.offset.checkpoint.interval.ms')
    this.#every('log starts', startMs, initialMs, () =>
      this.#forEachDirectory((directory) => directory.checkpointLogStarts()),
    )
    const highWatermarkMs = config.get('replica.high.watermark.checkpoint.interval.ms')
    this.#every('high watermarks', highWatermarkMs, 0, () => this.checkpointHighWatermarks())
  }

  checkpointHighWatermarks(): Promise<void> {
    return this.#forEachDirectory((directory) => directory.checkpointHighWatermarks())
  }

  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers.values()) timer.cancel()
  }

  #every(name: string, everyMs: number, firstMs: number, work: () => Promise<void>): void {
    if (everyMs > MAX_TIMER_MS) return
    const arm = (delayMs: number): void => {
      if (this.#stopped) return
      const timer = this.#clock.setTimer(delayMs, () => {
        work()
          .catch((error: unknown) => this.#logger.error(`The ${name} task failed`, error))
          .finally(() => arm(everyMs))
          .catch(() => {})
      })
      this.#timers.set(name, timer)
    }
    arm(firstMs > 0 ? firstMs : everyMs)
  }

  async #forEachLog(visit: (log: Log) => void): Promise<void> {
    let startedMs = this.#clock.monotonicMs()
    for (const log of this.#logs.all()) {
      if (this.#stopped) return
      if (!log.hasFailed) visit(log)
      if (this.#clock.monotonicMs() - startedMs < SLICE_MS) continue
      await this.#breathe()
      startedMs = this.#clock.monotonicMs()
    }
  }

  async #forEachDirectory(write: (directory: LogDirectory) => Promise<void>): Promise<void> {
    for (const directory of this.#logs.directories()) {
      if (directory.isOffline) continue
      try {
        await write(directory)
      } catch (error) {
        this.#logs.onDirectoryError(directory, error)
      }
    }
  }

  async #syncTopicIds(): Promise<void> {
    for (const log of this.#logs.all()) {
      if (this.#stopped) return
      if (!log.hasFailed) await log.syncTopicId()
    }
  }

  #breathe(): Promise<void> {
    return new Promise((resolve) => this.#clock.defer(resolve))
  }

  #retain(log: Log): void {
    const removed = log.applyRetention(this.#clock.nowMs())
    if (removed === 0) return
    this.#logger.info(`Removed ${removed} segments of ${log.topic}-${log.partition}`)
  }

  #flush(log: Log): void {
    if (log.unflushedForMs(this.#clock.nowMs()) < log.config.flushMs) return
    // A failure takes the log offline by itself.
    log.flush().catch(() => {})
  }
}
