// Offsets committed inside open transactions: invisible until the transaction's marker, and then
// only where nothing newer was committed meanwhile.
import type { OffsetCommitted } from './group-events.ts'

export interface PendingOffset {
  readonly event: OffsetCommitted
  /** Its place in the log. */
  readonly recordOffset: number
}

export class PendingOffsets {
  readonly #producers = new Map<number, Map<string, PendingOffset>>()
  /** How many transactions hold an offset of the partition, by group. */
  readonly #groups = new Map<string, Map<string, number>>()

  add(producerId: number, event: OffsetCommitted, recordOffset: number): void {
    let held = this.#producers.get(producerId)
    if (held === undefined) {
      held = new Map()
      this.#producers.set(producerId, held)
    }
    const key = `${event.groupId}\0${partitionKey(event.topic, event.partition)}`
    if (!held.has(key)) this.#count(event, 1)
    held.set(key, { event, recordOffset })
  }

  /** Everything the producer holds, which it then holds no longer. */
  take(producerId: number): PendingOffset[] {
    const held = this.#producers.get(producerId)
    if (held === undefined) return []
    this.#producers.delete(producerId)
    const taken = [...held.values()]
    for (const { event } of taken) this.#count(event, -1)
    return taken
  }

  /** Forgets what a tombstone written later has removed. */
  remove(groupId: string, topic: string, partition: number): void {
    if (!this.has(groupId, topic, partition)) return
    const key = `${groupId}\0${partitionKey(topic, partition)}`
    for (const [producerId, held] of this.#producers) {
      const pending = held.get(key)
      if (pending === undefined) continue
      held.delete(key)
      this.#count(pending.event, -1)
      if (held.size === 0) this.#producers.delete(producerId)
    }
  }

  has(groupId: string, topic: string, partition: number): boolean {
    return this.#groups.get(groupId)?.has(partitionKey(topic, partition)) === true
  }

  hasGroup(groupId: string): boolean {
    return this.#groups.has(groupId)
  }

  /** Partitions of the group that some open transaction holds. */
  *partitions(groupId: string): Generator<{ topic: string; partition: number }> {
    if (!this.#groups.has(groupId)) return
    const seen = new Set<string>()
    for (const held of this.#producers.values()) {
      for (const { event } of held.values()) {
        const key = partitionKey(event.topic, event.partition)
        if (event.groupId !== groupId || seen.has(key)) continue
        seen.add(key)
        yield { topic: event.topic, partition: event.partition }
      }
    }
  }

  #count(event: OffsetCommitted, change: 1 | -1): void {
    let counts = this.#groups.get(event.groupId)
    if (counts === undefined) {
      counts = new Map()
      this.#groups.set(event.groupId, counts)
    }
    const key = partitionKey(event.topic, event.partition)
    const count = (counts.get(key) ?? 0) + change
    if (count > 0) counts.set(key, count)
    else counts.delete(key)
    if (counts.size === 0) this.#groups.delete(event.groupId)
  }
}

function partitionKey(topic: string, partition: number): string {
  return `${topic}\0${partition}`
}
