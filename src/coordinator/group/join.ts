// JoinGroup: who gets in, under which id, and whether that starts a rebalance.
import { Errors } from '../../wire/errors.ts'
import { matchesProtocols, NO_BYTES, type Member } from './group.ts'
import type { JoinCommand } from './group-commands.ts'
import type { MemberProtocol } from './group-protocol.ts'
import { MAX_PENDING_MEMBERS, NEW_MEMBER_TIMEOUT_MS, type GroupSettings } from './group-settings.ts'
import { identityError } from './identity.ts'
import {
  dropMember,
  maybePrepareRebalance,
  prepareRebalance,
  removePending,
  selectProtocol,
  tryCompleteJoin,
} from './rebalance.ts'
import type { Turn } from './turn.ts'

/** Looked at before the group is. 0, or the error. */
export function joinRequestError(command: JoinCommand, settings: GroupSettings): number {
  const { sessionTimeoutMs } = command.request
  const isAllowed =
    sessionTimeoutMs >= settings.minSessionTimeoutMs &&
    sessionTimeoutMs <= settings.maxSessionTimeoutMs
  return isAllowed ? Errors.NONE : Errors.INVALID_SESSION_TIMEOUT
}

export function join(turn: Turn, command: JoinCommand): void {
  const { request, replyTo } = command
  const isNew = request.memberId === ''
  if (!hasRoom(turn, request.memberId)) {
    refuseForSize(turn, command)
  } else if (!supportsProtocols(turn, command)) {
    turn.refuseJoin(replyTo, request.memberId, Errors.INCONSISTENT_GROUP_PROTOCOL)
  } else if (isNew) {
    joinAsNew(turn, command)
  } else {
    joinAsKnown(turn, command)
  }
}

/** Whoever comes too late is out, also a member whose place others have taken meanwhile. */
function refuseForSize(turn: Turn, { request, replyTo }: JoinCommand): void {
  turn.refuseJoin(replyTo, '', Errors.GROUP_MAX_SIZE_REACHED)
  const member = turn.draft.member(request.memberId)
  if (member !== undefined) dropMember(turn, member)
  removePending(turn, request.memberId)
}

function hasRoom(turn: Turn, memberId: string): boolean {
  const { draft, settings } = turn
  const member = draft.member(memberId)
  switch (draft.header.state) {
    case 'Empty':
      return true
    case 'PreparingRebalance':
      return (
        (member !== undefined && member.joinReplyTo !== 0) || draft.awaitingJoin < settings.maxSize
      )
    default:
      return member !== undefined || draft.size < settings.maxSize
  }
}

function supportsProtocols(turn: Turn, command: JoinCommand): boolean {
  const { protocolType, protocols } = command.request
  const { draft } = turn
  if (draft.header.state === 'Empty') return protocolType !== '' && protocols.length > 0
  if (draft.header.protocolType !== protocolType) return false
  return protocols.some(({ name }) => draft.isCommonProtocol(name))
}

function joinAsNew(turn: Turn, command: JoinCommand): void {
  const { request, client, newMemberId, replyTo } = command
  const { draft } = turn
  const { groupInstanceId } = request
  if (groupInstanceId !== null) {
    const oldMemberId = draft.staticMemberId(groupInstanceId)
    const oldMember = oldMemberId === undefined ? undefined : draft.member(oldMemberId)
    if (oldMember === undefined) addMember(turn, command, newMemberId)
    else replaceStaticMember(turn, command, oldMember)
  } else if (client.requireKnownMemberId) {
    if (draft.pendingCount >= MAX_PENDING_MEMBERS) forgetOldestPending(turn)
    draft.addPending(newMemberId, turn.sessionEndMs(request))
    turn.refuseJoin(replyTo, newMemberId, Errors.MEMBER_ID_REQUIRED)
  } else {
    addMember(turn, command, newMemberId)
  }
}

function forgetOldestPending(turn: Turn): void {
  const oldest = turn.draft.oldestPending()
  if (oldest !== undefined) turn.draft.deletePending(oldest)
}

function joinAsKnown(turn: Turn, command: JoinCommand): void {
  const { request, replyTo } = command
  const { memberId, groupInstanceId } = request
  const { draft } = turn
  if (draft.isPending(memberId)) {
    // An id that was handed out belongs to a dynamic member.
    if (groupInstanceId === null) addMember(turn, command, memberId)
    else turn.refuseJoin(replyTo, '', Errors.UNKNOWN_SERVER_ERROR)
    return
  }
  const error = identityError(draft, memberId, groupInstanceId)
  const member = draft.member(memberId)
  if (error !== 0 || member === undefined) {
    turn.refuseJoin(replyTo, memberId, error === 0 ? Errors.UNKNOWN_MEMBER_ID : error)
  } else if (needsRebalance(turn, member, command)) {
    awaitJoin(turn, member, command)
    maybePrepareRebalance(turn, `member ${memberId} joined again`)
    tryCompleteJoin(turn)
  } else {
    // The answer to an earlier join was lost.
    turn.reply(replyTo, turn.joinReply(member))
  }
}

