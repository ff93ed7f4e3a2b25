// The range assignor: of each topic, every member that wants it gets a run of neighbouring
// partitions; the first ones get one more where it does not come out even.
import type { TopicPartition } from './partition-leaders.ts'

/** A member of a group and what it subscribes to. */
export interface Subscriber {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly topics: readonly string[]
}

/** Partitions by member id. A topic that is not in `partitionCounts` does not exist. */
export function assignRanges(
  members: readonly Subscriber[],
  partitionCounts: ReadonlyMap<string, number>,
): Map<string, TopicPartition[]> {
  const assignment = new Map<string, TopicPartition[]>()
  for (const { memberId } of members) assignment.set(memberId, [])
  for (const [topic, count] of partitionCounts) {
    const wanting = members.filter(({ topics }) => topics.includes(topic)).sort(byIdentity)
    const each = Math.floor(count / Math.max(1, wanting.length))
    const withOneMore = count - each * wanting.length
    let partition = 0
    for (const [index, { memberId }] of wanting.entries()) {
      const end = partition + each + (index < withOneMore ? 1 : 0)
      for (; partition < end; partition++) assignment.get(memberId)?.push({ topic, partition })
    }
  }
  return assignment
}

/** Static members first, by their instance; it survives a restart, which a member id does not. */
function byIdentity(a: Subscriber, b: Subscriber): number {
  if (a.groupInstanceId !== null && b.groupInstanceId !== null) {
    return compareText(a.groupInstanceId, b.groupInstanceId)
  }
  if (a.groupInstanceId !== null) return -1
  if (b.groupInstanceId !== null) return 1
  return compareText(a.memberId, b.memberId)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
