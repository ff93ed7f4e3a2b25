// Keeps what can be loaded again (descriptors, index tables) within a limit. Using one costs the
// setting of a flag; only admitting one looks for a victim: the oldest that was not used since the
// last look and lets itself be released (second chance).

export interface Resident {
  /** Set by the owner on every use. */
  used: boolean
  /** In the unit of the limit: 1 for a descriptor, bytes for a table. */
  readonly weight: number
  /** Gives the resource back; false while it cannot. Must not call `dismiss`. */
  release(): boolean
}

export class Residency {
  readonly #limit: number
  readonly #residents = new Map<Resident, number>()
  #weight = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get weight(): number {
    return this.#weight
  }

  /** Counts `resident` in, and releases others until all fit. */
  admit(resident: Resident): void {
    this.dismiss(resident)
    this.#residents.set(resident, resident.weight)
    this.#weight += resident.weight
    if (this.#weight > this.#limit) this.#shrinkTo(this.#limit, resident)
  }

  /** Counts `resident` out: its owner has released it. */
  dismiss(resident: Resident): void {
    const weight = this.#residents.get(resident)
    if (weight === undefined) return
    this.#residents.delete(resident)
    this.#weight -= weight
  }

  /** Releases what can be released down to `limit`: when the system itself has run out. */
  shrinkTo(limit: number): void {
    this.#shrinkTo(limit, undefined)
  }

  #shrinkTo(limit: number, keep: Resident | undefined): void {
    let looks = this.#residents.size * 2
    for (const [resident, weight] of this.#residents) {
      if (this.#weight <= limit || looks === 0) return
      looks -= 1
      this.#residents.delete(resident)
      if (resident === keep || resident.used || !resident.release()) {
        resident.used = false
        this.#residents.set(resident, weight)
      } else {
        this.#weight -= weight
      }
    }
  }
}
