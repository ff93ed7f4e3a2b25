// How a group gets from one generation to the next.
//
//   Empty -> PreparingRebalance: joins are collected; everyone is back, or time is over
//         -> CompletingRebalance: the leader assigns -> Stable
//
// A member that does not come back in time is removed, unless it is static: that one keeps its
// place until its session ends (KIP-345).
import { Errors } from '../../wire/errors.ts'
import { NO_BYTES, type Member } from './group.ts'
import { subscribedTopics } from './subscription.ts'
import type { Turn } from './turn.ts'
import { voteOrder } from './vote-order.ts'

/** Begins a rebalance unless one is collecting joins already. */
export function maybePrepareRebalance(turn: Turn, reason: string): void {
  if (turn.draft.header.state !== 'PreparingRebalance') prepareRebalance(turn, reason)
}

export function prepareRebalance(turn: Turn, reason: string): void {
  const { draft, settings, now } = turn
  const { state, generation } = draft.header
  if (state === 'CompletingRebalance') failSyncs(turn, Errors.REBALANCE_IN_PROGRESS)
  clearUnsynced(turn)
  turn.log(
    `Rebalancing group ${draft.groupId} in state ${state}, generation ${generation}: ${reason}`,
  )
  const isInitial = state === 'Empty'
  const timeoutMs = longestRebalanceMs(turn)
  const delayMs = isInitial ? settings.initialRebalanceDelayMs : timeoutMs
  draft.change({
    state: 'PreparingRebalance',
    stateTimestampMs: now.wallMs,
    joinDeadlineMs: now.monotonicMs + delayMs,
    extensionMs: isInitial ? Math.max(timeoutMs - delayMs, 0) : -1,
    syncDeadlineMs: Infinity,
  })
  if (isInitial && delayMs <= 0) completeJoin(turn)
  else tryCompleteJoin(turn)
}

/** Ends the collection of joins if nobody is missing. An initial delay runs its time. */
export function tryCompleteJoin(turn: Turn): void {
  const { draft } = turn
  if (draft.header.state !== 'PreparingRebalance' || draft.header.extensionMs >= 0) return
  if (draft.size === draft.awaitingJoin && draft.pendingCount === 0) completeJoin(turn)
}

/** The time for joins is over. While newcomers keep coming, the initial delay is extended. */
export function onJoinDeadline(turn: Turn): void {
  const { draft, settings, now } = turn
  const { extensionMs, hasNewMember } = draft.header
  if (extensionMs > 0 && hasNewMember) {
    const delayMs = Math.min(settings.initialRebalanceDelayMs, extensionMs)
    draft.change({
      hasNewMember: false,
      joinDeadlineMs: now.monotonicMs + delayMs,
      extensionMs: extensionMs - delayMs,
    })
  } else {
    completeJoin(turn)
  }
}

function completeJoin(turn: Turn): void {
  const { draft, now } = turn
  const absent = draft.memberList().filter((member) => member.joinReplyTo === 0)
  for (const member of absent) if (member.instanceId === null) dropMember(turn, member)
  if (!electLeader(turn) && draft.size > 0) {
    // Only static members are left and none of them is back: wait on, until sessions end.
    turn.log(`No member of group ${draft.groupId} has rejoined; the rebalance goes on.`)
    const joinDeadlineMs = now.monotonicMs + longestRebalanceMs(turn)
    draft.change({ joinDeadlineMs, extensionMs: -1 })
    return
  }
  if (draft.size === 0) becomeEmpty(turn)
  else beginGeneration(turn)
}

/** Keeps the leader if it is back, else makes one of those who are. False: there is nobody. */
function electLeader(turn: Turn): boolean {
  const { draft } = turn
  const { leaderId } = draft.header
  const leader = leaderId === null ? undefined : draft.member(leaderId)
  if (leader !== undefined && leader.joinReplyTo !== 0) return true
  for (const member of draft.members()) {
    if (member.joinReplyTo === 0) continue
    draft.change({ leaderId: member.id })
    return true
  }
  return false
}

function becomeEmpty(turn: Turn): void {
  const { draft, now } = turn
  const generation = draft.header.generation + 1
  draft.change({
    state: 'Empty',
    stateTimestampMs: now.wallMs,
    generation,
    protocolName: null,
    leaderId: null,
    joinDeadlineMs: Infinity,
    extensionMs: -1,
    hasNewMember: false,
    syncDeadlineMs: Infinity,
    subscribedTopics: new Set(),
  })
  turn.log(`Group ${draft.groupId} is empty in generation ${generation}.`)
  turn.record()
}

