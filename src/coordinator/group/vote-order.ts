// Which of several protocols with equally many votes wins. Kafka takes the first in the order of
// Scala's immutable hash map; members of a group that moves between brokers of both kinds must not
// find another protocol chosen, so the order is the same here.
//
// The map is a tree over the bits of a mixed hash, five at a time from the lowest: in each node
// the names that are alone at their place come first, then those that share one.
import { javaHash } from '../java-hash.ts'

const BITS = 5
const HASH_BITS = 32

/** The names, which are all different, in the map's order. */
export function voteOrder(names: readonly string[], shift = 0): string[] {
  if (names.length < 2 || shift >= HASH_BITS) return [...names]
  const places = Map.groupBy(names, (name) => (mixedHash(name) >>> shift) & 31)
  const sorted = [...places].toSorted(([a], [b]) => a - b).map(([, sharing]) => sharing)
  const alone = sorted.filter(({ length }) => length === 1).flat()
  const crowded = sorted.filter(({ length }) => length > 1)
  return [...alone, ...crowded.flatMap((sharing) => voteOrder(sharing, shift + BITS))]
}

function mixedHash(name: string): number {
  const hash = javaHash(name)
  const spread = (hash + ~(hash << 9)) | 0
  const folded = spread ^ (spread >>> 14)
  const widened = (folded + (folded << 4)) | 0
  return widened ^ (widened >>> 10)
}