function needsRebalance(turn: Turn, member: Member, command: JoinCommand): boolean {
  const { state, leaderId } = turn.draft.header
  if (state === 'PreparingRebalance') return true
  // A leader that joins a stable group asks for a new assignment.
  if (state === 'Stable' && leaderId === member.id) return true
  return !matchesProtocols(member, command.request.protocols)
}

function addMember(turn: Turn, command: JoinCommand, memberId: string): void {
  const { request, client, replyTo } = command
  const { draft, now } = turn
  const { header } = draft
  if (header.state === 'PreparingRebalance' && header.generation === 0) {
    draft.change({ hasNewMember: true })
  }
  if (draft.size === 0) draft.change({ protocolType: request.protocolType })
  if (header.leaderId === null) draft.change({ leaderId: memberId })
  draft.deletePending(memberId)
  draft.setMember({
    id: memberId,
    instanceId: request.groupInstanceId,
    clientId: client.clientId,
    clientHost: client.clientHost,
    sessionTimeoutMs: request.sessionTimeoutMs,
    rebalanceTimeoutMs: rebalanceTimeoutMs(command),
    protocols: ownProtocols(request.protocols),
    assignment: NO_BYTES,
    isNew: true,
    joinReplyTo: replyTo,
    syncReplyTo: 0,
    isUnsynced: false,
    sessionDeadlineMs: now.monotonicMs + NEW_MEMBER_TIMEOUT_MS,
  })
  maybePrepareRebalance(turn, `new member ${memberId}`)
  tryCompleteJoin(turn)
}

/** The member waits for the rebalance with what it joined with now. */
function awaitJoin(turn: Turn, member: Member, command: JoinCommand): void {
  const { request, replyTo } = command
  // An earlier join of the same member, sent before its connection broke, has nobody to read it.
  turn.refuseJoin(member.joinReplyTo, member.id, Errors.REBALANCE_IN_PROGRESS)
  turn.draft.setMember({
    ...member,
    sessionTimeoutMs: request.sessionTimeoutMs,
    rebalanceTimeoutMs: rebalanceTimeoutMs(command),
    protocols: ownProtocols(request.protocols),
    joinReplyTo: replyTo,
  })
}

/** A static member came back without its id: the new one takes its place, the old one is fenced. */
function replaceStaticMember(turn: Turn, command: JoinCommand, old: Member): void {
  const { newMemberId, request, replyTo } = command
  const { draft } = turn
  turn.refuseJoin(old.joinReplyTo, old.id, Errors.FENCED_INSTANCE_ID)
  turn.refuseSync(old.syncReplyTo, Errors.FENCED_INSTANCE_ID)
  const leaderBefore = draft.header.leaderId
  draft.deleteMember(old.id)
  const member: Member = {
    ...old,
    id: newMemberId,
    sessionTimeoutMs: request.sessionTimeoutMs,
    rebalanceTimeoutMs: rebalanceTimeoutMs(command),
    protocols: ownProtocols(request.protocols),
    isNew: false,
    joinReplyTo: replyTo,
    syncReplyTo: 0,
    sessionDeadlineMs: turn.sessionEndMs(request),
  }
  draft.setMember(member)
  if (leaderBefore === old.id) draft.change({ leaderId: newMemberId })
  turn.log(`Static member ${old.id} of group ${draft.groupId} is now ${newMemberId}.`)
  const { state, protocolName } = draft.header
  if (state === 'CompletingRebalance') {
    // The assignment that the leader is making names the old id.
    prepareRebalance(turn, `static member ${old.id} came back as ${newMemberId}`)
  } else if (state === 'Stable' && selectProtocol(turn) !== protocolName) {
    prepareRebalance(turn, `static member ${newMemberId} changes the protocol`)
  } else if (state === 'Stable') {
    keepGeneration(turn, command, member, leaderBefore)
  } else {
    tryCompleteJoin(turn)
  }
}

/** Nothing but an id has changed: it is recorded, and the assignments stay as they are. */
function keepGeneration(
  turn: Turn,
  command: JoinCommand,
  member: Member,
  leaderBefore: string | null,
): void {
  const { draft } = turn
  draft.setMember({ ...member, joinReplyTo: 0 })
  turn.record()
  const canSkip = command.client.supportsSkippingAssignment
  // An older client that finds itself leader would assign anew: it is shown the old leader's id.
  const part = canSkip
    ? { skipAssignment: draft.header.leaderId === member.id }
    : { leader: leaderBefore ?? '', members: [] }
  turn.reply(command.replyTo, turn.joinReply(member, part))
}

/** v0 has no rebalance timeout. */
function rebalanceTimeoutMs(command: JoinCommand): number {
  const { rebalanceTimeoutMs: asked, sessionTimeoutMs } = command.request
  return asked < 0 ? sessionTimeoutMs : asked
}

/** Copies: the request's bytes belong to its frame, which is larger and shall not be kept. */
function ownProtocols(protocols: readonly MemberProtocol[]): MemberProtocol[] {
  return protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) }))
}
