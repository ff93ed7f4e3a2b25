// How the owner of a log reaches a compaction that runs in another thread: shared memory.
//   | int32: 1 when it is to end | 4 | float64: bytes per second |
import type { Clock } from '../platform/clock.ts'
import { sleep } from '../platform/clock.ts'

const MEMORY_BYTES = 16
/** Debts of less are not worth a sleep. */
const MIN_SLEEP_MS = 5
/** A sleeper sees after this that it is to end, or may go faster. */
const MAX_SLEEP_MS = 100

/** The run was told to end. */
export class CleaningCancelled extends Error {
  override readonly name = 'CleaningCancelled'
}

export class CleanControl {
  readonly memory: SharedArrayBuffer
  readonly #flag: Int32Array
  readonly #rate: Float64Array

  constructor(memory?: SharedArrayBuffer) {
    this.memory = memory ?? new SharedArrayBuffer(MEMORY_BYTES)
    this.#flag = new Int32Array(this.memory, 0, 1)
    this.#rate = new Float64Array(this.memory, 8, 1)
    if (memory === undefined) this.bytesPerSecond = Number.MAX_VALUE
  }

  get isCancelled(): boolean {
    return Atomics.load(this.#flag, 0) === 1
  }

  cancel(): void {
    Atomics.store(this.#flag, 0, 1)
  }

  get bytesPerSecond(): number {
    return this.#rate[0] ?? Number.MAX_VALUE
  }

  set bytesPerSecond(rate: number) {
    this.#rate[0] = rate
  }
}

/** Keeps a run within the bytes allowed per second. */
export class Pace {
  readonly #clock: Clock
  readonly #control: CleanControl
  #owedBytes = 0
  #paidMs: number
  /** At which the last of it was spent. */
  #rate: number

  constructor(clock: Clock, control: CleanControl) {
    this.#clock = clock
    this.#control = control
    this.#paidMs = clock.monotonicMs()
    this.#rate = control.bytesPerSecond
  }

  /** Accounts for bytes read or written; the next `spend` waits for them. */
  owe(bytes: number): void {
    this.#owedBytes += bytes
  }

  /** Accounts for bytes, and waits until they may have been spent. Throws CleaningCancelled. */
  async spend(bytes: number): Promise<void> {
    // What was little at the old rate may be much at a new one: forgiven.
    if (this.#rate !== this.#control.bytesPerSecond) this.#owedBytes = 0
    this.#owedBytes += bytes
    for (;;) {
      if (this.#control.isCancelled) throw new CleaningCancelled('the compaction was told to end')
      const rate = this.#control.bytesPerSecond
      this.#rate = rate
      const nowMs = this.#clock.monotonicMs()
      this.#owedBytes = Math.max(0, this.#owedBytes - ((nowMs - this.#paidMs) * rate) / 1000)
      this.#paidMs = nowMs
      const waitMs = (this.#owedBytes / rate) * 1000
      if (waitMs < MIN_SLEEP_MS) return
      await sleep(this.#clock, Math.min(waitMs, MAX_SLEEP_MS))
    }
  }
}
