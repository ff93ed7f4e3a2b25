// CreatePartitions at the controller: the topic's znode gets the new partitions, and the watch on
// it does the rest.
import { assignReplicas } from '../metadata/replica-assignment.ts'
import { topicPath } from '../metadata/znode-paths.ts'
import { encodeTopic } from '../metadata/znodes.ts'
import type { Assignment } from '../metadata/znodes.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import type {
  CreatePartitionsRequest,
  CreatePartitionsResponse,
} from '../wire/messages/37-create-partitions.ts'
import type { Topic } from './context.ts'
import type { Term } from './term.ts'

type TopicRequest = CreatePartitionsRequest['topics'][number]
export type CreatePartitionsResult = CreatePartitionsResponse['results'][number]

/** One result per topic; `validateOnly` writes nothing. */
export async function createPartitions(
  term: Term,
  { topics, validateOnly }: CreatePartitionsRequest,
): Promise<CreatePartitionsResult[]> {
  const names = Map.groupBy(topics, ({ name }) => name)
  const results: CreatePartitionsResult[] = []
  for (const [name, requests] of names) {
    try {
      const [request] = requests
      if (request === undefined) continue
      if (requests.length > 1) {
        throw new KafkaError(Errors.INVALID_REQUEST, 'Duplicate topic in request.')
      }
      await addPartitions(term, request, validateOnly)
      results.push({ name, errorCode: Errors.NONE, errorMessage: null })
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      results.push({ name, errorCode: error.code, errorMessage: error.message })
    }
  }
  return results
}

async function addPartitions(
  term: Term,
  request: TopicRequest,
  validateOnly: boolean,
): Promise<void> {
  const { context } = term
  const topic = context.topics.get(request.name)
  if (topic === undefined || context.isBeingDeleted(request.name)) {
    const message = `The topic '${request.name}' does not exist.`
    throw new KafkaError(Errors.UNKNOWN_TOPIC_OR_PARTITION, message)
  }
  if ([...topic.partitions.values()].some((partition) => context.reassigning.has(partition))) {
    const message = 'A partition reassignment is in progress for the topic.'
    throw new KafkaError(Errors.REASSIGNMENT_IN_PROGRESS, message)
  }
  checkCount(topic, request.count)
  const added = newPartitions(term, topic, request)
  if (validateOnly) return
  const partitions = new Map<number, Assignment>()
  for (const [index, { assignment }] of topic.partitions) partitions.set(index, assignment)
  for (const [index, replicas] of added) {
    partitions.set(index, { replicas, adding: [], removing: [] })
  }
  const data = encodeTopic({ id: topic.id, partitions })
  const result = await term.store.set(topicPath(topic.name), data, -1)
  if (!result.ok)
    throw new KafkaError(Errors.UNKNOWN_SERVER_ERROR, 'The topic could not be changed.')
}

function checkCount(topic: Topic, count: number): void {
  const current = topic.partitions.size
  if (count === current) {
    throw new KafkaError(Errors.INVALID_PARTITIONS, `Topic already has ${current} partitions.`)
  }
  if (count < current) {
    const message = `Topic currently has ${current} partitions, which is higher than the requested ${count}.`
    throw new KafkaError(Errors.INVALID_PARTITIONS, message)
  }
}

function newPartitions(
  term: Term,
  topic: Topic,
  request: TopicRequest,
): ReadonlyMap<number, readonly number[]> {
  const current = topic.partitions.size
  const existing = topic.partitions.get(0)?.assignment.replicas ?? []
  if (request.assignments === null) return placed(term, existing, current, request.count)
  const added = new Map(request.assignments.map((it, index) => [current + index, it.brokerIds]))
  checkAssignments(term, added, existing.length, request.count - current)
  return added
}

// The new partitions continue the round of the first one.
function placed(
  { context }: Term,
  existing: readonly number[],
  current: number,
  count: number,
): ReadonlyMap<number, readonly number[]> {
  const brokers = context.liveBrokers
    .sort((a, b) => a - b)
    .map((id) => ({ id, rack: context.brokers.get(id)?.image.rack ?? null }))
  const [first = 0] = existing
  const start = Math.max(
    0,
    brokers.findIndex(({ id }) => id >= first),
  )
  return assignReplicas({
    brokers,
    numPartitions: count - current,
    replicationFactor: existing.length,
    startIndex: start,
    shift: start,
    firstPartition: current,
  })
}

function checkAssignments(
  { context }: Term,
  added: ReadonlyMap<number, readonly number[]>,
  replicationFactor: number,
  wanted: number,
): void {
  const invalid = (message: string): never => {
    throw new KafkaError(Errors.INVALID_REPLICA_ASSIGNMENT, message)
  }
  if (added.size !== wanted) {
    invalid(
      `Increasing the number of partitions by ${wanted} but ${added.size} assignments provided.`,
    )
  }
  for (const [index, replicas] of added) {
    if (replicas.length === 0) {
      invalid(`Cannot have replication factor of 0 for partition id ${index}.`)
    }
    if (new Set(replicas).size !== replicas.length) {
      invalid(
        `Duplicate brokers not allowed in replica assignment: ${replicas.join(', ')} for partition id ${index}.`,
      )
    }
  }
  const unknown = [...added.values()].flat().filter((id) => !context.isLive(id))
  if (unknown.length > 0) invalid(`Unknown broker(s) in replica assignment: ${unknown.join(', ')}.`)
  const uneven = [...added].filter(([, replicas]) => replicas.length !== replicationFactor)
  if (uneven.length > 0) {
    const ids = uneven.map(([index]) => index).join(', ')
    const factors = uneven.map(([, replicas]) => replicas.length).join(', ')
    invalid(
      `Inconsistent replication factor between partitions, partition 0 has ${replicationFactor} ` +
        `while partitions [${ids}] have replication factors [${factors}], respectively.`,
    )
  }
}
