// Deadlines of waiting operations: one timer for all of them. Operations that end about the same
// time share a slot; a slot never fires early and at most SLOT_MS late.
import type { Clock, Timer } from '../platform/clock.ts'

const SLOT_MS = 4

/** Something that ends by itself when its time is over. */
export interface Expiring {
  onDeadline(): void
}

export class Deadlines {
  readonly #clock: Clock
  readonly #slots = new Map<number, Set<Expiring>>()
  /** Slot numbers, smallest first (a binary heap). */
  readonly #order: number[] = []
  #timer: Timer | undefined
  #timerSlot = Number.POSITIVE_INFINITY
  #size = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#size
  }

  /** Calls `waiting.onDeadline` after `delayMs`; the result is what `remove` needs. */
  add(waiting: Expiring, delayMs: number): number {
    const slot = Math.ceil((this.#clock.monotonicMs() + delayMs) / SLOT_MS)
    let members = this.#slots.get(slot)
    if (members === undefined) {
      members = new Set()
      this.#slots.set(slot, members)
      this.#push(slot)
      if (slot < this.#timerSlot) this.#arm(slot)
    }
    members.add(waiting)
    this.#size += 1
    return slot
  }

  remove(waiting: Expiring, slot: number): void {
    if (this.#slots.get(slot)?.delete(waiting) === true) this.#size -= 1
  }

  close(): void {
    this.#timer?.cancel()
    this.#timerSlot = Number.NEGATIVE_INFINITY
    this.#slots.clear()
    this.#order.length = 0
    this.#size = 0
  }

  #arm(slot: number): void {
    this.#timer?.cancel()
    this.#timerSlot = slot
    const delayMs = Math.max(0, slot * SLOT_MS - this.#clock.monotonicMs())
    this.#timer = this.#clock.setTimer(delayMs, () => this.#fire())
  }

  #fire(): void {
    this.#timerSlot = Number.POSITIVE_INFINITY
    const now = this.#clock.monotonicMs()
    for (let slot = this.#order[0]; slot !== undefined; slot = this.#order[0]) {
      if (slot * SLOT_MS > now) break
      this.#pop()
      const members = this.#slots.get(slot)
      this.#slots.delete(slot)
      if (members === undefined) continue
      this.#size -= members.size
      for (const waiting of members) waiting.onDeadline()
    }
    const next = this.#order[0]
    if (next !== undefined && next < this.#timerSlot) this.#arm(next)
  }

  #push(slot: number): void {
    const heap = this.#order
    let child = heap.push(slot) - 1
    while (child > 0) {
      const parent = (child - 1) >> 1
      const above = heap[parent] ?? 0
      if (above <= slot) break
      heap[child] = above
      child = parent
    }
    heap[child] = slot
  }

  #pop(): void {
    const heap = this.#order
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let parent = 0
    for (;;) {
      let child = parent * 2 + 1
      if (child >= heap.length) break
      if ((heap[child + 1] ?? Number.POSITIVE_INFINITY) < (heap[child] ?? 0)) child += 1
      const smaller = heap[child] ?? 0
      if (smaller >= last) break
      heap[parent] = smaller
      parent = child
    }
    heap[parent] = last
  }
}
