// All groups of one partition of `__consumer_offsets`, as a machine: what was committed and who
// is a member. The log holds offsets and finished rebalances; everything else is touched only,
// and a restart forgets it: members then rejoin or are found dead.
import assert from 'node:assert'
import { Errors } from '../../wire/errors.ts'
import type { Moment, Producer, StateMachine } from '../state-machine.ts'
import { DeadlineQueue } from './deadline-queue.ts'
import { describeGroup, listGroup } from './descriptions.ts'
import { codeReply, failedJoin, failedSync } from './failed-replies.ts'
import { emptyHeader, expiresAtMs, Group } from './group.ts'
import type {
  Command,
  Effect,
  HeartbeatCommand,
  JoinCommand,
  LeaveCommand,
  SyncCommand,
} from './group-commands.ts'
import type { GroupEvent, OffsetCommitted } from './group-events.ts'
import type { GroupSettings } from './group-settings.ts'
import type { MembershipTouch, Touch } from './group-touches.ts'
import { join, joinRequestError } from './join.ts'
import { expire, heartbeatResult, leave, leaveUnknown, sync } from './membership.ts'
import {
  answer,
  commitOffsets,
  fetchOffsets,
  type GroupDecision,
  type OffsetView,
} from './offset-decisions.ts'
import { OffsetStore } from './offset-store.ts'
import { PendingOffsets } from './pending-offsets.ts'
import { prepareRebalance } from './rebalance.ts'
import { deleteGroup, deleteOffsets, removeTopics, sweepGroups } from './removals.ts'
import { restoreGroup } from './restore-group.ts'
import { subscribedTopics } from './subscription.ts'
import { Turn } from './turn.ts'

/** Groups that one step of the search for expired offsets looks at. */
const SWEEP_GROUPS = 64

export class GroupMachine implements StateMachine<Command, GroupEvent, Touch, Effect>, OffsetView {
  readonly settings: GroupSettings
  readonly offsets = new OffsetStore()
  readonly pendingOffsets = new PendingOffsets()
  readonly #groups = new Map<string, Group>()
  readonly #deadlines = new DeadlineQueue()
  #sweep: readonly string[] = []
  #swept = 0
  #nextSweepMs = Infinity

  constructor(settings: GroupSettings) {
    this.settings = settings
  }

  group(groupId: string): Group | undefined {
    return this.#groups.get(groupId)
  }

  get groupCount(): number {
    return this.#groups.size
  }

  groups(): Iterable<Group> {
    return this.#groups.values()
  }

