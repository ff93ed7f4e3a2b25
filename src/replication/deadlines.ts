// Deadlines of waiting operations: one timer for all of them. Operations that end about the same
// time share a slot; a slot never fires early and at most SLOT_MS late. A client may wait for days
// and be gone in a second: every CHECK_MS those that nobody waits for any more are ended.
import type { Clock, Timer } from '../platform/clock.ts'

const SLOT_MS = 4
const CHECK_MS = 10_000
/** Sums of fractions may fall short of a slot by less than this. */
const ROUNDING_MS = 0.001

/** Something that ends by itself when its time is over. The fields belong to Deadlines. */
export interface Expiring {
  deadlineSlot: number
  deadlineMs: number
  /** Nobody waits for the answer. */
  readonly isAbandoned: boolean
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

  /** Calls `waiting.onDeadline` after `delayMs`, or somewhat earlier once it is abandoned. */
  add(waiting: Expiring, delayMs: number): void {
    const nowMs = this.#clock.monotonicMs()
    waiting.deadlineMs = nowMs + delayMs
    this.#size += 1
    this.#place(waiting, nowMs)
  }

  remove(waiting: Expiring): void {
    if (this.#slots.get(waiting.deadlineSlot)?.delete(waiting) === true) this.#size -= 1
  }

  close(): void {
    this.#timer?.cancel()
    this.#timerSlot = Number.NEGATIVE_INFINITY
    this.#slots.clear()
    this.#order.length = 0
    this.#size = 0
  }

  #place(waiting: Expiring, nowMs: number): void {
    const slot = Math.ceil(Math.min(waiting.deadlineMs, nowMs + CHECK_MS) / SLOT_MS)
    let members = this.#slots.get(slot)
    if (members === undefined) {
      members = new Set()
      this.#slots.set(slot, members)
      this.#push(slot)
      if (slot < this.#timerSlot) this.#arm(slot)
    }
    members.add(waiting)
    waiting.deadlineSlot = slot
  }

  #arm(slot: number): void {
    this.#timer?.cancel()
    this.#timerSlot = slot
    const delayMs = Math.max(0, slot * SLOT_MS - this.#clock.monotonicMs())
    this.#timer = this.#clock.setTimer(delayMs, () => this.#fire())
  }

  #fire(): void {
    this.#timerSlot = Number.POSITIVE_INFINITY
    const now = this.#clock.monotonicMs() + ROUNDING_MS
    for (let slot = this.#order[0]; slot !== undefined; slot = this.#order[0]) {
      if (slot * SLOT_MS > now) break
      this.#pop()
      const members = this.#slots.get(slot)
      if (members !== undefined) this.#expire(members, now)
      this.#slots.delete(slot)
    }
    const next = this.#order[0]
    if (next !== undefined && next < this.#timerSlot) this.#arm(next)
  }

  // Members may leave while the others are told: each is taken out before it is.
  #expire(members: Set<Expiring>, nowMs: number): void {
    for (const waiting of members) {
      members.delete(waiting)
      if (waiting.deadlineMs > nowMs && !waiting.isAbandoned) {
        this.#place(waiting, nowMs)
        continue
      }
      this.#size -= 1
      waiting.onDeadline()
    }
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
