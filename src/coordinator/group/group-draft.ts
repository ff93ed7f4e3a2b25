// A group as it would be: reads fall through to the group, changes stay here until the machine
// applies them as one touch. Its cost is what changes, not the size of the group.
import type { Millis } from '../../platform/clock.ts'
import type { Group, GroupHeader, Member } from './group.ts'
import type { MembershipTouch } from './group-touches.ts'
import type { MemberProtocol } from './group-protocol.ts'

export class GroupDraft {
  readonly groupId: string
  header: GroupHeader
  readonly #base: Group | undefined
  readonly #members = new Map<string, Member | undefined>()
  readonly #pending = new Map<string, Millis | undefined>()
  #size: number
  #awaitingJoin: number
  #unsynced: number
  #pendingCount: number

  /** `header`: of a group that does not exist yet, else its own. */
  constructor(groupId: string, base: Group | undefined, header: GroupHeader) {
    this.groupId = groupId
    this.header = header
    this.#base = base
    this.#size = base?.members.size ?? 0
    this.#awaitingJoin = base?.awaitingJoin ?? 0
    this.#unsynced = base?.unsynced ?? 0
    this.#pendingCount = base?.pendingMembers.size ?? 0
  }

  get size(): number {
    return this.#size
  }

  get awaitingJoin(): number {
    return this.#awaitingJoin
  }

  get unsynced(): number {
    return this.#unsynced
  }

  get pendingCount(): number {
    return this.#pendingCount
  }

  change(part: Partial<GroupHeader>): void {
    this.header = { ...this.header, ...part }
  }

  member(id: string): Member | undefined {
    return this.#members.has(id) ? this.#members.get(id) : this.#base?.members.get(id)
  }

  /** Members in the order in which they came. */
  *members(): Generator<Member> {
    const known = this.#base?.members
    if (known !== undefined) {
      for (const [id, member] of known) {
        const current = this.#members.has(id) ? this.#members.get(id) : member
        if (current !== undefined) yield current
      }
    }
    for (const [id, member] of this.#members) {
      if (member !== undefined && known?.has(id) !== true) yield member
    }
  }

  /** The same as they are now, for loops that change members. */
  memberList(): Member[] {
    return [...this.members()]
  }

  setMember(member: Member): void {
    this.#count(this.member(member.id), -1)
    this.#members.set(member.id, member)
    this.#count(member, 1)
  }

  deleteMember(id: string): void {
    this.#count(this.member(id), -1)
    this.#members.set(id, undefined)
  }

  #count(member: Member | undefined, change: 1 | -1): void {
    if (member === undefined) return
    this.#size += change
    if (member.joinReplyTo !== 0) this.#awaitingJoin += change
    if (member.isUnsynced) this.#unsynced += change
  }

  /** The member that holds a static identity. */
  staticMemberId(instanceId: string): string | undefined {
    for (const member of this.#members.values()) {
      if (member?.instanceId === instanceId) return member.id
    }
    const id = this.#base?.instances.get(instanceId)
    return id !== undefined && this.member(id) !== undefined ? id : undefined
  }

  isPending(memberId: string): boolean {
    if (this.#pending.has(memberId)) return this.#pending.get(memberId) !== undefined
    return this.#base?.pendingMembers.has(memberId) === true
  }

  addPending(memberId: string, deadlineMs: Millis): void {
    if (!this.isPending(memberId)) this.#pendingCount++
    this.#pending.set(memberId, deadlineMs)
  }

  deletePending(memberId: string): void {
    if (!this.isPending(memberId)) return
    this.#pendingCount--
    this.#pending.set(memberId, undefined)
  }

  /** Of the ids that were pending before this draft, the one handed out first. */
  oldestPending(): string | undefined {
    for (const id of this.#base?.pendingMembers.keys() ?? []) if (this.isPending(id)) return id
    return undefined
  }

  /** Ids whose time is over. */
  expiredPending(nowMs: Millis): string[] {
    const expired: string[] = []
    for (const [id, deadlineMs] of this.#base?.pendingMembers ?? []) {
      if (deadlineMs <= nowMs && this.isPending(id)) expired.push(id)
    }
    return expired
  }

  /** Whether every member knows the protocol. */
  isCommonProtocol(name: string): boolean {
    return this.#protocolCount(name) === this.#size
  }

  #protocolCount(name: string): number {
    let count = this.#base?.protocolCounts.get(name) ?? 0
    for (const [id, member] of this.#members) {
      const before = this.#base?.members.get(id)
      if (before !== undefined && knows(before.protocols, name)) count--
      if (member !== undefined && knows(member.protocols, name)) count++
    }
    return count
  }

  toTouch(): MembershipTouch {
    return {
      kind: 'membership',
      groupId: this.groupId,
      header: this.header,
      members: [...this.#members],
      pendingMembers: [...this.#pending],
    }
  }
}

function knows(protocols: readonly MemberProtocol[], name: string): boolean {
  return protocols.some((protocol) => protocol.name === name)
}
