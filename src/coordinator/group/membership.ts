// What members of a generation send: SyncGroup, Heartbeat and LeaveGroup, and what happens when
// they send nothing.
import { Errors } from '../../wire/errors.ts'
import { expiresAtMs, NO_BYTES, type Group, type Member } from './group.ts'
import type { LeaveCommand, SyncCommand } from './group-commands.ts'
import type { HeartbeatRequest, LeavingMember, SyncRequest } from './group-protocol.ts'
import { identityError } from './identity.ts'
import { onJoinDeadline, onSyncDeadline, removeMember, removePending } from './rebalance.ts'
import type { Turn } from './turn.ts'

export function sync(turn: Turn, command: SyncCommand): void {
  const { request, replyTo } = command
  const { draft } = turn
  const error = syncError(turn, request)
  const member = draft.member(request.memberId)
  if (error !== 0 || member === undefined) {
    turn.refuseSync(replyTo, error)
    return
  }
  const { state, leaderId } = draft.header
  const sessionDeadlineMs = turn.sessionEndMs(member)
  if (state === 'Stable') {
    draft.setMember({ ...member, isUnsynced: false, sessionDeadlineMs })
    turn.reply(replyTo, turn.syncReply(member.assignment))
  } else {
    // As with joins: the answer to an earlier request of the member has no reader.
    turn.refuseSync(member.syncReplyTo, Errors.REBALANCE_IN_PROGRESS)
    draft.setMember({ ...member, isUnsynced: false, syncReplyTo: replyTo })
    if (leaderId === member.id) stabilize(turn, request)
  }
  if (draft.unsynced === 0) draft.change({ syncDeadlineMs: Infinity })
}

function syncError(turn: Turn, request: SyncRequest): number {
  const { draft } = turn
  const { header } = draft
  const { protocolType, protocolName } = request
  const error = identityError(draft, request.memberId, request.groupInstanceId)
  if (error !== 0) return error
  if (request.generationId !== header.generation) return Errors.ILLEGAL_GENERATION
  const isOther =
    (protocolType !== null && protocolType !== header.protocolType) ||
    (protocolName !== null && protocolName !== header.protocolName)
  if (isOther) return Errors.INCONSISTENT_GROUP_PROTOCOL
  if (header.state === 'PreparingRebalance') return Errors.REBALANCE_IN_PROGRESS
  return header.state === 'Empty' ? Errors.UNKNOWN_MEMBER_ID : Errors.NONE
}

/** The leader's assignment: recorded, then told to all who wait. Whoever it forgot gets nothing. */
function stabilize(turn: Turn, request: SyncRequest): void {
  const { draft, now } = turn
  const assignments = new Map<string, Buffer>()
  for (const { memberId, assignment } of request.assignments) assignments.set(memberId, assignment)
  for (const member of draft.memberList()) {
    const given = assignments.get(member.id)
    const assignment = given === undefined ? NO_BYTES : Buffer.from(given)
    draft.setMember({ ...member, assignment })
  }
  // Recorded with the time at which the group began to wait for the assignment, as Kafka does.
  turn.record()
  turn.countRebalance()
  draft.change({ state: 'Stable', stateTimestampMs: now.wallMs })
  for (const member of draft.memberList()) {
    if (member.syncReplyTo === 0) continue
    turn.reply(member.syncReplyTo, turn.syncReply(member.assignment))
    const sessionDeadlineMs = turn.sessionEndMs(member)
    draft.setMember({ ...member, syncReplyTo: 0, sessionDeadlineMs })
  }
}

/** What a heartbeat answers; the member's session is renewed unless it is refused. */
export function heartbeatResult(
  group: Group,
  request: HeartbeatRequest,
): { readonly errorCode: number; readonly member: Member | undefined } {
  const { memberId, groupInstanceId, generationId } = request
  const error = identityError(identities(group), memberId, groupInstanceId)
  if (error !== 0) return { errorCode: error, member: undefined }
  const { state, generation } = group.header
  if (generationId !== generation) {
    return { errorCode: Errors.ILLEGAL_GENERATION, member: undefined }
  }
  const isPreparing = state === 'PreparingRebalance'
  const errorCode = isPreparing ? Errors.REBALANCE_IN_PROGRESS : Errors.NONE
  return { errorCode, member: group.members.get(memberId) }
}

/** A group as the check of identities sees it. */
export function identities(group: Group) {
  return {
    member: (id: string) => group.members.get(id),
    staticMemberId: (instanceId: string) => group.instances.get(instanceId),
  }
}

export function leave(turn: Turn, command: LeaveCommand): void {
  const members = command.request.members.map((leaving) => ({
    memberId: leaving.memberId,
    groupInstanceId: leaving.groupInstanceId,
    errorCode: leaveOne(turn, leaving),
  }))
  turn.reply(command.replyTo, { kind: 'leave', errorCode: Errors.NONE, members })
}

function leaveOne(turn: Turn, leaving: LeavingMember): number {
  const { draft } = turn
  const { memberId, groupInstanceId } = leaving
  if (memberId !== '' && draft.isPending(memberId)) {
    removePending(turn, memberId)
    return Errors.NONE
  }
  // An administrator names a static member by its instance alone.
  const holder = groupInstanceId === null ? undefined : draft.staticMemberId(groupInstanceId)
  const error =
    memberId === '' && holder !== undefined
      ? Errors.NONE
      : identityError(draft, memberId, groupInstanceId)
  const member = draft.member(memberId === '' ? (holder ?? '') : memberId)
  if (error !== 0 || member === undefined) return error === 0 ? Errors.UNKNOWN_MEMBER_ID : error
  removeMember(turn, member, `member ${member.id} left`)
  return Errors.NONE
}

/** Carries out what of the group has fallen due. */
export function expire(turn: Turn): void {
  const { draft, now } = turn
  const nowMs = now.monotonicMs
  for (const memberId of draft.expiredPending(nowMs)) removePending(turn, memberId)
  for (const { id } of draft.memberList()) {
    // An earlier removal may have answered or renewed this one.
    const member = draft.member(id)
    if (member === undefined || expiresAtMs(member) > nowMs) continue
    turn.log(`Member ${id} of group ${draft.groupId} has not been heard from in time.`)
    removeMember(turn, member, `the session of ${id} has ended`)
  }
  if (draft.header.joinDeadlineMs <= nowMs) onJoinDeadline(turn)
  if (draft.header.syncDeadlineMs <= nowMs) onSyncDeadline(turn)
}

/** The command's answer when there is no such group. */
export function leaveUnknown(command: LeaveCommand) {
  const members = command.request.members.map(({ memberId, groupInstanceId }) => ({
    memberId,
    groupInstanceId,
    errorCode: Errors.UNKNOWN_MEMBER_ID,
  }))
  return { kind: 'leave', errorCode: Errors.NONE, members } as const
}
