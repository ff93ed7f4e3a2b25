// One decision about one group in the making: the draft it works on, and what it has led to.
import type { Decision, Moment } from '../state-machine.ts'
import { emptyHeader, metadataFor, type Group, type Member } from './group.ts'
import type { Effect } from './group-commands.ts'
import { GroupDraft } from './group-draft.ts'
import type { GroupEvent } from './group-events.ts'
import type { JoinedMember, JoinReply, Reply, SyncReply } from './group-protocol.ts'
import type { GroupSettings } from './group-settings.ts'
import type { Touch } from './group-touches.ts'
import { failedJoin, failedSync } from './failed-replies.ts'

export class Turn {
  readonly settings: GroupSettings
  readonly now: Moment
  readonly draft: GroupDraft
  readonly #events: GroupEvent[] = []
  readonly #effects: Effect[] = []

  /** `group` undefined: a group that comes into being if the decision changes it. */
  constructor(groupId: string, group: Group | undefined, settings: GroupSettings, now: Moment) {
    this.settings = settings
    this.now = now
    this.draft = new GroupDraft(groupId, group, group?.header ?? emptyHeader(now.wallMs))
  }

  reply(replyTo: number, reply: Reply): void {
    if (replyTo !== 0) this.#effects.push({ kind: 'reply', replyTo, reply })
  }

  log(message: string): void {
    this.#effects.push({ kind: 'log', message })
  }

  countRebalance(): void {
    this.#effects.push({ kind: 'count', of: 'completedRebalances', count: 1 })
  }

  /** When a session that begins or is renewed now will end. */
  sessionEndMs(member: { readonly sessionTimeoutMs: number }): number {
    return this.now.monotonicMs + member.sessionTimeoutMs
  }

  /** The group as it is in the draft now goes into the log. */
  record(): void {
    const { header, groupId } = this.draft
    this.#events.push({
      kind: 'group',
      groupId,
      protocolType: header.protocolType ?? '',
      generation: header.generation,
      protocol: header.protocolName,
      leader: header.leaderId,
      currentStateTimestamp: header.stateTimestampMs,
      members: this.draft.memberList().map((member) => ({
        memberId: member.id,
        groupInstanceId: member.instanceId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        rebalanceTimeout: member.rebalanceTimeoutMs,
        sessionTimeout: member.sessionTimeoutMs,
        subscription: metadataFor(member, header.protocolName),
        assignment: member.assignment,
      })),
    })
    this.draft.change({ isRecorded: true })
  }

  /** The decision, with the draft's changes as a touch. */
  decision(): Decision<GroupEvent, Touch, Effect> {
    return { events: this.#events, touches: [this.draft.toTouch()], effects: this.#effects }
  }

  /** The decision of a turn that has changed nothing. */
  unchanged(): Decision<GroupEvent, Touch, Effect> {
    return { events: [], touches: [], effects: this.#effects }
  }

  /** A member's answer to its join: the leader gets everybody's metadata. */
  joinReply(member: Member, part?: Partial<JoinReply>): JoinReply {
    const { header } = this.draft
    return {
      kind: 'join',
      errorCode: 0,
      generationId: header.generation,
      protocolType: header.protocolType,
      protocolName: header.protocolName,
      leader: header.leaderId ?? '',
      skipAssignment: false,
      memberId: member.id,
      members: header.leaderId === member.id ? this.#joinedMembers() : [],
      ...part,
    }
  }

  syncReply(assignment: Buffer): SyncReply {
    const { protocolType, protocolName } = this.draft.header
    return { kind: 'sync', errorCode: 0, protocolType, protocolName, assignment }
  }

  refuseJoin(replyTo: number, memberId: string, errorCode: number): void {
    this.reply(replyTo, failedJoin(memberId, errorCode))
  }

  refuseSync(replyTo: number, errorCode: number): void {
    this.reply(replyTo, failedSync(errorCode))
  }

  #joinedMembers(): JoinedMember[] {
    const { protocolName } = this.draft.header
    return this.draft.memberList().map((member) => ({
      memberId: member.id,
      groupInstanceId: member.instanceId,
      metadata: metadataFor(member, protocolName),
    }))
  }
}
