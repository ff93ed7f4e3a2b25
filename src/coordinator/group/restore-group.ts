// Puts a group's record in place. A member that is known already keeps what records do not hold
// (its other protocols, its session, who waits), so the same code serves the live group.
import { NO_BYTES, type Group, type Member } from './group.ts'
import type { GroupRecorded, RecordedMember } from './group-events.ts'

export function restoreGroup(group: Group, event: GroupRecorded): void {
  const recorded = new Set(event.members.map(({ memberId }) => memberId))
  for (const id of group.members.keys()) if (!recorded.has(id)) group.deleteMember(id)
  for (const member of event.members) {
    group.setMember(restoreMember(group.members.get(member.memberId), member, event.protocol))
  }
  group.header = {
    state: event.members.length === 0 ? 'Empty' : 'Stable',
    generation: event.generation,
    protocolType: event.protocolType === '' ? null : event.protocolType,
    protocolName: event.protocol,
    leaderId: event.leader,
    stateTimestampMs: event.currentStateTimestamp,
    joinDeadlineMs: Infinity,
    extensionMs: -1,
    hasNewMember: false,
    syncDeadlineMs: Infinity,
    subscribedTopics: undefined,
    isRecorded: true,
  }
}

function restoreMember(
  known: Member | undefined,
  recorded: RecordedMember,
  protocol: string | null,
): Member {
  const { assignment, sessionTimeout, rebalanceTimeout } = recorded
  return {
    id: recorded.memberId,
    instanceId: recorded.groupInstanceId,
    clientId: recorded.clientId,
    clientHost: recorded.clientHost,
    sessionTimeoutMs: sessionTimeout,
    rebalanceTimeoutMs: rebalanceTimeout < 0 ? sessionTimeout : rebalanceTimeout,
    protocols: known?.protocols ?? [
      { name: protocol ?? '', metadata: Buffer.from(recorded.subscription) },
    ],
    // A replayed record's bytes belong to a chunk of the log that shall not be kept.
    assignment: assignment.length === 0 ? NO_BYTES : Buffer.from(assignment),
    isNew: known?.isNew ?? false,
    joinReplyTo: known?.joinReplyTo ?? 0,
    syncReplyTo: known?.syncReplyTo ?? 0,
    isUnsynced: known?.isUnsynced ?? false,
    sessionDeadlineMs: known?.sessionDeadlineMs ?? Infinity,
  }
}
