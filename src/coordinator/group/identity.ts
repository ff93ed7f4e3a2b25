// Whether a request comes from who it says it comes from.
import { Errors } from '../../wire/errors.ts'

/** A group or a draft of one. */
export interface Membership {
  member(id: string): object | undefined
  staticMemberId(instanceId: string): string | undefined
}

/**
 * 0, UNKNOWN_MEMBER_ID, or FENCED_INSTANCE_ID when another member has taken over the static
 * identity.
 */
export function identityError(
  group: Membership,
  memberId: string,
  instanceId: string | null,
): number {
  if (instanceId === null) {
    return group.member(memberId) === undefined ? Errors.UNKNOWN_MEMBER_ID : Errors.NONE
  }
  const holder = group.staticMemberId(instanceId)
  if (holder === undefined) return Errors.UNKNOWN_MEMBER_ID
  return holder === memberId ? Errors.NONE : Errors.FENCED_INSTANCE_ID
}