function beginGeneration(turn: Turn): void {
  const { draft, now } = turn
  const { header } = draft
  const protocolName = selectProtocol(turn)
  const generation = header.generation + 1
  draft.change({
    state: 'CompletingRebalance',
    stateTimestampMs: now.wallMs,
    generation,
    protocolName,
    joinDeadlineMs: Infinity,
    extensionMs: -1,
    hasNewMember: false,
    syncDeadlineMs: now.monotonicMs + longestRebalanceMs(turn),
    subscribedTopics: subscribedTopics(draft.members(), header.protocolType, protocolName),
  })
  turn.log(`Group ${draft.groupId} has ${draft.size} members in generation ${generation}.`)
  for (const member of draft.memberList()) {
    turn.reply(member.joinReplyTo, turn.joinReply(member))
    const sessionDeadlineMs = turn.sessionEndMs(member)
    draft.setMember({
      ...member,
      joinReplyTo: 0,
      isNew: false,
      isUnsynced: true,
      sessionDeadlineMs,
    })
  }
}

/** Every member votes for the first of its protocols that all know. */
export function selectProtocol(turn: Turn): string {
  const { draft } = turn
  const votes = new Map<string, number>()
  const common = new Map<string, boolean>()
  const isCommon = (name: string): boolean => {
    const known = common.get(name) ?? draft.isCommonProtocol(name)
    common.set(name, known)
    return known
  }
  for (const member of draft.members()) {
    const vote = member.protocols.find(({ name }) => isCommon(name))
    if (vote !== undefined) votes.set(vote.name, (votes.get(vote.name) ?? 0) + 1)
  }
  const most = Math.max(...votes.values())
  return voteOrder([...votes.keys()]).find((name) => votes.get(name) === most) ?? ''
}

/** Some members have not synced in time: they go, and the others begin anew. */
export function onSyncDeadline(turn: Turn): void {
  const { draft } = turn
  const late = draft.memberList().filter((member) => member.isUnsynced)
  draft.change({ syncDeadlineMs: Infinity })
  if (late.length === 0) return
  for (const member of late) dropMember(turn, member)
  const names = late.map(({ id }) => id).join(', ')
  prepareRebalance(turn, `members without a sync in time were removed: ${names}`)
}

/** The member is heard of no more: it left, or its session ended. */
export function removeMember(turn: Turn, member: Member, reason: string): void {
  const { draft } = turn
  turn.refuseJoin(member.joinReplyTo, '', Errors.UNKNOWN_MEMBER_ID)
  dropMember(turn, member)
  const { state } = draft.header
  if (state === 'Stable' || state === 'CompletingRebalance') prepareRebalance(turn, reason)
  else tryCompleteJoin(turn)
}

/** Takes the member out; another one leads then. Starts and ends no rebalance. */
export function dropMember(turn: Turn, member: Member): void {
  const { draft } = turn
  turn.refuseSync(member.syncReplyTo, Errors.UNKNOWN_MEMBER_ID)
  draft.deleteMember(member.id)
  if (draft.header.leaderId !== member.id) return
  const [next] = draft.members()
  draft.change({ leaderId: next?.id ?? null })
}

/** A handed-out id will not be used any more. */
export function removePending(turn: Turn, memberId: string): void {
  turn.draft.deletePending(memberId)
  tryCompleteJoin(turn)
}

/** Everyone who waits for an assignment gets an error instead, and nobody has one. */
function failSyncs(turn: Turn, errorCode: number): void {
  const { draft } = turn
  for (const member of draft.memberList()) {
    turn.refuseSync(member.syncReplyTo, errorCode)
    const sessionDeadlineMs =
      member.syncReplyTo === 0 ? member.sessionDeadlineMs : turn.sessionEndMs(member)
    draft.setMember({ ...member, syncReplyTo: 0, assignment: NO_BYTES, sessionDeadlineMs })
  }
}

function clearUnsynced(turn: Turn): void {
  const { draft } = turn
  if (draft.unsynced === 0) return
  for (const member of draft.memberList()) {
    if (member.isUnsynced) draft.setMember({ ...member, isUnsynced: false })
  }
}

function longestRebalanceMs(turn: Turn): number {
  let longest = 0
  for (const member of turn.draft.members()) longest = Math.max(longest, member.rebalanceTimeoutMs)
  return longest
}
