// The clock of one machine: the world's time seen through a wall clock that may be wrong, and
// timers that die with the machine.
import type { Clock, Timer } from '../../platform/clock.ts'
import type { VirtualTime } from './virtual-time.ts'

/** When worlds begin: 22 November 2026, noon. */
export const WORLD_BEGINS_MS = Date.UTC(2026, 10, 22, 12)

export class SimulatedClock implements Clock {
  readonly #time: VirtualTime
  #skewMs = 0
  /** Counts the lives of the machine: callbacks of an earlier life are not called. */
  #life = 0
  /** What became due while the process was stopped; undefined while it runs. */
  #held: (() => void)[] | undefined

  constructor(time: VirtualTime) {
    this.#time = time
  }

  nowMs(): number {
    return Math.floor(WORLD_BEGINS_MS + this.#time.nowMs + this.#skewMs)
  }

  monotonicMs(): number {
    return this.#time.nowMs
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    let isCancelled = false
    const timer = this.#time.setTimer(
      delayMs,
      this.#whileAlive(() => {
        if (!isCancelled) callback()
      }),
    )
    return {
      cancel() {
        isCancelled = true
        timer.cancel()
      },
    }
  }

  defer(callback: () => void): void {
    this.#time.defer(this.#whileAlive(callback))
  }

  /** Moves the time of the whole world on; resolves when nothing is left to do until then. */
  advance(spanMs: number): Promise<void> {
    return this.#time.advance(spanMs)
  }

  /** Lets everything happen that needs no time. */
  settle(): Promise<void> {
    return this.#time.settle()
  }

  /** Advances until `isDone`; throws when `limitMs` of virtual time do not suffice. */
  advanceUntil(isDone: () => boolean, limitMs = 60_000): Promise<void> {
    return this.#time.advanceUntil(isDone, limitMs)
  }

  /** Advances until the promise has settled and passes on how; bounded like `advanceUntil`. */
  async resolve<Value>(promise: Promise<Value>, limitMs = 60_000): Promise<Value> {
    let isSettled = false
    const settled = (): void => {
      isSettled = true
    }
    promise.then(settled, settled)
    await this.#time.advanceUntil(() => isSettled, limitMs)
    return promise
  }

  /** Sets the wall clock forward or back, as an administrator or a time server would. */
  jump(byMs: number): void {
    this.#skewMs += byMs
  }

  /** Forgets all timers and deferred callbacks: the process that set them is gone. */
  forget(): void {
    this.#life++
  }

  /** As SIGSTOP: nothing that is due happens until `thaw`; time goes on. */
  freeze(): void {
    this.#held ??= []
  }

  /** As SIGCONT: all that became due meanwhile happens now, in its order. */
  thaw(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const callback of held) this.#time.defer(this.#whileAlive(callback))
  }

  #whileAlive(callback: () => void): () => void {
    const life = this.#life
    return () => {
      if (life !== this.#life) return
      if (this.#held === undefined) callback()
      else this.#held.push(callback)
    }
  }
}
