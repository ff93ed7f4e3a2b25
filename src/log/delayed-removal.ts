// Directories that are to be removed after a while: deleted partitions. In order, one at a time.
import type { Timer } from '../platform/clock.ts'
import type { Platform } from '../platform/platform.ts'
import type { Logger } from '../telemetry/logger.ts'

interface Removal {
  readonly path: string
  readonly dueMs: number
}

export class DelayedRemoval {
  readonly #platform: Platform
  readonly #logger: Logger
  readonly #queue: Removal[] = []
  #timer: Timer | undefined
  #running = false
  #closed = false

  constructor(platform: Platform, logger: Logger) {
    this.#platform = platform
    this.#logger = logger
  }

  add(path: string, delayMs: number): void {
    this.#queue.push({ path, dueMs: this.#platform.clock.monotonicMs() + delayMs })
    this.#schedule()
  }

  /** What is left stays under its name, and goes after the next start. */
  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  #schedule(): void {
    const [first] = this.#queue
    if (first === undefined || this.#timer !== undefined || this.#running || this.#closed) return
    const waitMs = Math.max(0, first.dueMs - this.#platform.clock.monotonicMs())
    this.#timer = this.#platform.clock.setTimer(waitMs, () => {
      this.#timer = undefined
      void this.#removeDue()
    })
  }

  async #removeDue(): Promise<void> {
    this.#running = true
    const nowMs = this.#platform.clock.monotonicMs()
    for (let [first] = this.#queue; first !== undefined; [first] = this.#queue) {
      if (first.dueMs > nowMs || this.#closed) break
      this.#queue.shift()
      try {
        await this.#platform.disk.removeTree(first.path)
      } catch (error) {
        this.#logger.warn(`Cannot remove ${first.path}`, error)
      }
    }
    this.#running = false
    this.#schedule()
  }
}
