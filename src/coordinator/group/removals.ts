// What takes groups and offsets out of the log: requests, deleted topics, and age.
import { Errors } from '../../wire/errors.ts'
import type { Moment } from '../state-machine.ts'
import { expireGroup } from './expiry.ts'
import { codeReply } from './failed-replies.ts'
import type { Group } from './group.ts'
import type { DeleteGroupCommand, Effect } from './group-commands.ts'
import type { GroupEvent, OffsetRemoved } from './group-events.ts'
import type { Touch } from './group-touches.ts'
import { answer, type GroupDecision, type OffsetView } from './offset-decisions.ts'

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

/** The topics are gone: so are all offsets in them. */
export function removeTopics(
  view: OffsetView,
  groupIds: Iterable<string>,
  topics: ReadonlySet<string>,
): GroupDecision {
  const events: GroupEvent[] = []
  for (const groupId of groupIds) {
    for (const removal of removalOfAll(view, groupId, (topic) => topics.has(topic))) {
      events.push(removal)
    }
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
