// The reply to a command that the machine never saw or whose records were not committed: the
// error in the place, and under the name, that each request has for it.
import { Errors } from '../../wire/errors.ts'
import type { AskingCommand } from './group-commands.ts'
import type { CodeReply, JoinReply, PartitionErrors, Reply, SyncReply } from './group-protocol.ts'

const NO_BYTES = Buffer.alloc(0)

export function failedJoin(memberId: string, errorCode: number): JoinReply {
  return {
    kind: 'join',
    errorCode,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  }
}

export function failedSync(errorCode: number): SyncReply {
  return { kind: 'sync', errorCode, protocolType: null, protocolName: null, assignment: NO_BYTES }
}

export function codeReply(errorCode: number): CodeReply {
  return { kind: 'code', errorCode }
}

interface CommittedTopic {
  readonly name: string
  readonly partitions: readonly { readonly partitionIndex: number }[]
}

/** The same error for every partition of a commit. */
export function failedPartitions(
  topics: readonly CommittedTopic[],
  errorCode: number,
): PartitionErrors[] {
  return topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
  }))
}

/** `cause`: why the shard refused the command, or the error of the log. */
export function failedReply(command: AskingCommand, cause: number): Reply {
  switch (command.kind) {
    case 'join':
      return failedJoin(command.request.memberId, groupError(cause))
    case 'sync':
      return failedSync(syncError(cause))
    case 'heartbeat':
      // Whoever still loads a group knows nothing against the member.
      return codeReply(cause === Errors.COORDINATOR_LOAD_IN_PROGRESS ? Errors.NONE : cause)
    case 'deleteGroup':
      return codeReply(groupError(cause))
    case 'leave':
      return { kind: 'leave', errorCode: groupError(cause), members: [] }
    case 'commit': {
      const topics = failedPartitions(command.request.topics, offsetError(cause))
      return { kind: 'commit', topics }
    }
    case 'fetchOffsets':
      return { kind: 'offsets', errorCode: offsetError(cause), topics: [] }
    case 'deleteOffsets':
      return { kind: 'deleteOffsets', errorCode: offsetError(cause), topics: [] }
    case 'describe':
      return {
        kind: 'describe',
        errorCode: groupError(cause),
        groupId: command.key,
        groupState: '',
        protocolType: '',
        protocolData: '',
        members: [],
      }
    case 'list':
      return { kind: 'list', errorCode: cause, groups: [] }
  }
}

/** The state of the rebalance is lost with the old coordinator: the member has to join again. */
function syncError(cause: number): number {
  const lost = cause === Errors.COORDINATOR_LOAD_IN_PROGRESS || cause === Errors.REQUEST_TIMED_OUT
  return lost ? Errors.REBALANCE_IN_PROGRESS : groupError(cause)
}

function groupError(cause: number): number {
  return isTooLarge(cause) ? Errors.UNKNOWN_SERVER_ERROR : logError(cause)
}

function offsetError(cause: number): number {
  return isTooLarge(cause) ? Errors.INVALID_COMMIT_OFFSET_SIZE : logError(cause)
}

function isTooLarge(cause: number): boolean {
  return (
    cause === Errors.MESSAGE_TOO_LARGE ||
    cause === Errors.RECORD_LIST_TOO_LARGE ||
    cause === Errors.INVALID_FETCH_SIZE
  )
}

function logError(cause: number): number {
  switch (cause) {
    case Errors.UNKNOWN_TOPIC_OR_PARTITION:
    case Errors.NOT_ENOUGH_REPLICAS:
    case Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case Errors.REQUEST_TIMED_OUT:
      return Errors.COORDINATOR_NOT_AVAILABLE
    case Errors.NOT_LEADER_OR_FOLLOWER:
    case Errors.KAFKA_STORAGE_ERROR:
      return Errors.NOT_COORDINATOR
    default:
      return cause
  }
}
