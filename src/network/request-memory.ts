// Bytes of requests that the broker holds, over all connections. Above the limit no connection
// starts a frame (its socket is paused) until answers have made room; frames already begun may
// go on to twice the limit, so that they can finish and nobody waits for ever.

export interface MemoryWaiter {
  /** There is room again. */
  onMemory(): void
}

export class RequestMemory {
  readonly limitBytes: number
  readonly #waiters = new Set<MemoryWaiter>()
  readonly #defer: (callback: () => void) => void
  #usedBytes = 0
  #waking = false

  constructor(limitBytes: number, defer: (callback: () => void) => void) {
    this.limitBytes = limitBytes
    this.#defer = defer
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  get isFull(): boolean {
    return this.#usedBytes >= this.limitBytes
  }

  get waiting(): number {
    return this.#waiters.size
  }

  /** Takes bytes for a frame that has begun; false when even the reserve is used up. */
  grow(bytes: number): boolean {
    if (this.#usedBytes + bytes > this.limitBytes * 2) return false
    this.#usedBytes += bytes
    return true
  }

  /** Takes the bytes of a frame that is there. */
  take(bytes: number): void {
    this.#usedBytes += bytes
  }

  release(bytes: number): void {
    this.#usedBytes -= bytes
    if (this.#waiters.size > 0 && !this.#waking && !this.isFull) {
      this.#waking = true
      this.#defer(this.#wake)
    }
  }

  wait(waiter: MemoryWaiter): void {
    this.#waiters.add(waiter)
  }

  forget(waiter: MemoryWaiter): void {
    this.#waiters.delete(waiter)
  }

  readonly #wake = (): void => {
    this.#waking = false
    for (const waiter of this.#waiters) {
      if (this.isFull) return
      this.#waiters.delete(waiter)
      waiter.onMemory()
    }
  }
}
