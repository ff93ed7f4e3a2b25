// The group coordinator as handlers see it: one promise per request. It finds the shard, hands
// the command over and turns the machine's effects back into the replies that they answer.
import assert from 'node:assert'
import type { Platform } from '../../platform/platform.ts'
import type { Logger } from '../../telemetry/logger.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import { Errors } from '../../wire/errors.ts'
import { partitionForId } from '../java-hash.ts'
import { Runtime, type OpenReplicatedLog } from '../runtime.ts'
import type { Producer } from '../state-machine.ts'
import { failedReply } from './failed-replies.ts'
import type { AskingCommand, Command, Effect } from './group-commands.ts'
import { decodeGroupRecord, encodeGroupEvents, type GroupEvent } from './group-events.ts'
import { GroupMachine } from './group-machine.ts'
import { GroupMetrics } from './group-metrics.ts'
import type {
  CodeReply,
  CommitReply,
  CommitRequest,
  DeleteOffsetsReply,
  DeleteOffsetsRequest,
  DescribeReply,
  FetchOffsetsReply,
  FetchOffsetsRequest,
  HeartbeatRequest,
  JoiningClient,
  JoinReply,
  JoinRequest,
  LeaveReply,
  LeaveRequest,
  ListReply,
  Reply,
  SyncReply,
  SyncRequest,
} from './group-protocol.ts'
import type { GroupSettings } from './group-settings.ts'
import type { Touch } from './group-touches.ts'
import { newMemberId } from './member-id.ts'

export const OFFSETS_TOPIC = '__consumer_offsets'

export interface GroupCoordinatorOptions {
  readonly platform: Pick<Platform, 'clock' | 'random'>
  readonly logger: Logger
  readonly settings: GroupSettings
  readonly metrics?: Metrics
  /** Partitions of `__consumer_offsets`: as it is, else as it would be created. */
  readonly partitionCount: () => number
  readonly openLog: OpenReplicatedLog
}

interface Pending {
  readonly command: AskingCommand
  readonly resolve: (reply: Reply) => void
}

/** A command without the number that its reply will have. */
type Question = AskingCommand extends infer C
  ? C extends unknown
    ? Omit<C, 'replyTo'>
    : never
  : never

export class GroupCoordinator {
  readonly #options: GroupCoordinatorOptions
  readonly #logger: Logger
  readonly #runtime: Runtime<Command, GroupEvent, Touch, Effect>
  readonly #pending = new Map<number, Pending>()
  readonly #metrics: GroupMetrics | undefined
  #lastReplyTo = 0

