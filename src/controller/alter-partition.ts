// Changes of in-sync sets that leaders ask for (KIP-497). Each partition is judged by what the
// controller knows; what passes is written by compare-and-set, then told to all brokers.
import type {
  AlterPartitionRequest,
  AlterPartitionResponse,
} from '../wire/messages/56-alter-partition.ts'
import { errorByCode, Errors } from '../wire/errors.ts'
import { ZERO_UUID } from '../wire/uuid.ts'
import { sameList } from './context.ts'
import type { ControllerContext, Leadership, Partition } from './context.ts'
import type { NextLeadership } from './leadership-plans.ts'
import { stateBytes } from './leadership-plans.ts'
import { isWritten, readLeaderships } from './leadership-writes.ts'
import { logRefusal } from './refusals.ts'
import type { Term } from './term.ts'
import { statePath } from '../metadata/znode-paths.ts'
import { ZooKeeperCode } from '../zookeeper/errors.ts'
import { versionOf } from './guarded-store.ts'

type TopicRequest = AlterPartitionRequest['topics'][number]
type PartitionRequest = TopicRequest['partitions'][number]
type TopicResponse = AlterPartitionResponse['topics'][number]
type PartitionResponse = TopicResponse['partitions'][number]

const IDS_SINCE = 2
const EPOCHS_SINCE = 3
const RECOVERING = 1
const MAX_LOGGED = 5

/** One change as the leader wants it, or what is wrong with it. */
interface Wanted {
  readonly partition: Partition
  readonly next: NextLeadership
  readonly partitionEpoch: number
}

export interface AlterPartitionOutcome {
  readonly response: AlterPartitionResponse
  /** Partitions whose in-sync set is another now. */
  readonly changed: readonly Partition[]
}

/** A response that refuses the whole request. */
export function refusedAlterPartition(errorCode: number): AlterPartitionResponse {
  return { throttleTimeMs: 0, errorCode, topics: [] }
}

export async function alterPartition(
  term: Term,
  request: AlterPartitionRequest,
  version: number,
): Promise<AlterPartitionOutcome> {
  const broker = term.context.brokers.get(request.brokerId)
  if (broker === undefined || broker.epoch !== request.brokerEpoch) {
    logRefusal(term, 'AlterPartition', request, broker?.epoch)
    return { response: refusedAlterPartition(Errors.STALE_BROKER_EPOCH), changed: [] }
  }
  const wanted = new Map<PartitionRequest, Wanted>()
  const errors = new Map<PartitionRequest, number>()
  for (const topic of request.topics) {
    for (const asked of topic.partitions) {
      const judged = judge(term.context, request.brokerId, topic, asked, version)
      if (typeof judged === 'number') errors.set(asked, judged)
      else wanted.set(asked, judged)
    }
  }
  const changed = await write(term, wanted, errors)
  logRefused(term, request, errors, version)
  const topics = request.topics.map((topic) => answer(term.context, topic, errors, version))
  return { response: { throttleTimeMs: 0, errorCode: Errors.NONE, topics }, changed }
}

/** One line for the whole request: it may name thousands of partitions. */
function logRefused(
  { context, logger }: Term,
  { brokerId, topics }: AlterPartitionRequest,
  errors: ReadonlyMap<PartitionRequest, number>,
  version: number,
): void {
  const refused: string[] = []
  let count = 0
  for (const topic of topics) {
    for (const asked of topic.partitions) {
      const error = errors.get(asked) ?? Errors.NONE
      if (error === Errors.NONE || ++count > MAX_LOGGED) continue
      const name = version >= IDS_SINCE ? context.topicNames.get(topic.topicId) : topic.topicName
      const isr = newIsr(asked, version).join(',')
      refused.push(`${name}-${asked.partitionIndex} to ${isr} (${errorByCode(error).name})`)
    }
  }
  if (count === 0) return
  const more = count > refused.length ? `, and ${count - refused.length} more` : ''
  logger.warn(`Refused broker ${brokerId} changes of in-sync sets: ${refused.join(', ')}${more}`)
}

function find(
  context: ControllerContext,
  topic: TopicRequest,
  index: number,
  version: number,
): Partition | undefined {
  const name = version >= IDS_SINCE ? context.topicNames.get(topic.topicId) : topic.topicName
  return name === undefined ? undefined : context.partition(name, index)
}

// An error code, or what is to be written. NONE: it is so already.
function judge(
  context: ControllerContext,
  brokerId: number,
  topic: TopicRequest,
  asked: PartitionRequest,
  version: number,
): Wanted | number {
  const partition = find(context, topic, asked.partitionIndex, version)
  const leadership = partition?.leadership
  if (partition === undefined || leadership === undefined) {
    const isUnknownId = version >= IDS_SINCE && !context.topicNames.has(topic.topicId)
    return isUnknownId ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION
  }
  // A leader that knows more than this controller obeys a newer one.
  if (asked.leaderEpoch > leadership.leaderEpoch) return Errors.NOT_CONTROLLER
  if (asked.partitionEpoch > leadership.partitionEpoch) return Errors.NOT_CONTROLLER
  if (asked.leaderEpoch < leadership.leaderEpoch) return Errors.FENCED_LEADER_EPOCH
  const isr = newIsr(asked, version)
  if (isSame(leadership, isr, asked.leaderRecoveryState)) return Errors.NONE
  if (asked.partitionEpoch < leadership.partitionEpoch) return Errors.INVALID_UPDATE_VERSION
  if (leadership.leader !== brokerId) return Errors.INVALID_REQUEST
  const problem = isrProblem(context, partition, asked, version)
  if (problem !== Errors.NONE) return problem
  const next = {
    leader: leadership.leader,
    leaderEpoch: leadership.leaderEpoch,
    isr,
    leaderRecoveryState: asked.leaderRecoveryState,
    controllerEpoch: context.epoch,
  }
  return { partition, next, partitionEpoch: leadership.partitionEpoch }
}

