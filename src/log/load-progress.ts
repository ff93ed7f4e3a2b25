// How far the load of all log directories has come, over all that work on it at the same time:
// partitions, bytes that have to be checked because nobody closed their logs, and time left.
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../telemetry/logger.ts'

/** Opening a partition takes about as long as checking that many bytes. */
const PARTITION_WORK_BYTES = 128 * 1024
const TELL_EVERY_BYTES = 1024 * 1024
const LOG_EVERY_MS = 2_000
const MB = 1_000_000

export interface LoadStep {
  /** So many bytes of the log have been checked. */
  checked(bytes: number): void
  /** The log is there. */
  end(): void
}

export class LoadProgress {
  loaded = 0
  total = 0
  checkedBytes = 0
  totalBytes = 0
  readonly #remaining = new Map<string, number>()
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #onProgress: (progress: LoadProgress) => void
  readonly #startedMs: number
  #loggedMs: number
  #toldBytes = 0

  constructor(clock: Clock, logger: Logger, onProgress: (progress: LoadProgress) => void) {
    this.#clock = clock
    this.#logger = logger
    this.#onProgress = onProgress
    this.#startedMs = clock.monotonicMs()
    this.#loggedMs = this.#startedMs
  }

  /** Logs that are still to load, by directory. */
  get remaining(): ReadonlyMap<string, number> {
    return this.#remaining
  }

  get spentMs(): number {
    return this.#clock.monotonicMs() - this.#startedMs
  }

  /** By the rate so far; undefined before there is one. */
  get remainingMs(): number | undefined {
    const done = this.loaded * PARTITION_WORK_BYTES + this.checkedBytes
    const all = this.total * PARTITION_WORK_BYTES + this.totalBytes
    return done === 0 || this.spentMs === 0 ? undefined : (this.spentMs / done) * (all - done)
  }

  /** A directory holds so many logs, of which so many bytes have to be checked. */
  add(directory: string, logs: number, bytes: number): void {
    this.total += logs
    this.totalBytes += bytes
    this.#remaining.set(directory, logs)
    this.#tell()
  }

  /** One log of the directory is being loaded, with so many bytes to check. */
  begin(directory: string, bytes: number): LoadStep {
    let left = bytes
    const checked = (count: number): void => {
      const counted = Math.min(count, left)
      left -= counted
      this.checkedBytes += counted
      if (this.checkedBytes - this.#toldBytes >= TELL_EVERY_BYTES) this.#tell()
    }
    const end = (): void => {
      this.checkedBytes += left
      this.loaded += 1
      this.#remaining.set(directory, (this.#remaining.get(directory) ?? 1) - 1)
      this.#tell()
    }
    return { checked, end }
  }

  /** `12 of 100 partitions, 35.2 of 210.0 MB checked, about 4 s left` */
  describe(): string {
    const left = this.remainingMs
    const parts = [`${this.loaded} of ${this.total} partitions`]
    if (this.totalBytes > 0) {
      parts.push(`${megabytes(this.checkedBytes)} of ${megabytes(this.totalBytes)} MB checked`)
    }
    if (left !== undefined && left > 0) parts.push(`about ${Math.ceil(left / 1000)} s left`)
    return parts.join(', ')
  }

  #tell(): void {
    this.#toldBytes = this.checkedBytes
    this.#onProgress(this)
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#loggedMs < LOG_EVERY_MS) return
    this.#loggedMs = nowMs
    this.#logger.info(`Loading logs: ${this.describe()}`)
  }
}

function megabytes(bytes: number): string {
  return (bytes / MB).toFixed(1)
}