  constructor(options: GroupCoordinatorOptions) {
    this.#options = options
    this.#logger = options.logger.named('GroupCoordinator')
    this.#runtime = new Runtime({
      topic: OFFSETS_TOPIC,
      clock: options.platform.clock,
      logger: this.#logger,
      createMachine: () => new GroupMachine(options.settings),
      encode: encodeGroupEvents,
      decode: decodeGroupRecord,
      openLog: options.openLog,
      deliver: (effect) => this.#deliver(effect),
      fail: (effect, errorCode) => this.#fail(effect, errorCode),
      deadlineCommand: { kind: 'deadline', key: '' },
      commitTimeoutMs: options.settings.commitTimeoutMs,
      onLoaded: (_partition, durationMs) => this.#metrics?.onLoaded(durationMs),
    })
    const { metrics } = options
    this.#metrics = metrics && new GroupMetrics(metrics, () => this.#machines())
  }

  /** The partition of `__consumer_offsets` whose leader coordinates the group. */
  partitionFor(groupId: string): number {
    return partitionForId(groupId, this.#options.partitionCount())
  }

  /** This broker leads the partition now: loads it, then serves its groups. */
  onLeaderElected(partition: number, leaderEpoch: number): void {
    this.#runtime.onLeaderElected(partition, leaderEpoch)
  }

  /** Another broker leads the partition, or it is gone (no epoch): everyone waiting is told. */
  onResigned(partition: number, leaderEpoch?: number): void {
    this.#runtime.onResigned(partition, leaderEpoch)
  }

  /** Offsets of deleted topics go, with tombstones. */
  onTopicsDeleted(topics: readonly string[]): void {
    if (topics.length === 0) return
    const command = { kind: 'topicsDeleted', key: '', topics: new Set(topics) } as const
    for (const partition of this.#runtime.partitions()) this.#runtime.dispatch(partition, command)
  }

  /** A transaction's marker has been written to a partition of `__consumer_offsets`. */
  onTransactionCompleted(partition: number, producerId: number, committed: boolean): void {
    this.#runtime.completeTransaction(partition, producerId, committed)
  }

  close(): void {
    this.#runtime.close()
  }

  async joinGroup(request: JoinRequest, client: JoiningClient): Promise<JoinReply> {
    const prefix = request.groupInstanceId ?? client.clientId
    const memberId = newMemberId(prefix, this.#options.platform.random)
    const key = request.groupId
    const reply = await this.#ask({ kind: 'join', key, request, client, newMemberId: memberId })
    assert(reply.kind === 'join')
    return reply
  }

  async syncGroup(request: SyncRequest): Promise<SyncReply> {
    const reply = await this.#ask({ kind: 'sync', key: request.groupId, request })
    assert(reply.kind === 'sync')
    return reply
  }

  async heartbeat(request: HeartbeatRequest): Promise<CodeReply> {
    const reply = await this.#ask({ kind: 'heartbeat', key: request.groupId, request })
    assert(reply.kind === 'code')
    return reply
  }

  async leaveGroup(request: LeaveRequest): Promise<LeaveReply> {
    const reply = await this.#ask({ kind: 'leave', key: request.groupId, request })
    assert(reply.kind === 'leave')
    return reply
  }

  /** With a producer: pending until its transaction's marker comes. */
  async commitOffsets(request: CommitRequest, producer?: Producer): Promise<CommitReply> {
    const reply = await this.#ask({ kind: 'commit', key: request.groupId, request, producer })
    assert(reply.kind === 'commit')
    return reply
  }

  async fetchOffsets(request: FetchOffsetsRequest): Promise<FetchOffsetsReply> {
    const reply = await this.#ask({ kind: 'fetchOffsets', key: request.groupId, request })
    assert(reply.kind === 'offsets')
    return reply
  }

  async deleteOffsets(request: DeleteOffsetsRequest): Promise<DeleteOffsetsReply> {
    const reply = await this.#ask({ kind: 'deleteOffsets', key: request.groupId, request })
    assert(reply.kind === 'deleteOffsets')
    return reply
  }

  async describeGroup(groupId: string): Promise<DescribeReply> {
    const reply = await this.#ask({ kind: 'describe', key: groupId })
    assert(reply.kind === 'describe')
    return reply
  }

  async deleteGroup(groupId: string): Promise<CodeReply> {
    const reply = await this.#ask({ kind: 'deleteGroup', key: groupId })
    assert(reply.kind === 'code')
    return reply
  }

  /**
   * Groups of all partitions led here. Empty filters let everything through; names match
   * without regard to case. LOAD_IN_PROGRESS comes with the groups that are loaded already.
   */
  async listGroups(states: readonly string[], types: readonly string[]): Promise<ListReply> {
    let errorCode: number = Errors.NONE
    const groups: ListReply['groups'][number][] = []
    const wantedStates = new Set(states.map((state) => state.toLowerCase()))
    const wantedTypes = new Set(types.map((type) => type.toLowerCase()))
    for (const partition of this.#runtime.partitions()) {
      const reply = await this.#askPartition(partition, { kind: 'list', key: '' })
      assert(reply.kind === 'list')
      if (reply.errorCode === Errors.COORDINATOR_LOAD_IN_PROGRESS) errorCode = reply.errorCode
      for (const group of reply.groups) {
        if (wantedStates.size > 0 && !wantedStates.has(group.groupState.toLowerCase())) continue
        if (wantedTypes.size > 0 && !wantedTypes.has(group.groupType)) continue
        groups.push(group)
      }
    }
    return { kind: 'list', errorCode, groups }
  }

  *#machines(): Generator<GroupMachine> {
    for (const machine of this.#runtime.machines())
      if (machine instanceof GroupMachine) yield machine
  }

  #ask(question: Question): Promise<Reply> {
    return this.#askPartition(this.partitionFor(question.key), question)
  }

  #askPartition(partition: number, question: Question): Promise<Reply> {
    const replyTo = ++this.#lastReplyTo
    const command: AskingCommand = { ...question, replyTo }
    return new Promise((resolve) => {
      if (command.key === '' && needsGroupId(command)) {
        resolve(failedReply(command, Errors.INVALID_GROUP_ID))
        return
      }
      this.#pending.set(replyTo, { command, resolve })
      const error = this.#runtime.dispatch(partition, command)
      if (error !== 0) this.#answer(replyTo, failedReply(command, error))
    })
  }

  #deliver(effect: Effect): void {
    if (effect.kind === 'reply') this.#answer(effect.replyTo, effect.reply)
    else if (effect.kind === 'log') this.#logger.info(effect.message)
    else this.#metrics?.count(effect)
  }

  #fail(effect: Effect, errorCode: number): void {
    if (effect.kind !== 'reply') return
    const pending = this.#pending.get(effect.replyTo)
    if (pending !== undefined) this.#answer(effect.replyTo, failedReply(pending.command, errorCode))
  }

  #answer(replyTo: number, reply: Reply): void {
    const pending = this.#pending.get(replyTo)
    if (pending === undefined) return
    this.#pending.delete(replyTo)
    pending.resolve(reply)
  }
}

/** An empty id once was allowed for offsets, so those can still be used, seen and deleted. */
function needsGroupId(command: AskingCommand): boolean {
  switch (command.kind) {
    case 'join':
    case 'sync':
    case 'heartbeat':
    case 'leave':
    case 'deleteOffsets':
      return true
    case 'commit':
      return command.producer !== undefined
    default:
      return false
  }
}
