// Wakes up when the next session may have run out of time, and says which has, each once.
import type { Clock, Timer } from '../platform/clock.ts'
import type { SessionDeadlines } from './sessions.ts'

export interface SessionClockOptions {
  readonly clock: Clock
  readonly deadlines: SessionDeadlines
  readonly tickTimeMs: number
  readonly onExpired: (sessionId: bigint) => void
}

export class SessionClock {
  readonly #options: SessionClockOptions
  #timer: Timer | undefined
  #timerAtMs = Infinity
  #forgiven = false

  constructor(options: SessionClockOptions) {
    this.#options = options
  }

  track(sessionId: bigint, timeoutMs: number): void {
    this.#options.deadlines.track(sessionId, timeoutMs, this.#nowMs())
    this.#arm(this.#options.deadlines.nextDeadlineMs())
  }

  touch(sessionId: bigint): void {
    this.#options.deadlines.touch(sessionId, this.#nowMs())
  }

  forget(sessionId: bigint): void {
    this.#options.deadlines.forget(sessionId)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#timerAtMs = Infinity
  }

  #nowMs(): number {
    return this.#options.clock.monotonicMs()
  }

  #arm(deadlineMs: number): void {
    if (deadlineMs >= this.#timerAtMs || deadlineMs === Infinity) return
    this.#timer?.cancel()
    this.#timerAtMs = deadlineMs
    const delayMs = Math.max(0, Math.ceil(deadlineMs - this.#nowMs()))
    this.#timer = this.#options.clock.setTimer(delayMs, () => this.#wake(deadlineMs))
  }

  #wake(deadlineMs: number): void {
    this.#timer = undefined
    this.#timerAtMs = Infinity
    const { deadlines, tickTimeMs, onExpired } = this.#options
    const nowMs = this.#nowMs()
    // A process that stood still has not read what its clients sent meanwhile: one tick for that.
    if (nowMs - deadlineMs > tickTimeMs && !this.#forgiven) {
      this.#forgiven = true
      this.#arm(nowMs + tickTimeMs)
      return
    }
    this.#forgiven = false
    for (const sessionId of deadlines.takeExpired(nowMs)) onExpired(sessionId)
    this.#arm(deadlines.nextDeadlineMs())
  }
}
