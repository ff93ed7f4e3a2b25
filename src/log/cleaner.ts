// Compaction of all logs of a broker: takes the dirtiest first, as many at a time as
// `log.cleaner.threads` says, together at most as fast as `log.cleaner.io.max.bytes.per.second`.
// The work itself is done by worker threads; here is only what is to be done next.
import type { BrokerConfig } from '../config/broker-config.ts'
import type { Clock, Timer } from '../platform/clock.ts'
import { isDiskError } from '../platform/disk-error.ts'
import { WorkerLost } from '../platform/worker.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { CleanControl } from './clean-control.ts'
import { CleaningAborted } from './clean-log.ts'
import { CleanerMetrics } from './cleaner-metrics.ts'
import type { Dirtiness } from './dirtiness.ts'
import type { LogDirectory } from './log-directory.ts'
import type { Log } from './log.ts'

/** Logs that are looked at between two turns of the event loop. */
const SLICE_MS = 3
const MIN_MAP_BYTES = 64 * 1024
/** A log over which so many threads have died, one after the other, is left alone. */
const MAX_LOST_THREADS = 3

export interface CleanedLogs {
  all(): Iterable<Log>
  directories(): Iterable<LogDirectory>
  directoryOf(log: Log): LogDirectory | undefined
  onDirectoryError(directory: LogDirectory, error: unknown): void
}

interface Candidate {
  readonly log: Log
  readonly directory: LogDirectory
  readonly dirtiness: Dirtiness
}

interface Job {
  readonly log: Log
  /** A new log of the same name waits until this one has let go of its files. */
  readonly path: string
  readonly control: CleanControl
  done: Promise<void>
}

