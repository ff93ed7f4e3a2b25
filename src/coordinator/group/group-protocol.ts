// What goes into the group coordinator and comes out of it. Requests have the names of the
// wire's fields, so that a handler hands its decoded request on as it is.

export interface JoinRequest {
  readonly groupId: string
  readonly sessionTimeoutMs: number
  /** -1 in v0, which knows only the session timeout. */
  readonly rebalanceTimeoutMs: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly protocolType: string
  readonly protocols: readonly MemberProtocol[]
}

export interface MemberProtocol {
  readonly name: string
  readonly metadata: Buffer
}

/** Who sends a join. */
export interface JoiningClient {
  readonly clientId: string
  /** As Kafka writes it into the log: '/' and the address. */
  readonly clientHost: string
  /** v4 and later: a new dynamic member must come back with the id it was given (KIP-394). */
  readonly requireKnownMemberId: boolean
  /** v9 and later: the leader may be told to skip its assignor (KIP-814). */
  readonly supportsSkippingAssignment: boolean
}

export interface JoinReply {
  readonly kind: 'join'
  readonly errorCode: number
  readonly generationId: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly leader: string
  readonly skipAssignment: boolean
  readonly memberId: string
  readonly members: readonly JoinedMember[]
}

export interface JoinedMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly metadata: Buffer
}

export interface SyncRequest {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[]
}

export interface SyncReply {
  readonly kind: 'sync'
  readonly errorCode: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly assignment: Buffer
}

export interface HeartbeatRequest {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
}

/** The reply to what answers with nothing but an error code: heartbeats and group deletions. */
export interface CodeReply {
  readonly kind: 'code'
  readonly errorCode: number
}

export interface LeavingMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
}

export interface LeaveRequest {
  readonly groupId: string
  readonly members: readonly LeavingMember[]
}

export interface LeaveReply {
  readonly kind: 'leave'
  /** Of the whole request; before v3 the single member's error counts instead. */
  readonly errorCode: number
  readonly members: readonly (LeavingMember & { readonly errorCode: number })[]
}

export interface TopicOffset {
  readonly partitionIndex: number
  readonly committedOffset: number
  /** -1: not known. */
  readonly committedLeaderEpoch: number
  /** v1 only, -1: now. */
  readonly commitTimestamp?: number
  readonly committedMetadata: string | null
}

export interface CommitRequest {
  readonly groupId: string
  /** -1: not a member, the group only stores offsets. */
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  /** v2 to v4, -1: the broker's retention. */
  readonly retentionTimeMs?: number
  readonly topics: readonly { readonly name: string; readonly partitions: readonly TopicOffset[] }[]
}

/** Errors of partitions, also of an offset deletion; the shape of OffsetCommit's response. */
export interface PartitionErrors {
  readonly name: string
  readonly partitions: { readonly partitionIndex: number; readonly errorCode: number }[]
}

export interface CommitReply {
  readonly kind: 'commit'
  readonly topics: PartitionErrors[]
}

export interface TopicPartitions {
  readonly name: string
  readonly partitionIndexes: readonly number[]
}

export interface FetchOffsetsRequest {
  readonly groupId: string
  /** Null: everything the group has committed. */
  readonly topics: readonly TopicPartitions[] | null
  /** UNSTABLE_OFFSET_COMMIT for partitions with an offset in an open transaction (KIP-447). */
  readonly requireStable: boolean
}

export interface FetchedOffset {
  readonly partitionIndex: number
  readonly committedOffset: number
  readonly committedLeaderEpoch: number
  readonly metadata: string
  readonly errorCode: number
}

export interface FetchOffsetsReply {
  readonly kind: 'offsets'
  readonly errorCode: number
  readonly topics: { readonly name: string; readonly partitions: FetchedOffset[] }[]
}

export interface DeleteOffsetsRequest {
  readonly groupId: string
  readonly topics: readonly TopicPartitions[]
}

export interface DeleteOffsetsReply {
  readonly kind: 'deleteOffsets'
  readonly errorCode: number
  readonly topics: PartitionErrors[]
}

export interface DescribedMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly memberMetadata: Buffer
  readonly memberAssignment: Buffer
}

export interface DescribeReply {
  readonly kind: 'describe'
  readonly errorCode: number
  readonly groupId: string
  readonly groupState: string
  readonly protocolType: string
  readonly protocolData: string
  readonly members: readonly DescribedMember[]
}

export interface ListedGroup {
  readonly groupId: string
  readonly protocolType: string
  readonly groupState: string
  readonly groupType: string
}

export interface ListReply {
  readonly kind: 'list'
  readonly errorCode: number
  readonly groups: readonly ListedGroup[]
}

export type Reply =
  | JoinReply
  | SyncReply
  | CodeReply
  | LeaveReply
  | CommitReply
  | FetchOffsetsReply
  | DeleteOffsetsReply
  | DescribeReply
  | ListReply
