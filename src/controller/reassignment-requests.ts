// Reassignments that somebody asks for, by request or by the znode of old tools: what is wrong with
// them, and their start.
import { Errors } from '../wire/errors.ts'
import type {
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse,
} from '../wire/messages/45-alter-partition-reassignments.ts'
import type {
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse,
} from '../wire/messages/46-list-partition-reassignments.ts'
import type { Assignment } from '../metadata/znodes.ts'
import { without } from './context.ts'
import type { ControllerContext, Partition } from './context.ts'
import type { Machine } from './machine.ts'
import { originalReplicas, reassignTo } from './reassignment.ts'

type Problem = readonly [code: number, message: string]
type PartitionResult =
  AlterPartitionReassignmentsResponse['responses'][number]['partitions'][number]

const UNKNOWN: Problem = [Errors.UNKNOWN_TOPIC_OR_PARTITION, 'The partition does not exist.']
const NONE_RUNNING: Problem = [
  Errors.NO_REASSIGNMENT_IN_PROGRESS,
  'No partition reassignment is in progress.',
]
const LAST_IN_SYNC: Problem = [
  Errors.INVALID_REPLICA_ASSIGNMENT,
  'The reassignment would delete the only replicas that are in sync.',
]
const NOT_CONTROLLER = 'This is not the correct controller for this cluster.'

export function refusedReassignments(errorCode: number): AlterPartitionReassignmentsResponse {
  return { throttleTimeMs: 0, errorCode, errorMessage: NOT_CONTROLLER, responses: [] }
}

export function refusedListing(errorCode: number): ListPartitionReassignmentsResponse {
  return { throttleTimeMs: 0, errorCode, errorMessage: NOT_CONTROLLER, topics: [] }
}

/** Starts or cancels what the request names. */
export async function alterReassignments(
  machine: Machine,
  request: AlterPartitionReassignmentsRequest,
): Promise<AlterPartitionReassignmentsResponse> {
  const responses: AlterPartitionReassignmentsResponse['responses'] = []
  for (const { name, partitions } of request.topics) {
    const results: PartitionResult[] = []
    for (const { partitionIndex, replicas } of partitions) {
      const problem = await alterOne(machine, name, partitionIndex, replicas)
      if (problem !== undefined) logRefused(machine, name, partitionIndex, problem)
      const [errorCode, errorMessage] = problem ?? [Errors.NONE, null]
      results.push({ partitionIndex, errorCode, errorMessage })
    }
    responses.push({ name, partitions: results })
  }
  return { throttleTimeMs: 0, errorCode: Errors.NONE, errorMessage: '', responses }
}

function logRefused({ term }: Machine, topic: string, index: number, problem: Problem): void {
  term.logger.warn(`Refused to reassign ${topic}-${index}: ${problem[1]}`)
}

async function alterOne(
  machine: Machine,
  topic: string,
  index: number,
  target: readonly number[] | null,
): Promise<Problem | undefined> {
  const { context } = machine.term
  const partition = context.partition(topic, index)
  if (target !== null) {
    const problem = targetProblem(context, partition, target)
    if (problem !== undefined) return [Errors.INVALID_REPLICA_ASSIGNMENT, problem]
  }
  if (partition === undefined || context.isBeingDeleted(topic)) return UNKNOWN
  if (target === null && !context.reassigning.has(partition)) return NONE_RUNNING
  const { assignment } = partition
  const wanted = reassignTo(assignment, target ?? originalReplicas(assignment))
  if (losesAllInSync(partition, wanted)) return LAST_IN_SYNC
  await machine.reassignments.advance(partition, wanted)
  return undefined
}

// Replicas that were only to be added are deleted when another target replaces the running one.
function losesAllInSync({ assignment, leadership }: Partition, wanted: Assignment): boolean {
  const dropped = without(assignment.replicas, wanted.replicas)
  return leadership !== undefined && leadership.isr.every((id) => dropped.includes(id))
}

function targetProblem(
  context: ControllerContext,
  partition: Partition | undefined,
  target: readonly number[],
): string | undefined {
  const shown = `ArrayBuffer(${target.join(', ')})`
  if (target.length === 0) return 'Empty replica list specified in partition reassignment.'
  if (new Set(target).size !== target.length) {
    return `Duplicate replica ids in partition reassignment replica list: ${shown}`
  }
  if (target.some((id) => id < 0)) return `Invalid broker id in replica list: ${shown}`
  if (partition === undefined) return undefined
  const added = without(target, originalReplicas(partition.assignment))
  if (added.every((id) => context.isLive(id))) return undefined
  const live = context.liveBrokers.sort((a, b) => a - b).join(', ')
  return (
    'Replica assignment has brokers that are not alive. ' +
    `Replica list: ArrayBuffer(${added.join(', ')}), live broker list: Set(${live})`
  )
}

/** The reassignments that run, all or those named. */
export function listReassignments(
  context: ControllerContext,
  { topics }: ListPartitionReassignmentsRequest,
): ListPartitionReassignmentsResponse {
  const wanted = topics === null ? undefined : new Map(topics.map((it) => [it.name, it]))
  const found = [...context.reassigning].filter(({ topic, index }) => {
    return wanted === undefined || wanted.get(topic.name)?.partitionIndexes.includes(index) === true
  })
  const byTopic = Map.groupBy(found, ({ topic }) => topic.name)
  return {
    throttleTimeMs: 0,
    errorCode: Errors.NONE,
    errorMessage: null,
    topics: [...byTopic].map(([name, partitions]) => ({
      name,
      partitions: partitions.map(({ index, assignment }) => ({
        partitionIndex: index,
        replicas: [...assignment.replicas],
        addingReplicas: [...assignment.adding],
        removingReplicas: [...assignment.removing],
      })),
    })),
  }
}

/** Starts what /admin/reassign_partitions asks for; what cannot be done is dropped from it. */
export async function reassignRequested(machine: Machine): Promise<void> {
  const { context } = machine.term
  const requested = await machine.reassignments.readRequested()
  const refused = []
  for (const request of requested) {
    const partition = context.partition(request.topic, request.partition)
    const running = partition === undefined ? [] : partition.targetReplicas
    const isRunning = partition !== undefined && context.reassigning.has(partition)
    if (isRunning && running.join() === request.replicas.join()) continue
    const problem = await alterOne(machine, request.topic, request.partition, request.replicas)
    if (problem === undefined) continue
    logRefused(machine, request.topic, request.partition, problem)
    refused.push(request)
  }
  await machine.reassignments.dropRequested(refused)
}

/** Goes on with what the topic znodes say was running before this term. */
export async function resumeReassignments(machine: Machine): Promise<void> {
  const running = [...machine.term.context.reassigning]
  for (const partition of running) {
    await machine.reassignments.advance(partition, partition.assignment)
  }
}