export class LogCleaner {
  readonly #clock: Clock
  readonly #logger: Logger
  #config: BrokerConfig
  readonly #logs: CleanedLogs
  readonly #metrics: CleanerMetrics
  readonly #jobs = new Set<Job>()
  /** Logs that failed to be cleaned: left alone until they are opened again. */
  readonly #uncleanable = new Set<Log>()
  readonly #lostThreads = new WeakMap<Log, number>()
  #timer: Timer | undefined
  #isChoosing = false
  #isStarted = false
  #isStopped = false
  #sliceStartMs = 0

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
    this.#metrics = new CleanerMetrics(platform.clock, logs, this.#uncleanable)
  }

  updateConfig(config: BrokerConfig): void {
    this.#config = config
    this.#shareRate()
    if (this.#isStarted) this.#arm()
  }

  register(metrics: Metrics): void {
    this.#metrics.register(metrics)
  }

  start(): void {
    this.#isStarted = true
    this.#arm()
  }

  /** Resolves when no thread touches a log any more. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    for (const { control } of this.#jobs) control.cancel()
    await Promise.all(Array.from(this.#jobs, ({ done }) => done))
  }

  #arm(): void {
    this.#timer?.cancel()
    if (this.#isStopped) return
    this.#timer = this.#clock.setTimer(this.#config.get('log.cleaner.backoff.ms'), () =>
      this.#fill(),
    )
  }

  /** Begins with as many logs as may be cleaned at a time. */
  #fill(): void {
    if (this.#isChoosing || this.#isStopped) return
    this.#isChoosing = true
    this.#beginAll()
      .catch((error: unknown) => this.#logger.error('Compaction stopped', error))
      .finally(() => {
        this.#isChoosing = false
        this.#arm()
      })
      .catch(() => {})
  }

  async #beginAll(): Promise<void> {
    this.#metrics.onRun()
    while (!this.#isStopped && this.#jobs.size < this.#config.get('log.cleaner.threads')) {
      const candidate = await this.#choose()
      if (candidate === undefined || this.#isStopped) return
      this.#begin(candidate)
    }
  }

  #begin(candidate: Candidate): void {
    const { log } = candidate
    const control = new CleanControl()
    const job: Job = { log, path: log.directory, control, done: Promise.resolve() }
    this.#jobs.add(job)
    this.#shareRate()
    job.done = this.#clean(candidate, control).then((isCleaned) => {
      this.#jobs.delete(job)
      this.#shareRate()
      // What has failed, or was in the way, is tried again after the usual time.
      if (isCleaned) this.#fill()
    })
  }

  #shareRate(): void {
    const total = this.#config.get('log.cleaner.io.max.bytes.per.second')
    for (const { control } of this.#jobs) control.bytesPerSecond = total / this.#jobs.size
  }

  /** False when it came to no end. Never rejects. */
  async #clean({ log, directory, dirtiness }: Candidate, control: CleanControl): Promise<boolean> {
    const name = `${log.topic}-${log.partition}`
    const startedMs = this.#clock.monotonicMs()
    try {
      const load = this.#config.get('log.cleaner.io.buffer.load.factor')
      const result = await log.clean(dirtiness, { maxMapBytes: this.#mapBytes(), load, control })
      this.#metrics.onCleaned(result, this.#clock.monotonicMs() - startedMs)
      this.#lostThreads.delete(log)
      this.#logger.info(
        `Compacted ${name} up to offset ${result.endOffset}: ` +
          `${result.bytesRead} bytes read, ${result.bytesWritten} written`,
      )
      directory.cleanerOffsets.set(log.topic, log.partition, result.endOffset)
    } catch (error) {
      this.#onFailure({ log, directory, dirtiness }, error)
      return false
    }
    await this.#checkpoint(directory)
    return true
  }

  #onFailure({ log, directory }: Candidate, error: unknown): void {
    const name = `${log.topic}-${log.partition}`
    if (error instanceof CleaningAborted || log.hasFailed || this.#isStopped) return
    if (error instanceof WorkerLost) {
      const lost = (this.#lostThreads.get(log) ?? 0) + 1
      this.#lostThreads.set(log, lost)
      this.#logger.warn(`The thread that compacted ${name} has died`, error)
      if (lost < MAX_LOST_THREADS) return
    } else if (isDiskError(error)) {
      this.#logger.error(`${name} could not be compacted`, error)
      this.#logs.onDirectoryError(directory, error)
      return
    }
    this.#uncleanable.add(log)
    this.#logger.error(`${name} cannot be compacted, and is left as it is`, error)
  }

  async #choose(): Promise<Candidate | undefined> {
    const nowMs = this.#clock.nowMs()
    let best: Candidate | undefined
    let maxRatio = 0
    let maxDelayMs = 0
    const isBusy = (log: Log): boolean =>
      Array.from(this.#jobs).some((job) => job.log === log || job.path === log.directory)
    for (const log of this.#logs.all()) {
      if (!log.config.cleanupPolicy.compact || log.hasFailed) continue
      if (this.#uncleanable.has(log) || isBusy(log)) continue
      const directory = this.#logs.directoryOf(log)
      if (directory === undefined || directory.isOffline) continue
      const cleanedUpTo = directory.cleanerOffsets.get(log.topic, log.partition) ?? 0
      const dirtiness = log.dirtiness(cleanedUpTo, nowMs)
      maxRatio = Math.max(maxRatio, dirtiness.ratio)
      maxDelayMs = Math.max(maxDelayMs, dirtiness.delayMs)
      const isBetter = dirtiness.isDue && dirtiness.ratio > (best?.dirtiness.ratio ?? -1)
      if (isBetter) best = { log, directory, dirtiness }
      await this.#pauseIfLong()
    }
    this.#metrics.onChoice(maxRatio, maxDelayMs)
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

  async #pauseIfLong(): Promise<void> {
    if (this.#clock.monotonicMs() - this.#sliceStartMs < SLICE_MS) return
    await new Promise<void>((resolve) => this.#clock.defer(resolve))
    this.#sliceStartMs = this.#clock.monotonicMs()
  }
}
