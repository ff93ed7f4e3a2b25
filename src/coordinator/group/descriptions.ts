// Groups as administrators see them.
import { Errors } from '../../wire/errors.ts'
import { metadataFor, NO_BYTES, type Group } from './group.ts'
import type { DescribedMember, DescribeReply, ListedGroup } from './group-protocol.ts'

/** A group that is not there is described as dead, without an error. */
export function describeGroup(groupId: string, group: Group | undefined): DescribeReply {
  const header = group?.header
  const isStable = header?.state === 'Stable'
  return {
    kind: 'describe',
    errorCode: Errors.NONE,
    groupId,
    groupState: header?.state ?? 'Dead',
    protocolType: header?.protocolType ?? '',
    protocolData: isStable ? (header.protocolName ?? '') : '',
    members: group === undefined ? [] : describeMembers(group, isStable),
  }
}

/** What members want and have is settled in a stable group only. */
function describeMembers(group: Group, isStable: boolean): DescribedMember[] {
  return Array.from(group.members.values(), (member) => ({
    memberId: member.id,
    groupInstanceId: member.instanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    memberMetadata: isStable ? metadataFor(member, group.header.protocolName) : NO_BYTES,
    memberAssignment: isStable ? member.assignment : NO_BYTES,
  }))
}

export function listGroup(group: Group): ListedGroup {
  return {
    groupId: group.id,
    protocolType: group.header.protocolType ?? '',
    groupState: group.header.state,
    groupType: 'classic',
  }
}
