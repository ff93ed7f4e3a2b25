// The committed offsets of all groups of one shard, in columns: about fifty bytes an offset, so
// that millions fit and are loaded fast. A slot is a row; freed slots are used again.
//
//   group -> topic -> partition -> slot;  slot -> offset, epoch, times, place in the log
//
// Metadata and expiry are rare and kept aside.
import type { CommittedOffset } from './group-events.ts'

type Partitions = Map<number, number>
type Topics = Map<string, Partitions>

const FIRST_CAPACITY = 256

export class OffsetStore {
  readonly #groups = new Map<string, Topics>()
  #offsets = new Float64Array(FIRST_CAPACITY)
  #commitTimestamps = new Float64Array(FIRST_CAPACITY)
  #recordOffsets = new Float64Array(FIRST_CAPACITY)
  #leaderEpochs = new Int32Array(FIRST_CAPACITY)
  readonly #metadata = new Map<number, string>()
  readonly #expireTimestamps = new Map<number, number>()
  readonly #free: number[] = []
  #used = 0
  // Runs of records name the same group and topic.
  #lastGroup = ''
  #lastTopics: Topics | undefined

  /** Stored offsets of all groups. */
  get size(): number {
    return this.#used - this.#free.length
  }

  groupIds(): Iterable<string> {
    return this.#groups.keys()
  }

  hasGroup(groupId: string): boolean {
    return this.#groups.has(groupId)
  }

  get(groupId: string, topic: string, partition: number): CommittedOffset | undefined {
    const slot = this.#slot(groupId, topic, partition)
    return slot === undefined ? undefined : this.#read(slot)
  }

  /** Where in the log the offset was written; -1 when there is none. */
  recordOffset(groupId: string, topic: string, partition: number): number {
    const slot = this.#slot(groupId, topic, partition)
    return slot === undefined ? -1 : (this.#recordOffsets[slot] ?? -1)
  }

  set(
    groupId: string,
    topic: string,
    partition: number,
    value: CommittedOffset,
    recordOffset: number,
  ): void {
    const topics = this.#topicsOf(groupId)
    let partitions = topics.get(topic)
    if (partitions === undefined) {
      partitions = new Map()
      topics.set(topic, partitions)
    }
    let slot = partitions.get(partition)
    if (slot === undefined) {
      slot = this.#allocate()
      partitions.set(partition, slot)
    }
    this.#write(slot, value, recordOffset)
  }

  remove(groupId: string, topic: string, partition: number): void {
    const topics = this.#groups.get(groupId)
    const partitions = topics?.get(topic)
    const slot = partitions?.get(partition)
    if (topics === undefined || partitions === undefined || slot === undefined) return
    partitions.delete(partition)
    this.#metadata.delete(slot)
    this.#expireTimestamps.delete(slot)
    this.#free.push(slot)
    if (partitions.size > 0) return
    topics.delete(topic)
    if (topics.size > 0) return
    this.#groups.delete(groupId)
    if (this.#lastGroup === groupId) this.#lastTopics = undefined
  }

  /** Topics of a group, each with its partitions. */
  topics(groupId: string): Iterable<readonly [topic: string, partitions: Iterable<number>]> {
    return this.#partitionsOf(groupId)
  }

  *#partitionsOf(groupId: string): Generator<[string, Iterable<number>]> {
    for (const [topic, partitions] of this.#groups.get(groupId) ?? []) {
      yield [topic, partitions.keys()]
    }
  }

  #slot(groupId: string, topic: string, partition: number): number | undefined {
    return this.#groups.get(groupId)?.get(topic)?.get(partition)
  }

  #topicsOf(groupId: string): Topics {
    if (this.#lastTopics !== undefined && this.#lastGroup === groupId) return this.#lastTopics
    let topics = this.#groups.get(groupId)
    if (topics === undefined) {
      topics = new Map()
      this.#groups.set(groupId, topics)
    }
    this.#lastGroup = groupId
    this.#lastTopics = topics
    return topics
  }

  #allocate(): number {
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#used === this.#offsets.length) this.#grow()
    return this.#used++
  }

  #grow(): void {
    const capacity = this.#offsets.length * 2
    this.#offsets = grown(this.#offsets, capacity)
    this.#commitTimestamps = grown(this.#commitTimestamps, capacity)
    this.#recordOffsets = grown(this.#recordOffsets, capacity)
    const leaderEpochs = new Int32Array(capacity)
    leaderEpochs.set(this.#leaderEpochs)
    this.#leaderEpochs = leaderEpochs
  }

  #write(slot: number, value: CommittedOffset, recordOffset: number): void {
    this.#offsets[slot] = value.offset
    this.#leaderEpochs[slot] = value.leaderEpoch
    this.#commitTimestamps[slot] = value.commitTimestampMs
    this.#recordOffsets[slot] = recordOffset
    if (value.metadata !== '') this.#metadata.set(slot, value.metadata)
    else if (this.#metadata.size > 0) this.#metadata.delete(slot)
    if (value.expireTimestampMs !== -1) this.#expireTimestamps.set(slot, value.expireTimestampMs)
    else if (this.#expireTimestamps.size > 0) this.#expireTimestamps.delete(slot)
  }

  #read(slot: number): CommittedOffset {
    return {
      offset: this.#offsets[slot] ?? -1,
      leaderEpoch: this.#leaderEpochs[slot] ?? -1,
      metadata: this.#metadata.get(slot) ?? '',
      commitTimestampMs: this.#commitTimestamps[slot] ?? -1,
      expireTimestampMs: this.#expireTimestamps.get(slot) ?? -1,
    }
  }
}

function grown(column: Float64Array, capacity: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(capacity)
  larger.set(column)
  return larger
}