  decide(command: Command, now: Moment): GroupDecision {
    const group = this.#groups.get(command.key)
    switch (command.kind) {
      case 'join':
        return this.#join(group, command, now)
      case 'sync':
        return this.#sync(group, command, now)
      case 'heartbeat':
        return this.#heartbeat(group, command, now)
      case 'leave':
        return this.#leave(group, command, now)
      case 'commit':
        return commitOffsets(this, group, command, now)
      case 'fetchOffsets':
        return fetchOffsets(this, command)
      case 'deleteOffsets':
        return deleteOffsets(this, group, command)
      case 'describe':
        return answer(command.replyTo, describeGroup(command.key, group))
      case 'list': {
        const groups = Array.from(this.#groups.values(), listGroup)
        const reply = { kind: 'list', errorCode: Errors.NONE, groups } as const
        return { ...answer(command.replyTo, reply), immediate: true }
      }
      case 'deleteGroup':
        return deleteGroup(this, group, command)
      case 'topicsDeleted':
        return removeTopics(this, this.#groups.values(), command.topics)
      case 'deadline':
        return this.#deadline(now)
    }
  }

  apply(event: GroupEvent, offset: number, producer: Producer | undefined): void {
    switch (event.kind) {
      case 'offset':
        this.#applyOffset(event, offset, producer)
        break
      case 'offsetRemoved':
        this.offsets.remove(event.groupId, event.topic, event.partition)
        this.pendingOffsets.remove(event.groupId, event.topic, event.partition)
        this.#forgetIfVoid(event.groupId)
        break
      case 'group':
        restoreGroup(this.#ensureGroup(event.groupId), event)
        break
      case 'groupRemoved': {
        const group = this.#groups.get(event.groupId)
        if (group === undefined) return
        for (const id of group.members.keys()) group.deleteMember(id)
        group.header = emptyHeader(-1)
        this.#forgetIfVoid(event.groupId)
      }
    }
  }

  touch(touch: Touch): void {
    switch (touch.kind) {
      case 'membership':
        this.#touchMembership(touch)
        break
      case 'seen':
        this.#groups.get(touch.groupId)?.renewSession(touch.memberId, touch.sessionDeadlineMs)
        break
      case 'checked': {
        const group = this.#groups.get(touch.groupId)
        if (group === undefined) return
        group.scheduledMs = Infinity
        this.#schedule(group, group.nextDeadlineMs())
        break
      }
      case 'forget':
        this.#groups.delete(touch.groupId)
        break
      case 'sweep':
        this.#sweep = touch.groupIds
        this.#swept = 0
        this.#nextSweepMs = touch.nextSweepMs
        break
      case 'swept':
        this.#swept += touch.count
    }
  }

  completeTransaction(producerId: number, committed: boolean): void {
    for (const { event, recordOffset } of this.pendingOffsets.take(producerId)) {
      const { groupId, topic, partition, value } = event
      if (committed && this.offsets.recordOffset(groupId, topic, partition) < recordOffset) {
        this.offsets.set(groupId, topic, partition, value, recordOffset)
      }
      this.#forgetIfVoid(groupId)
    }
  }

  nextDeadlineMs(): number {
    if (this.#swept < this.#sweep.length) return -Infinity
    const due = this.#nextDue()
    return due === undefined ? this.#nextSweepMs : Math.min(due.atMs, this.#nextSweepMs)
  }

  onLoaded(now: Moment): void {
    this.#nextSweepMs = now.monotonicMs + this.settings.retentionCheckIntervalMs
    for (const group of this.#groups.values()) this.#wake(group, now)
  }

  resign(errorCode: number): Effect[] {
    const effects: Effect[] = []
    for (const group of this.#groups.values()) {
      for (const { id, joinReplyTo, syncReplyTo } of group.members.values()) {
        if (joinReplyTo !== 0) {
          effects.push({ kind: 'reply', replyTo: joinReplyTo, reply: failedJoin(id, errorCode) })
        }
        if (syncReplyTo !== 0) {
          effects.push({ kind: 'reply', replyTo: syncReplyTo, reply: failedSync(errorCode) })
        }
      }
    }
    return effects
  }

  #join(group: Group | undefined, command: JoinCommand, now: Moment): GroupDecision {
    const { request, replyTo } = command
    const isUnknown = group === undefined && request.memberId !== ''
    const requestError = joinRequestError(command, this.settings)
    const error = isUnknown ? Errors.UNKNOWN_MEMBER_ID : Errors.NONE
    if (requestError !== 0 || error !== 0) {
      const errorCode = requestError === 0 ? error : requestError
      return answer(replyTo, failedJoin(request.memberId, errorCode))
    }
    const turn = new Turn(command.key, group, this.settings, now)
    join(turn, command)
    const isNothing = group === undefined && turn.draft.size + turn.draft.pendingCount === 0
    return isNothing ? turn.unchanged() : turn.decision()
  }

  #sync(group: Group | undefined, command: SyncCommand, now: Moment): GroupDecision {
    if (group === undefined) return answer(command.replyTo, failedSync(Errors.UNKNOWN_MEMBER_ID))
    const turn = new Turn(command.key, group, this.settings, now)
    sync(turn, command)
    return turn.decision()
  }

  #heartbeat(group: Group | undefined, command: HeartbeatCommand, now: Moment): GroupDecision {
    const { replyTo, request } = command
    if (group === undefined) return answer(replyTo, codeReply(Errors.UNKNOWN_MEMBER_ID))
    const { errorCode, member } = heartbeatResult(group, request)
    const effects = [{ kind: 'reply', replyTo, reply: codeReply(errorCode) }] as const
    if (member === undefined) return { events: [], touches: [], effects, immediate: true }
    const sessionDeadlineMs = now.monotonicMs + member.sessionTimeoutMs
    const touch = {
      kind: 'seen',
      groupId: group.id,
      memberId: member.id,
      sessionDeadlineMs,
    } as const
    return { events: [], touches: [touch], effects, immediate: true }
  }

  #leave(group: Group | undefined, command: LeaveCommand, now: Moment): GroupDecision {
    if (group === undefined) return answer(command.replyTo, leaveUnknown(command))
    const turn = new Turn(command.key, group, this.settings, now)
    leave(turn, command)
    return turn.decision()
  }

  #deadline(now: Moment): GroupDecision {
    if (this.#swept < this.#sweep.length) {
      const next = this.#sweep.slice(this.#swept, this.#swept + SWEEP_GROUPS)
      return sweepGroups(this, (id) => this.#groups.get(id), next, now)
    }
    const due = this.#nextDue()
    if (due !== undefined && due.atMs <= now.monotonicMs) {
      const turn = new Turn(due.groupId, this.#groups.get(due.groupId), this.settings, now)
      expire(turn)
      const decision = turn.decision()
      const checked = { kind: 'checked', groupId: due.groupId } as const
      return { ...decision, key: due.groupId, touches: [...decision.touches, checked] }
    }
    if (now.monotonicMs < this.#nextSweepMs) return { events: [], touches: [], effects: [] }
    const nextSweepMs = now.monotonicMs + this.settings.retentionCheckIntervalMs
    const sweep = { kind: 'sweep', groupIds: [...this.#groups.keys()], nextSweepMs } as const
    return { events: [], touches: [sweep], effects: [] }
  }

  #applyOffset(event: OffsetCommitted, offset: number, producer: Producer | undefined): void {
    this.#ensureGroup(event.groupId)
    if (producer !== undefined) {
      this.pendingOffsets.add(producer.id, event, offset)
    } else {
      this.offsets.set(event.groupId, event.topic, event.partition, event.value, offset)
    }
  }

  #touchMembership(touch: MembershipTouch): void {
    const group = this.#ensureGroup(touch.groupId)
    group.header = touch.header
    let earliest = Math.min(touch.header.joinDeadlineMs, touch.header.syncDeadlineMs)
    for (const [id, member] of touch.members) {
      if (member === undefined) {
        group.deleteMember(id)
      } else {
        group.setMember(member)
        earliest = Math.min(earliest, expiresAtMs(member))
      }
    }
    for (const [id, deadlineMs] of touch.pendingMembers) {
      if (deadlineMs === undefined) group.pendingMembers.delete(id)
      else group.pendingMembers.set(id, deadlineMs)
      earliest = Math.min(earliest, deadlineMs ?? Infinity)
    }
    this.#schedule(group, earliest)
    this.#forgetIfVoid(group.id)
  }

  /** Sessions begin anew: nobody is dead for what happened while the group had no coordinator. */
  #wake(group: Group, now: Moment): void {
    const { protocolType, protocolName } = group.header
    const members = [...group.members.values()]
    for (const member of members) {
      const sessionDeadlineMs = now.monotonicMs + member.sessionTimeoutMs
      group.setMember({ ...member, sessionDeadlineMs })
    }
    const topics = subscribedTopics(members, protocolType, protocolName)
    group.header = { ...group.header, subscribedTopics: topics }
    this.#schedule(group, group.nextDeadlineMs())
    if (group.members.size <= this.settings.maxSize) return
    const turn = new Turn(group.id, group, this.settings, now)
    prepareRebalance(turn, 'the group is larger than group.max.size')
    const { events, touches } = turn.decision()
    assert(events.length === 0)
    for (const touch of touches) this.touch(touch)
  }

  #nextDue() {
    for (;;) {
      const entry = this.#deadlines.peek()
      if (entry === undefined) return undefined
      if (this.#groups.get(entry.groupId)?.scheduledMs === entry.atMs) return entry
      this.#deadlines.pop()
    }
  }

  #schedule(group: Group, atMs: number): void {
    if (atMs >= group.scheduledMs) return
    group.scheduledMs = atMs
    this.#deadlines.push(atMs, group.id)
  }

  #ensureGroup(groupId: string): Group {
    let group = this.#groups.get(groupId)
    if (group === undefined) {
      group = new Group(groupId, emptyHeader(-1))
      this.#groups.set(groupId, group)
    }
    return group
  }

  /** A group exists as long as there is something to know about it. */
  #forgetIfVoid(groupId: string): void {
    const group = this.#groups.get(groupId)
    if (group === undefined || group.header.isRecorded || group.header.state !== 'Empty') return
    const isUsed =
      group.members.size > 0 ||
      group.pendingMembers.size > 0 ||
      this.offsets.hasGroup(groupId) ||
      this.pendingOffsets.hasGroup(groupId)
    if (!isUsed) this.#groups.delete(groupId)
  }
}
