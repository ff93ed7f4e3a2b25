// Which offsets and groups have outlived their use (KIP-211).
//
//   group        | an offset expires `offsets.retention.minutes` after
//   empty        | the group became empty
//   consumers    | its commit, if the stable group does not subscribe to the topic any more
//   simple       | its commit
//
// A commit that brought its own expiry keeps it. What an open transaction holds never expires. An
// empty group without offsets goes with the last of them.
import type { Millis } from '../../platform/clock.ts'
import type { Group } from './group.ts'
import type { CommittedOffset, GroupEvent, OffsetRemoved } from './group-events.ts'
import type { OffsetView } from './offset-decisions.ts'
import { CONSUMER_PROTOCOL_TYPE } from './subscription.ts'

export interface ExpiryResult {
  readonly events: GroupEvent[]
  /** Nothing is left of the group, and the log never knew it. */
  readonly isForgotten: boolean
  /** There was more than `limit`: look again. */
  readonly isPartial: boolean
}

/** The tombstones due for one group, at most `limit` of offsets. */
export function expireGroup(
  view: OffsetView,
  group: Group,
  wallMs: Millis,
  limit: number,
): ExpiryResult {
  const events: GroupEvent[] = []
  let kept = 0
  for (const [topic, partitions] of view.offsets.topics(group.id)) {
    const isSubscribed = isInUse(group, topic)
    for (const partition of partitions) {
      if (!isSubscribed && isExpired(view, group, topic, partition, wallMs)) {
        if (events.length === limit) return { events, isForgotten: false, isPartial: true }
        events.push(tombstone(group.id, topic, partition))
      } else {
        kept++
      }
    }
  }
  if (kept > 0 || !isUnused(view, group)) return { events, isForgotten: false, isPartial: false }
  if (group.header.isRecorded) events.push({ kind: 'groupRemoved', groupId: group.id })
  return { events, isForgotten: !group.header.isRecorded, isPartial: false }
}

function tombstone(groupId: string, topic: string, partition: number): OffsetRemoved {
  return { kind: 'offsetRemoved', groupId, topic, partition }
}

/** Nobody is in the group or about to be, and no transaction will bring it offsets. */
export function isUnused(view: OffsetView, group: Group): boolean {
  return (
    group.header.state === 'Empty' &&
    group.pendingMembers.size === 0 &&
    !view.pendingOffsets.hasGroup(group.id)
  )
}

/** Offsets of the topic are not to be touched whatever their age. */
function isInUse(group: Group, topic: string): boolean {
  const { state, protocolType, subscribedTopics } = group.header
  if (state === 'Empty' || protocolType === null) return false
  const isKnown = protocolType === CONSUMER_PROTOCOL_TYPE && state === 'Stable'
  return !isKnown || (subscribedTopics?.has(topic) ?? true)
}

function isExpired(
  view: OffsetView,
  group: Group,
  topic: string,
  partition: number,
  wallMs: Millis,
): boolean {
  const committed = view.offsets.get(group.id, topic, partition)
  if (committed === undefined || view.pendingOffsets.has(group.id, topic, partition)) return false
  if (committed.expireTimestampMs !== -1) return wallMs >= committed.expireTimestampMs
  return wallMs - startOfRetentionMs(group, committed) >= view.settings.offsetsRetentionMs
}

function startOfRetentionMs(group: Group, committed: CommittedOffset): Millis {
  const { state, protocolType, stateTimestampMs } = group.header
  const isEmptied = state === 'Empty' && protocolType !== null && stateTimestampMs !== -1
  return isEmptied ? stateTimestampMs : committed.commitTimestampMs
}
