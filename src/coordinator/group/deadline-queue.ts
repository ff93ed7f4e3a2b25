// Which group is to be looked at next. Entries are lower bounds and may be stale: who takes one
// checks it, so a heartbeat never has to find and move its entry.
import type { Millis } from '../../platform/clock.ts'

interface Entry {
  readonly atMs: Millis
  readonly groupId: string
}

/** A binary heap, the earliest entry first. */
export class DeadlineQueue {
  readonly #heap: Entry[] = []

  get size(): number {
    return this.#heap.length
  }

  peek(): Entry | undefined {
    return this.#heap[0]
  }

  push(atMs: Millis, groupId: string): void {
    const heap = this.#heap
    const entry = { atMs, groupId }
    let index = heap.length
    heap.push(entry)
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = heap[parentIndex]
      if (parent === undefined || parent.atMs <= atMs) break
      heap[index] = parent
      index = parentIndex
    }
    heap[index] = entry
  }

  pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      const childIndex = this.#earlierChild(index)
      const child = heap[childIndex]
      if (child === undefined || child.atMs >= last.atMs) break
      heap[index] = child
      index = childIndex
    }
    heap[index] = last
  }

  #earlierChild(index: number): number {
    const left = this.#heap[2 * index + 1]
    const right = this.#heap[2 * index + 2]
    const isRight = left !== undefined && right !== undefined && right.atMs < left.atMs
    return 2 * index + (isRight ? 2 : 1)
  }
}
