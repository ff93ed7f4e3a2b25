// One group as its coordinator knows it. Members and headers are values: a change is a new object,
// made by a draft (group-draft.ts) and put in place here.
//
//   awaitingJoin = members with a join unanswered
//   unsynced = members that still owe a sync in this generation
//   a protocol is common to all when its count equals the number of members
import type { Millis } from '../../platform/clock.ts'
import type { MemberProtocol } from './group-protocol.ts'

/** Dead is not among them: a dead group is one that is not there. */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'

export interface Member {
  readonly id: string
  /** `group.instance.id` of a static member (KIP-345). */
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly sessionTimeoutMs: Millis
  readonly rebalanceTimeoutMs: Millis
  /** In the member's order of preference. */
  readonly protocols: readonly MemberProtocol[]
  readonly assignment: Buffer
  /** Its first join has not been answered yet. */
  readonly isNew: boolean
  /** Who waits for the rebalance; 0: nobody. */
  readonly joinReplyTo: number
  /** Who waits for the assignment; 0: nobody. */
  readonly syncReplyTo: number
  /** It has not synced in this generation. */
  readonly isUnsynced: boolean
  /** When its session ends; see `expiresAtMs`. */
  readonly sessionDeadlineMs: Millis
}

export interface GroupHeader {
  readonly state: GroupState
  readonly generation: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly leaderId: string | null
  /** Wall time of entering the state; -1 when the record did not have it. */
  readonly stateTimestampMs: Millis
  /** End of PreparingRebalance; Infinity in other states. */
  readonly joinDeadlineMs: Millis
  /** By how much the initial delay may still grow; -1: an ordinary rebalance. */
  readonly extensionMs: Millis
  /** A member came since the initial delay began or was extended. */
  readonly hasNewMember: boolean
  /** When members that have not synced are removed; Infinity when none is waited for. */
  readonly syncDeadlineMs: Millis
  /** Topics of all members' subscriptions; undefined when that cannot be told. */
  readonly subscribedTopics: ReadonlySet<string> | undefined
  /** The log has a record of the group that is not a tombstone. */
  readonly isRecorded: boolean
}

export function emptyHeader(stateTimestampMs: Millis): GroupHeader {
  return {
    state: 'Empty',
    generation: 0,
    protocolType: null,
    protocolName: null,
    leaderId: null,
    stateTimestampMs,
    joinDeadlineMs: Infinity,
    extensionMs: -1,
    hasNewMember: false,
    syncDeadlineMs: Infinity,
    subscribedTopics: undefined,
    isRecorded: false,
  }
}

/** While the coordinator owes a member an answer its session does not end, unless it is new. */
export function expiresAtMs(member: Member): Millis {
  const isOwed = member.joinReplyTo !== 0 || member.syncReplyTo !== 0
  return isOwed && !member.isNew ? Infinity : member.sessionDeadlineMs
}

/** What the member said with a protocol; empty for a protocol it does not have. */
export function metadataFor(member: Member, protocolName: string | null): Buffer {
  for (const { name, metadata } of member.protocols) if (name === protocolName) return metadata
  return NO_BYTES
}

/** Same protocols, in the same order, with the same metadata. */
export function matchesProtocols(member: Member, protocols: readonly MemberProtocol[]): boolean {
  if (member.protocols.length !== protocols.length) return false
  return member.protocols.every((mine, index) => {
    const other = protocols[index]
    return other !== undefined && mine.name === other.name && mine.metadata.equals(other.metadata)
  })
}

export const NO_BYTES = Buffer.alloc(0)

export class Group {
  readonly id: string
  header: GroupHeader
  readonly members = new Map<string, Member>()
  /** Static members: instance id to member id. */
  readonly instances = new Map<string, string>()
  /** Ids handed out whose owner has not come back with them, and until when they count. */
  readonly pendingMembers = new Map<string, Millis>()
  readonly protocolCounts = new Map<string, number>()
  awaitingJoin = 0
  unsynced = 0
  /** The earliest time that the machine's deadline queue has for the group. */
  scheduledMs: Millis = Infinity

  constructor(id: string, header: GroupHeader) {
    this.id = id
    this.header = header
  }

  setMember(member: Member): void {
    const before = this.members.get(member.id)
    if (before !== undefined) this.#count(before, -1)
    this.members.set(member.id, member)
    this.#count(member, 1)
    if (member.instanceId !== null) this.instances.set(member.instanceId, member.id)
  }

  /** The member has been heard from. Heartbeats come here: nothing else of it has changed. */
  renewSession(id: string, sessionDeadlineMs: Millis): void {
    const member = this.members.get(id)
    if (member !== undefined) this.members.set(id, { ...member, sessionDeadlineMs })
  }

  deleteMember(id: string): void {
    const member = this.members.get(id)
    if (member === undefined) return
    this.members.delete(id)
    this.#count(member, -1)
    const { instanceId } = member
    if (instanceId !== null && this.instances.get(instanceId) === id) {
      this.instances.delete(instanceId)
    }
  }

  /** When something of the group falls due if nobody is heard from. */
  nextDeadlineMs(): Millis {
    let earliest = Math.min(this.header.joinDeadlineMs, this.header.syncDeadlineMs)
    for (const member of this.members.values()) earliest = Math.min(earliest, expiresAtMs(member))
    for (const deadlineMs of this.pendingMembers.values()) earliest = Math.min(earliest, deadlineMs)
    return earliest
  }

  #count(member: Member, change: 1 | -1): void {
    if (member.joinReplyTo !== 0) this.awaitingJoin += change
    if (member.isUnsynced) this.unsynced += change
    // A name that a member repeats counts once.
    for (const [index, { name }] of member.protocols.entries()) {
      if (isRepeated(member.protocols, index)) continue
      const count = (this.protocolCounts.get(name) ?? 0) + change
      if (count === 0) this.protocolCounts.delete(name)
      else this.protocolCounts.set(name, count)
    }
  }
}

function isRepeated(protocols: readonly MemberProtocol[], index: number): boolean {
  const name = protocols[index]?.name
  for (let before = 0; before < index; before++) if (protocols[before]?.name === name) return true
  return false
}