function newIsr(asked: PartitionRequest, version: number): number[] {
  if (version < EPOCHS_SINCE) return asked.newIsr
  return asked.newIsrWithEpochs.map(({ brokerId }) => brokerId)
}

function isSame(leadership: Leadership, isr: readonly number[], recoveryState: number): boolean {
  return sameList(leadership.isr, isr) && leadership.leaderRecoveryState === recoveryState
}

function isrProblem(
  context: ControllerContext,
  partition: Partition,
  asked: PartitionRequest,
  version: number,
): number {
  const isr = newIsr(asked, version)
  const isRecovering = asked.leaderRecoveryState === RECOVERING
  if (isr.length === 0 || (isRecovering && isr.length > 1)) return Errors.INVALID_REQUEST
  if (isRecovering && partition.leadership?.leaderRecoveryState !== RECOVERING) {
    return Errors.INVALID_REQUEST
  }
  if (!isr.every((id) => mayBeInSync(context, partition.leadership, id, asked, version))) {
    return version >= IDS_SINCE ? Errors.INELIGIBLE_REPLICA : Errors.OPERATION_NOT_ATTEMPTED
  }
  const isAssigned = isr.every((id) => partition.assignment.replicas.includes(id))
  return isAssigned ? Errors.NONE : Errors.INVALID_REQUEST
}

// Members stay while they can be reached; who joins must be fully there. With its epoch a broker
// that was restarted meanwhile is recognised: it may have lost its log (KIP-903).
function mayBeInSync(
  context: ControllerContext,
  leadership: Leadership | undefined,
  brokerId: number,
  asked: PartitionRequest,
  version: number,
): boolean {
  if (brokerId === leadership?.leader) return true
  const isMember = leadership?.isr.includes(brokerId) === true
  if (!(isMember ? context.isReachable(brokerId) : context.isLive(brokerId))) return false
  if (version < EPOCHS_SINCE) return true
  const claimed = asked.newIsrWithEpochs.find((it) => it.brokerId === brokerId)?.brokerEpoch ?? -1
  return claimed === -1 || claimed === context.brokers.get(brokerId)?.epoch
}

async function write(
  term: Term,
  wanted: ReadonlyMap<PartitionRequest, Wanted>,
  errors: Map<PartitionRequest, number>,
): Promise<Partition[]> {
  const entries = [...wanted]
  const results = await term.store.write(
    entries.map(([, { partition, next, partitionEpoch }]) => {
      const path = statePath(partition.topic.name, partition.index)
      return [{ kind: 'set', path, data: stateBytes(next), version: partitionEpoch }]
    }),
  )
  const changed: Partition[] = []
  const conflicting: [PartitionRequest, Wanted][] = []
  for (const [index, [asked, change]] of entries.entries()) {
    const result = results[index]
    if (result?.ok === true) {
      const partitionEpoch = versionOf(result.results[0])
      change.partition.leadership = { ...change.next, partitionEpoch }
      changed.push(change.partition)
      errors.set(asked, Errors.NONE)
    } else if (result?.code === ZooKeeperCode.BADVERSION) conflicting.push([asked, change])
    else errors.set(asked, Errors.UNKNOWN_SERVER_ERROR)
  }
  await readLeaderships(
    term,
    conflicting.map(([, { partition }]) => partition),
  )
  for (const [asked, { partition, next }] of conflicting) {
    const isDone = isWritten(partition, next)
    errors.set(asked, isDone ? Errors.NONE : Errors.INVALID_UPDATE_VERSION)
    if (isDone) changed.push(partition)
  }
  if (changed.length > 0) {
    const batch = term.batch()
    batch.addUpdateMetadata(term.context.reachableBrokers, changed)
    term.send(batch)
  }
  return changed
}

function answer(
  context: ControllerContext,
  topic: TopicRequest,
  errors: ReadonlyMap<PartitionRequest, number>,
  version: number,
): TopicResponse {
  return {
    topicName: topic.topicName,
    topicId: topic.topicId ?? ZERO_UUID,
    partitions: topic.partitions.map((asked) => {
      const errorCode = errors.get(asked) ?? Errors.UNKNOWN_SERVER_ERROR
      const partition = find(context, topic, asked.partitionIndex, version)
      return answerPartition(asked.partitionIndex, errorCode, partition?.leadership)
    }),
  }
}

function answerPartition(
  partitionIndex: number,
  errorCode: number,
  leadership: Leadership | undefined,
): PartitionResponse {
  const isKnown = errorCode === Errors.NONE && leadership !== undefined
  return {
    partitionIndex,
    errorCode,
    leaderId: isKnown ? leadership.leader : 0,
    leaderEpoch: isKnown ? leadership.leaderEpoch : 0,
    isr: isKnown ? [...leadership.isr] : [],
    leaderRecoveryState: isKnown ? leadership.leaderRecoveryState : 0,
    partitionEpoch: isKnown ? leadership.partitionEpoch : 0,
  }
}
