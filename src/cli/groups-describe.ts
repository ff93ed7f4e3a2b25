// `ottla consumer-groups --describe`: offsets and lag, members, or the state of groups.
import { Admin, OffsetSpec } from '../client/admin.ts'
import type { GroupAdmin } from '../client/group-admin.ts'
import { CoordinatorKind } from '../client/kafka-client.ts'
import type { TopicPartition } from '../client/partition-leaders.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import { ConsumerProtocolAssignment } from '../wire/messages/consumer-protocol.ts'
import type { DescribeGroupsResponse } from '../wire/messages/15-describe-groups.ts'

type Described = DescribeGroupsResponse['groups'][number]

export interface Member {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly host: string
  readonly partitions: readonly TopicPartition[]
}

export interface Group {
  readonly id: string
  readonly state: string
  readonly assignor: string
  readonly members: readonly Member[]
  readonly coordinator: { readonly id: number; readonly address: string }
}

/** A line of `--offsets`. Null: there is none. */
export interface GroupOffset {
  readonly topic: string | null
  readonly partition: number | null
  readonly offset: number | null
  readonly endOffset: number | null
  readonly member: Member | undefined
}

export async function describeGroup(admin: GroupAdmin, id: string): Promise<Group> {
  const found = await describeOrDead(admin, id)
  const { client } = admin
  const coordinatorId = await client.coordinator(CoordinatorKind.group, id)
  const broker = client.brokers.find((one) => one.id === coordinatorId)
  return {
    id,
    state: found.groupState,
    assignor: found.protocolData,
    members: found.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      host: member.clientHost,
      partitions: assignmentOf(member.memberAssignment),
    })),
    coordinator: { id: coordinatorId, address: `${broker?.host}:${broker?.port}` },
  }
}

async function describeOrDead(
  admin: GroupAdmin,
  id: string,
): Promise<Pick<Described, 'groupState' | 'protocolData' | 'members'>> {
  try {
    return await admin.describe(id)
  } catch (error) {
    const isMissing = error instanceof KafkaError && error.code === Errors.GROUP_ID_NOT_FOUND
    if (isMissing) return { groupState: 'Dead', protocolData: '', members: [] }
    throw error
  }
}

function assignmentOf(bytes: Buffer): TopicPartition[] {
  if (bytes.length === 0) return []
  const { assignedPartitions } = ConsumerProtocolAssignment.decodeVersioned(bytes).value
  return assignedPartitions.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  )
}

/** Partitions of members first, the busiest member at the top; then those that nobody reads. */
export async function offsetsOf(admin: GroupAdmin, group: Group): Promise<GroupOffset[]> {
  const committed = new Map<string, number>()
  const places: (TopicPartition & { member: Member | undefined })[] = []
  const assigned = new Set<string>()
  for (const member of group.members) {
    for (const place of member.partitions) assigned.add(`${place.topic}-${place.partition}`)
  }
  const offsets = await admin.offsets(group.id, null)
  for (const { topic, partition, offset } of offsets) {
    if (offset >= 0) committed.set(`${topic}-${partition}`, offset)
  }
  const busiest = group.members.toSorted((a, b) => b.partitions.length - a.partitions.length)
  for (const member of busiest) {
    const own = member.partitions.toSorted((a, b) => a.partition - b.partition)
    places.push(...own.map((place) => ({ ...place, member })))
  }
  for (const { topic, partition } of offsets) {
    if (assigned.has(`${topic}-${partition}`)) continue
    places.push({ topic, partition, member: undefined })
  }
  const ends = await endOffsets(admin, places)
  const rows: GroupOffset[] = places.map(({ topic, partition, member }) => {
    const key = `${topic}-${partition}`
    const offset = committed.get(key) ?? null
    return { topic, partition, offset, endOffset: ends.get(key) ?? null, member }
  })
  const idle = busiest.filter(({ partitions }) => partitions.length === 0)
  const nothing = { topic: null, partition: null, offset: null, endOffset: null }
  return [...rows, ...idle.map((member) => ({ ...nothing, member }))]
}

/** Where logs end; nothing for a topic that is gone. */
export async function endOffsets(
  admin: GroupAdmin,
  places: readonly TopicPartition[],
): Promise<Map<string, number>> {
  const names = [...new Set(places.map(({ topic }) => topic))]
  const topics = await new Admin(admin.client).describeTopics(names)
  const existing = new Set(
    topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partition }) => `${name}-${partition}`),
    ),
  )
  const questions = places
    .filter(({ topic, partition }) => existing.has(`${topic}-${partition}`))
    .map(({ topic, partition }) => ({ topic, partition, timestamp: OffsetSpec.latest }))
  const outcomes = await new Admin(admin.client).listOffsets(questions)
  return new Map(
    outcomes
      .filter(({ errorCode }) => errorCode === Errors.NONE)
      .map(({ topic, partition, offset }) => [`${topic}-${partition}`, offset]),
  )
}
