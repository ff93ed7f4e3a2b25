// The segments of one log by ascending base offset; the last one is the active one. Never empty
// while the log is open.
import assert from 'node:assert/strict'
import type { Segment } from './segment.ts'

export class SegmentList {
  #segments: Segment[]

  constructor(segments: readonly Segment[]) {
    this.#segments = [...segments].sort((a, b) => a.baseOffset - b.baseOffset)
  }

  get all(): readonly Segment[] {
    return this.#segments
  }

  get length(): number {
    return this.#segments.length
  }

  get active(): Segment {
    const active = this.#segments.at(-1)
    assert(active)
    return active
  }

  get first(): Segment {
    const first = this.#segments[0]
    assert(first)
    return first
  }

  /** Index of the segment that holds `offset`, or of the first one when it is older. */
  floorIndex(offset: number): number {
    let low = 0
    let high = this.#segments.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#segments[middle]?.baseOffset ?? 0) <= offset) low = middle + 1
      else high = middle
    }
    return Math.max(0, low - 1)
  }

  at(index: number): Segment | undefined {
    return this.#segments[index]
  }

  /** A new active segment. */
  push(segment: Segment): void {
    assert(this.#segments.length === 0 || segment.baseOffset > this.active.baseOffset)
    this.#segments.push(segment)
  }

  /** Takes the newest ones, from the base offset on. */
  removeFrom(baseOffset: number): Segment[] {
    const kept = this.#segments.filter((segment) => segment.baseOffset < baseOffset)
    const removed = this.#segments.slice(kept.length)
    this.#segments = kept
    return removed
  }

  removeOldest(count: number): Segment[] {
    return this.#segments.splice(0, count)
  }

  /** Puts one segment where others were (compaction). */
  replace(old: readonly Segment[], merged: Segment): void {
    const index = this.#segments.findIndex((segment) => segment === old[0])
    assert(index >= 0)
    this.#segments.splice(index, old.length, merged)
  }

  sizeBytes(): number {
    let bytes = 0
    for (const segment of this.#segments) bytes += segment.sizeBytes
    return bytes
  }
}
