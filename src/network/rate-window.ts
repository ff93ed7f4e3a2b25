// How fast a count grows, over about the last half minute, as Kafka's rates do.

const WINDOW_MS = 30_000
const MAX_SAMPLES = 8

export class RateWindow {
  readonly #timesMs: number[] = []
  readonly #totals: number[] = []

  /** Remembers the count; to be called every few seconds. */
  sample(nowMs: number, total: number): void {
    const last = this.#timesMs.at(-1)
    if (last !== undefined && nowMs - last < WINDOW_MS / MAX_SAMPLES) return
    this.#timesMs.push(nowMs)
    this.#totals.push(total)
    while (this.#timesMs.length > 1 && nowMs - (this.#timesMs[1] ?? nowMs) >= WINDOW_MS) {
      this.#timesMs.shift()
      this.#totals.shift()
    }
  }

  /** Per second. */
  rate(nowMs: number, total: number): number {
    const sinceMs = this.#timesMs[0]
    const before = this.#totals[0]
    if (sinceMs === undefined || before === undefined || nowMs <= sinceMs) return 0
    return ((total - before) * 1000) / (nowMs - sinceMs)
  }
}
