// Time from the operating system.
import type { Clock, Timer } from '../clock.ts'

/** Node fires at once when asked for more than this. */
const LONGEST_DELAY_MS = 2 ** 31 - 1

class SystemTimer implements Timer {
  readonly #callback: () => void
  readonly #dueMs: number
  #timeout: NodeJS.Timeout | undefined

  constructor(delayMs: number, callback: () => void) {
    this.#callback = callback
    this.#dueMs = performance.now() + delayMs
    this.#arm(delayMs)
  }

  cancel(): void {
    clearTimeout(this.#timeout)
  }

  #arm(delayMs: number): void {
    const wholeMs = Math.min(Math.max(0, Math.ceil(delayMs)), LONGEST_DELAY_MS)
    this.#timeout = setTimeout(this.#onTimeout, wholeMs)
  }

  // Node may be a fraction of a millisecond early, and long delays come in pieces.
  readonly #onTimeout = (): void => {
    const leftMs = this.#dueMs - performance.now()
    if (leftMs > 0) this.#arm(leftMs)
    else this.#callback()
  }
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer: (delayMs, callback) => new SystemTimer(delayMs, callback),
  defer(callback) {
    setImmediate(callback)
  },
}
