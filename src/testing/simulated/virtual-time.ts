// Time that stands still until a test moves it: one for all machines of a world.
//
// Timers fire in the order of their due time, equal ones in the order in which they were set.
// Between two of them every promise that can go on goes on, so that asynchronous code makes the
// same steps in every run.
import type { Timer } from '../../platform/clock.ts'

interface VirtualTimer extends Timer {
  readonly dueMs: number
  readonly order: number
  readonly callback: () => void
  cancelled: boolean
}

/** Callbacks in one advance; more means a timer that sets itself again without end. */
const MAX_CALLBACKS = 10_000_000
/** Steps without time going on; more means something that is tried again without a rest. */
const MAX_STEPS_AT_ONCE = 200_000

export class VirtualTime {
  #nowMs = 0
  #order = 0
  #deferred = 0
  #steps = 0
  #stepsBeganMs = 0
  /** Sorted by due time, then by order; the next one is last. */
  readonly #timers: VirtualTimer[] = []

  /** Milliseconds since the world began. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** How many timers wait, and when the next one is due (Infinity: none). */
  get pendingTimers(): number {
    return this.#timers.length
  }

  get nextDueMs(): number {
    return this.#timers.at(-1)?.dueMs ?? Infinity
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer: VirtualTimer = {
      dueMs: this.#nowMs + Math.max(0, delayMs),
      order: this.#order++,
      callback,
      cancelled: false,
      cancel: () => this.#cancel(timer),
    }
    this.#timers.splice(this.#placeOf(timer), 0, timer)
    return timer
  }

  /** Calls back after the promises that can go on have gone on. */
  defer(callback: () => void): void {
    this.#deferred++
    setImmediate(() => {
      this.#deferred--
      if (this.mayStep()) callback()
    })
  }

  /**
   * Counts a step that takes no time. False once there were so many since time last went on that
   * something must be going round in circles: the step is not to be made, and the test is told.
   */
  mayStep(): boolean {
    if (this.#stepsBeganMs !== this.#nowMs) {
      this.#stepsBeganMs = this.#nowMs
      this.#steps = 0
    }
    return ++this.#steps <= MAX_STEPS_AT_ONCE
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve))
    while (this.#deferred > 0)
    if (this.#stepsBeganMs === this.#nowMs && this.#steps > MAX_STEPS_AT_ONCE) {
      throw new Error(`time stands still at ${this.#nowMs} ms: ${MAX_STEPS_AT_ONCE} steps so far`)
    }
  }

  /** Moves time on by `spanMs` and fires what becomes due on the way, also what that sets. */
  async advance(spanMs: number): Promise<void> {
    const endMs = this.#nowMs + spanMs
    await this.settle()
    for (let count = 0; this.nextDueMs <= endMs; count++) {
      if (count === MAX_CALLBACKS) throw new Error(`more than ${MAX_CALLBACKS} timers fired`)
      await this.#fireNext()
    }
    this.#nowMs = endMs
  }

  /** Fires timer after timer until `isDone`; throws when `limitMs` have passed before. */
  async advanceUntil(isDone: () => boolean, limitMs: number): Promise<void> {
    const endMs = this.#nowMs + limitMs
    await this.settle()
    while (!isDone()) {
      if (this.nextDueMs > endMs) throw new Error(`nothing came of it in ${limitMs} ms`)
      await this.#fireNext()
    }
  }

  async #fireNext(): Promise<void> {
    const timer = this.#timers.pop()
    if (timer === undefined) return
    this.#nowMs = Math.max(this.#nowMs, timer.dueMs)
    if (this.mayStep()) timer.callback()
    await this.settle()
  }

  #cancel(timer: VirtualTimer): void {
    if (timer.cancelled) return
    timer.cancelled = true
    const place = this.#placeOf(timer)
    if (this.#timers[place] === timer) this.#timers.splice(place, 1)
  }

  /** Where the timer is, or belongs: after all that fire later. */
  #placeOf(timer: VirtualTimer): number {
    let low = 0
    let high = this.#timers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.#timers[middle]
      if (other !== undefined && firesAfter(other, timer)) low = middle + 1
      else high = middle
    }
    return low
  }
}

function firesAfter(a: VirtualTimer, b: VirtualTimer): boolean {
  return a.dueMs > b.dueMs || (a.dueMs === b.dueMs && a.order > b.order)
}
