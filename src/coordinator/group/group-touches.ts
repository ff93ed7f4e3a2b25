// Changes of the group machine that are never written: a restart may forget them.
import type { Millis } from '../../platform/clock.ts'
import type { GroupHeader, Member } from './group.ts'

/** Part of a group as a draft left it. */
export interface MembershipTouch {
  readonly kind: 'membership'
  readonly groupId: string
  readonly header: GroupHeader
  /** Undefined: gone. */
  readonly members: readonly (readonly [id: string, member: Member | undefined])[]
  readonly pendingMembers: readonly (readonly [id: string, deadlineMs: Millis | undefined])[]
}

/** A member has been heard from. */
export interface SeenTouch {
  readonly kind: 'seen'
  readonly groupId: string
  readonly memberId: string
  readonly sessionDeadlineMs: Millis
}

/** The group's deadlines up to now have been dealt with. */
export interface CheckedTouch {
  readonly kind: 'checked'
  readonly groupId: string
}

/** The group goes although the log says nothing of it. */
export interface ForgetTouch {
  readonly kind: 'forget'
  readonly groupId: string
}

/** The search for expired offsets begins: these groups are to be looked at. */
export interface SweepTouch {
  readonly kind: 'sweep'
  readonly groupIds: readonly string[]
  readonly nextSweepMs: Millis
}

/** So many more groups of the sweep have been looked at. */
export interface SweptTouch {
  readonly kind: 'swept'
  readonly count: number
}

export type Touch =
  | MembershipTouch
  | SeenTouch
  | CheckedTouch
  | ForgetTouch
  | SweepTouch
  | SweptTouch
