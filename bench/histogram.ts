// Latencies: every sample is kept, so that any quantile is exact.

export class Samples {
  #values = new Float64Array(1 << 16)
  #count = 0

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const grown = new Float64Array(this.#count * 2)
      grown.set(this.#values)
      this.#values = grown
    }
    this.#values[this.#count++] = value
  }

  get count(): number {
    return this.#count
  }

  quantile(quantile: number): number {
    if (this.#count === 0) return 0
    const sorted = this.#values.slice(0, this.#count).sort()
    return sorted[Math.min(this.#count - 1, Math.floor(this.#count * quantile))] ?? 0
  }
}
