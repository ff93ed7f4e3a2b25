// Quantiles of what happened lately, and how often it ever happened.
//
// Values fall into buckets that grow with them: 16 to each doubling, so that a quantile is off by
// at most 6 %. Two windows are kept and read together; the older one is dropped when the newer has
// lasted a minute. Recording takes a few nanoseconds and no memory.
//
//   exponent  0               1               2
//   bucket    0 1 2 ... 15 |  0 1 2 ... 15 |  0 1 2 ... 15
//   value     SMALLEST        2 x             4 x

const SMALLEST = 2 ** -10
const PER_DOUBLING = 16
const DOUBLINGS = 42
const BUCKETS = PER_DOUBLING * DOUBLINGS + 1
const WINDOW_MS = 60_000

export const QUANTILES = [0.5, 0.75, 0.95, 0.98, 0.99, 0.999] as const

const FRACTION_SHIFT = 20 - Math.log2(PER_DOUBLING)
const view = new DataView(new ArrayBuffer(8))
const FIRST_EXPONENT = 1023 + Math.log2(SMALLEST)

/** The bucket from the exponent and the leading fraction bits of the number itself. */
function bucketOf(value: number): number {
  if (!(value >= SMALLEST)) return 0
  view.setFloat64(0, value)
  const high = view.getInt32(0)
  const index = (high >>> FRACTION_SHIFT) - FIRST_EXPONENT * PER_DOUBLING + 1
  return index < BUCKETS ? index : BUCKETS - 1
}

/** The middle of a bucket. */
function valueOf(bucket: number): number {
  if (bucket === 0) return 0
  const doubling = Math.floor((bucket - 1) / PER_DOUBLING)
  const step = (bucket - 1) % PER_DOUBLING
  return SMALLEST * 2 ** doubling * (1 + (step + 0.5) / PER_DOUBLING)
}

export class Histogram {
  count = 0
  sum = 0
  #max = 0
  #newer: Uint32Array | undefined
  #older: Uint32Array | undefined
  #windowBeganMs = 0

  record(value: number): void {
    this.count++
    this.sum += value
    if (value > this.#max) this.#max = value
    this.#newer ??= new Uint32Array(BUCKETS)
    const bucket = bucketOf(value)
    this.#newer[bucket] = (this.#newer[bucket] ?? 0) + 1
  }

  /** Of the last one or two minutes, in the order of QUANTILES; zero when nothing happened. */
  quantiles(nowMs: number): number[] {
    const totals = this.#totals()
    this.#rotate(nowMs)
    const total = totals.reduce((sum, count) => sum + count, 0)
    let bucket = -1
    let passed = 0
    return QUANTILES.map((quantile) => {
      const rank = Math.max(1, Math.ceil(quantile * total))
      while (passed < rank && bucket < BUCKETS - 1) passed += totals[++bucket] ?? 0
      return total === 0 ? 0 : Math.min(valueOf(bucket), this.#max)
    })
  }

  #totals(): Uint32Array {
    const { older, newer } = { older: this.#older, newer: this.#newer }
    if (newer === undefined) return older ?? new Uint32Array(0)
    return older === undefined ? newer : newer.map((count, index) => count + (older[index] ?? 0))
  }

  #rotate(nowMs: number): void {
    if (nowMs - this.#windowBeganMs < WINDOW_MS) return
    this.#windowBeganMs = nowMs
    this.#older = this.#newer
    this.#newer = undefined
  }
}
