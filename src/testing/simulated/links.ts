// The wires between machines: how long they take, and where they are cut.

import type { Seeded } from './seeded.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface Delay {
  readonly minMs: number
  readonly maxMs: number
}

const NO_DELAY: Delay = { minMs: 0, maxMs: 0 }

/** What waits behind a cut until it is healed. */
interface Parked {
  readonly from: string
  readonly to: string
  readonly arrive: () => void
}

export class Links {
  /** Splits what one write sent into several chunks, as a network may. */
  fragments = false
  readonly random: Seeded
  readonly #time: VirtualTime
  readonly #cuts = new Set<string>()
  readonly #off = new Set<string>()
  readonly #delays = new Map<string, Delay>()
  #defaultDelay = NO_DELAY
  #parked: Parked[] = []

  constructor(time: VirtualTime, random: Seeded) {
    this.#time = time
    this.random = random
  }

  /** Every packet takes from `minMs` to `maxMs`; between two machines, or between all. */
  delay(delay: Delay, from?: string, to?: string): void {
    if (from === undefined || to === undefined) this.#defaultDelay = delay
    else this.#delays.set(linkOf(from, to), delay)
  }

  /** Nothing gets through in either direction; what is sent meanwhile waits, as TCP repeats it. */
  cut(a: string, b: string): void {
    this.cutOneWay(a, b)
    this.cutOneWay(b, a)
  }

  cutOneWay(from: string, to: string): void {
    this.#cuts.add(linkOf(from, to))
  }

  heal(a?: string, b?: string): void {
    if (a === undefined || b === undefined) {
      this.#cuts.clear()
    } else {
      this.#cuts.delete(linkOf(a, b))
      this.#cuts.delete(linkOf(b, a))
    }
    this.#retry()
  }

  /** The machine hears nothing; what is sent to it waits until it is on again. */
  turnOff(machine: string): void {
    this.#off.add(machine)
  }

  turnOn(machine: string): void {
    this.#off.delete(machine)
    this.#retry()
  }

  isCut(from: string, to: string): boolean {
    if (this.#off.size > 0 && this.#off.has(to)) return true
    return this.#cuts.size > 0 && this.#cuts.has(linkOf(from, to))
  }

  /** Calls `arrive` when a packet that leaves now would be there. */
  carry(from: string, to: string, arrive: () => void): void {
    if (this.isCut(from, to)) {
      this.#parked.push({ from, to, arrive })
      return
    }
    const { minMs, maxMs } = this.#delays.get(linkOf(from, to)) ?? this.#defaultDelay
    const delayMs = minMs + this.random.fraction() * (maxMs - minMs)
    if (delayMs === 0) {
      if (this.#time.mayStep()) queueMicrotask(arrive)
    } else this.#time.setTimer(delayMs, () => this.#land(from, to, arrive))
  }

  #retry(): void {
    const waiting = this.#parked
    this.#parked = []
    for (const { from, to, arrive } of waiting) this.carry(from, to, arrive)
  }

  /** A cut also stops what was on the way. */
  #land(from: string, to: string, arrive: () => void): void {
    if (this.isCut(from, to)) this.#parked.push({ from, to, arrive })
    else arrive()
  }
}

function linkOf(from: string, to: string): string {
  return `${from} > ${to}`
}
