// Where a consumer should read (KIP-392): a leader may name a replica in the consumer's rack.
import type { MetadataCache } from '../metadata/metadata-cache.ts'
import type { Partition } from './partition.ts'

export interface ReplicaSelector {
  /** The broker to read from, or -1: here. */
  select(partition: Partition, fetchOffset: number, rack: string): number
}

const RACK_AWARE = 'org.apache.kafka.common.replica.RackAwareReplicaSelector'
const HERE = -1

/** The selector that `replica.selector.class` names; undefined: everybody reads from the leader. */
export function replicaSelector(
  className: string | null | undefined,
  metadata: MetadataCache,
): ReplicaSelector | undefined {
  return className === RACK_AWARE ? new RackAwareSelector(metadata) : undefined
}

class RackAwareSelector implements ReplicaSelector {
  readonly #metadata: MetadataCache

  constructor(metadata: MetadataCache) {
    this.#metadata = metadata
  }

  select(partition: Partition, fetchOffset: number, rack: string): number {
    if (!partition.isLeader || this.#rackOf(partition.leader) === rack) return HERE
    let best = HERE
    let bestEnd = -1
    let bestCaughtUpMs = -1
    for (const follower of partition.followers.values()) {
      const { brokerId, logEndOffset, lastCaughtUpMs } = follower
      if (this.#rackOf(brokerId) !== rack || !partition.isr.includes(brokerId)) continue
      if (logEndOffset < fetchOffset || follower.logStartOffset > fetchOffset) continue
      const isBetter =
        logEndOffset > bestEnd || (logEndOffset === bestEnd && lastCaughtUpMs > bestCaughtUpMs)
      if (!isBetter) continue
      best = brokerId
      bestEnd = logEndOffset
      bestCaughtUpMs = lastCaughtUpMs
    }
    return best
  }

  #rackOf(brokerId: number): string | null | undefined {
    return this.#metadata.image.brokers.get(brokerId)?.rack
  }
}
