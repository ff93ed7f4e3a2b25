// What a partition should hold after a random history: a map in memory.
import assert from 'node:assert/strict'
import type { TimestampOffset } from './log-types.ts'

export interface ModelRecord {
  readonly key: string
  readonly value: string
  readonly timestamp: number
}

export class Model {
  /** Of every offset that was ever appended and not truncated. */
  readonly records = new Map<number, ModelRecord>()
  nextOffset = 0
  /** Everything below must survive. */
  acknowledged = 0
  logStart = 0
  /** Below it a compaction may have removed records that a newer one of the same key replaces. */
  cleanedUpTo = 0
  /** Never synced, and gone with a power cut, while later ones were kept. */
  readonly #lost = new Set<number>()

  /** Of what was never acknowledged as synced only `held` has survived. */
  lose(held: readonly number[], end: number): void {
    const kept = new Set(held)
    for (let offset = this.acknowledged; offset < end; offset += 1) {
      if (kept.has(offset)) continue
      this.#lost.add(offset)
      this.records.delete(offset)
    }
  }

  truncate(offset: number): void {
    this.nextOffset = Math.min(this.nextOffset, offset)
    this.acknowledged = Math.min(this.acknowledged, offset)
    for (const other of this.records.keys()) if (other >= offset) this.records.delete(other)
    for (const other of this.#lost) if (other >= offset) this.#lost.delete(other)
  }

  /** `found` is what a read of [from, to) gave, as `offset:value`. */
  check(found: readonly string[], from: number, to: number): void {
    const newest = this.#newestByKey(to)
    let index = 0
    for (let offset = from; offset < to; offset += 1) {
      const record = this.records.get(offset)
      const expected = `${offset}:${record?.value ?? ''}`
      if (found[index] === expected) {
        index += 1
        continue
      }
      const mayBeGone = offset < this.cleanedUpTo && newest.get(record?.key ?? '') !== offset
      if (!mayBeGone && !this.#lost.has(offset)) {
        const cut = (text = 'nothing') => text.slice(0, 30)
        assert.fail(`of ${from} to ${to}: ${cut(found[index])} for ${cut(expected)}`)
      }
    }
    assert.equal(index, found.length, `more than there should be: ${found[index]?.slice(0, 30)}`)
  }

  /** `held` are the offsets that a read of everything gave. */
  checkTime(timestamp: number, answer: TimestampOffset | undefined, held: readonly number[]): void {
    const offset = held.find((one) => this.#timeOf(one) >= timestamp)
    this.#same(`at ${timestamp}`, answer, offset)
  }

  /** The first record that has the newest timestamp of all. */
  checkNewest(answer: TimestampOffset | undefined, held: readonly number[]): void {
    const newest = Math.max(...held.map((offset) => this.#timeOf(offset)))
    const offset = held.find((one) => this.#timeOf(one) === newest)
    this.#same('newest', answer, offset)
  }

  #same(what: string, answer: TimestampOffset | undefined, offset: number | undefined): void {
    const expected = offset === undefined ? undefined : [offset, this.#timeOf(offset)]
    assert.deepEqual(answer && [answer.offset, answer.timestamp], expected, what)
  }

  #timeOf(offset: number): number {
    return this.records.get(offset)?.timestamp ?? -1
  }

  #newestByKey(end: number): Map<string, number> {
    const newest = new Map<string, number>()
    for (const [offset, { key }] of this.records) {
      if (offset < end) newest.set(key, Math.max(offset, newest.get(key) ?? -1))
    }
    return newest
  }
}
