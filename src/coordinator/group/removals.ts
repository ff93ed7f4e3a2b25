// What takes groups and offsets out of the log: requests, deleted topics, and age.
import { Errors } from '../../wire/errors.ts'
import type { Moment } from '../state-machine.ts'
import { expireGroup, isUnused } from './expiry.ts'
import { codeReply } from './failed-replies.ts'
import type { Group } from './group.ts'
import type { DeleteGroupCommand, DeleteOffsetsCommand, Effect } from './group-commands.ts'
import type { GroupEvent, OffsetRemoved } from './group-events.ts'
import type { Touch } from './group-touches.ts'
import { answer, type GroupDecision, type OffsetView } from './offset-decisions.ts'
import { CONSUMER_PROTOCOL_TYPE } from './subscription.ts'

/** Tombstones that one step of a sweep makes. */
const SWEEP_TOMBSTONES = 2_000

export function deleteGroup(
  view: OffsetView,
  group: Group | undefined,
  command: DeleteGroupCommand,
): GroupDecision {
  const { replyTo, key: groupId } = command
  if (group === undefined) return answer(replyTo, codeReply(Errors.GROUP_ID_NOT_FOUND))
  if (group.header.state !== 'Empty') return answer(replyTo, codeReply(Errors.NON_EMPTY_GROUP))
  const events: GroupEvent[] = removalOfAll(view, groupId)
  if (group.header.isRecorded) events.push({ kind: 'groupRemoved', groupId })
  const effect = { kind: 'reply', replyTo, reply: codeReply(Errors.NONE) } as const
  const touches = [{ kind: 'forget', groupId }] as const
  return { events, touches, effects: [effect], isDivisible: true }
}

/** An empty group goes with the last of its offsets. */
export function deleteOffsets(
  view: OffsetView,
  group: Group | undefined,
  command: DeleteOffsetsCommand,
): GroupDecision {
  const { request, replyTo } = command
  if (group === undefined || !isDeletable(group)) {
    const errorCode = group === undefined ? Errors.GROUP_ID_NOT_FOUND : Errors.NON_EMPTY_GROUP
    return answer(replyTo, { kind: 'deleteOffsets', errorCode, topics: [] })
  }
  const removals: OffsetRemoved[] = []
  const { groupId } = request
  const topics = request.topics.map(({ name: topic, partitionIndexes }) => {
    const isUsed = isSubscribed(group, topic)
    const errorCode = isUsed ? Errors.GROUP_SUBSCRIBED_TO_TOPIC : Errors.NONE
    for (const partition of isUsed ? [] : partitionIndexes) {
      if (!isStored(view, groupId, topic, partition)) continue
      removals.push({ kind: 'offsetRemoved', groupId, topic, partition })
    }
    const partitions = partitionIndexes.map((partitionIndex) => ({ partitionIndex, errorCode }))
    return { name: topic, partitions }
  })
  const reply = { kind: 'deleteOffsets', errorCode: Errors.NONE, topics } as const
  const counted = { kind: 'count', of: 'deletedOffsets', count: removals.length } as const
  // As in Kafka, also when none of the partitions had an offset, but not when none was named.
  const isAsked = request.topics.some(({ partitionIndexes }) => partitionIndexes.length > 0)
  return {
    events: isAsked ? [...removals, ...removalOfRest(view, group, removals)] : [],
    touches: [],
    effects: [{ kind: 'reply', replyTo, reply }, counted],
    isDivisible: true,
  }
}

/** The group's own tombstone when nothing of it is left after `removals`. */
function removalOfRest(
  view: OffsetView,
  group: Group,
  removals: readonly OffsetRemoved[],
): GroupEvent[] {
  if (!group.header.isRecorded || !isUnused(view, group)) return []
  let left = -new Set(removals.map(({ topic, partition }) => `${topic}-${partition}`)).size
  for (const [, partitions] of view.offsets.topics(group.id)) left += [...partitions].length
  return left === 0 ? [{ kind: 'groupRemoved', groupId: group.id }] : []
}

/** The topics are gone: so are all offsets in them. */
export function removeTopics(
  view: OffsetView,
  groups: Iterable<Group>,
  topics: ReadonlySet<string>,
): GroupDecision {
  const events: GroupEvent[] = []
  for (const group of groups) {
    const removals = removalOfAll(view, group.id, (topic) => topics.has(topic))
    if (removals.length === 0) continue
    for (const removal of removals) events.push(removal)
    for (const removal of removalOfRest(view, group, removals)) events.push(removal)
  }
  return { events, touches: [], effects: [], isDivisible: true }
}

/** One step of a sweep: what has expired in these groups, as far as one step goes. */
export function sweepGroups(
  view: OffsetView,
  groupById: (groupId: string) => Group | undefined,
  groupIds: readonly string[],
  now: Moment,
): GroupDecision {
  const events: GroupEvent[] = []
  const touches: Touch[] = []
  let count = 0
  for (const groupId of groupIds) {
    const group = groupById(groupId)
    const room = SWEEP_TOMBSTONES - events.length
    if (room <= 0) break
    if (group !== undefined) {
      const result = expireGroup(view, group, now.wallMs, room)
      for (const event of result.events) events.push(event)
      if (result.isForgotten) touches.push({ kind: 'forget', groupId })
      if (result.isPartial) break
    }
    count++
  }
  touches.push({ kind: 'swept', count })
  return { events, touches, effects: sweepEffects(events), isDivisible: true }
}

function sweepEffects(events: readonly GroupEvent[]): Effect[] {
  if (events.length === 0) return []
  const expired = events.filter(({ kind }) => kind === 'offsetRemoved').length
  const message = `Expired ${expired} offsets and ${events.length - expired} groups.`
  return [
    { kind: 'log', message },
    { kind: 'count', of: 'expiredOffsets', count: expired },
  ]
}

/** Tombstones for everything the group has stored in these topics, pending offsets included. */
function removalOfAll(
  view: OffsetView,
  groupId: string,
  isWanted: (topic: string) => boolean = () => true,
): OffsetRemoved[] {
  const events: OffsetRemoved[] = []
  for (const [topic, partitions] of view.offsets.topics(groupId)) {
    if (!isWanted(topic)) continue
    for (const partition of partitions) {
      events.push({ kind: 'offsetRemoved', groupId, topic, partition })
    }
  }
  for (const { topic, partition } of view.pendingOffsets.partitions(groupId)) {
    if (!isWanted(topic)) continue
    if (view.offsets.recordOffset(groupId, topic, partition) !== -1) continue
    events.push({ kind: 'offsetRemoved', groupId, topic, partition })
  }
  return events
}

/** With members, only consumers tell which topics are in use. */
function isDeletable(group: Group): boolean {
  return group.header.state === 'Empty' || group.header.protocolType === CONSUMER_PROTOCOL_TYPE
}

function isSubscribed(group: Group, topic: string): boolean {
  if (group.header.state === 'Empty') return false
  return group.header.subscribedTopics?.has(topic) ?? true
}

function isStored(view: OffsetView, groupId: string, topic: string, partition: number): boolean {
  return (
    view.offsets.recordOffset(groupId, topic, partition) !== -1 ||
    view.pendingOffsets.has(groupId, topic, partition)
  )
}
