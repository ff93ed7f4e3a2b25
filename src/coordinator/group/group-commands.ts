// What the group machine is asked, and what it wants done. Both are plain data, so a scenario
// can be read, replayed and printed.
import type { Keyed, Producer } from '../state-machine.ts'
import type {
  CommitRequest,
  DeleteOffsetsRequest,
  FetchOffsetsRequest,
  HeartbeatRequest,
  JoiningClient,
  JoinRequest,
  LeaveRequest,
  Reply,
  SyncRequest,
} from './group-protocol.ts'

/** `key` is the group; `replyTo` names the one who waits for the reply. */
export interface Asked extends Keyed {
  readonly replyTo: number
}

export interface JoinCommand extends Asked {
  readonly kind: 'join'
  readonly request: JoinRequest
  readonly client: JoiningClient
  /** Randomness from outside: the id that a new member would get. */
  readonly newMemberId: string
}

export interface SyncCommand extends Asked {
  readonly kind: 'sync'
  readonly request: SyncRequest
}

export interface HeartbeatCommand extends Asked {
  readonly kind: 'heartbeat'
  readonly request: HeartbeatRequest
}

export interface LeaveCommand extends Asked {
  readonly kind: 'leave'
  readonly request: LeaveRequest
}

export interface CommitCommand extends Asked {
  readonly kind: 'commit'
  readonly request: CommitRequest
  /** Present: the offsets belong to this producer's open transaction. */
  readonly producer: Producer | undefined
}

export interface FetchOffsetsCommand extends Asked {
  readonly kind: 'fetchOffsets'
  readonly request: FetchOffsetsRequest
}

export interface DeleteOffsetsCommand extends Asked {
  readonly kind: 'deleteOffsets'
  readonly request: DeleteOffsetsRequest
}

export interface DescribeCommand extends Asked {
  readonly kind: 'describe'
}

export interface DeleteGroupCommand extends Asked {
  readonly kind: 'deleteGroup'
}

/** All groups of the shard. */
export interface ListCommand extends Asked {
  readonly kind: 'list'
}

/** The topics are gone: so are the offsets in them. */
export interface TopicsDeletedCommand extends Keyed {
  readonly kind: 'topicsDeleted'
  readonly topics: ReadonlySet<string>
}

/** The machine's next deadline has come. */
export interface DeadlineCommand extends Keyed {
  readonly kind: 'deadline'
}

export type AskingCommand =
  | JoinCommand
  | SyncCommand
  | HeartbeatCommand
  | LeaveCommand
  | CommitCommand
  | FetchOffsetsCommand
  | DeleteOffsetsCommand
  | DescribeCommand
  | DeleteGroupCommand
  | ListCommand

export type Command = AskingCommand | TopicsDeletedCommand | DeadlineCommand

export interface ReplyEffect {
  readonly kind: 'reply'
  readonly replyTo: number
  readonly reply: Reply
}

/** A line for the broker's log. */
export interface LogEffect {
  readonly kind: 'log'
  readonly message: string
}

/** Something that is counted has happened so many times. */
export interface CountEffect {
  readonly kind: 'count'
  readonly of: 'committedOffsets' | 'deletedOffsets' | 'expiredOffsets' | 'completedRebalances'
  readonly count: number
}

export type Effect = ReplyEffect | LogEffect | CountEffect
