// Time as the broker sees it. `node/` implements it with the system clock, `testing/simulated/`
// with virtual time that a test advances.

/** A span or a point of time in milliseconds. */
export type Millis = number

/** A pending callback; `cancel` may be called any number of times, also after it has fired. */
export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Wall clock: whole milliseconds since 1970. May jump in either direction. */
  nowMs(): Millis
  /** Milliseconds since an arbitrary start, with a fraction. Never goes back. */
  monotonicMs(): Millis
  /** Calls back once, not before `delayMs` have passed. */
  setTimer(delayMs: Millis, callback: () => void): Timer
  /** Calls back after the I/O events that are already due have been handled. */
  defer(callback: () => void): void
}

/** Resolves after `delayMs`. */
export function sleep(clock: Clock, delayMs: Millis): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimer(delayMs, resolve)
  })
}
