// CreateTopics at the controller: what is wrong with a topic, where its replicas go, and the znodes
// that make it exist. The watch on /brokers/topics does the rest.
import { collidingTopics, namingProblem, topicNameProblem } from '../metadata/topic-name.ts'
import { assignReplicas, manualAssignmentProblem } from '../metadata/replica-assignment.ts'
import { topicConfigPath, topicPath } from '../metadata/znode-paths.ts'
import { encodeConfig, encodeTopic } from '../metadata/znodes.ts'
import { Errors, KafkaError } from '../wire/errors.ts'
import type { CreateTopicsRequest } from '../wire/messages/19-create-topics.ts'
import { randomUuid, ZERO_UUID } from '../wire/uuid.ts'
import { ZooKeeperCode } from '../zookeeper/errors.ts'
import type { CreatedTopic, TopicConfigRules } from './controller-types.ts'
import type { Unit, UnitResult } from './guarded-store.ts'
import type { Term } from './term.ts'

export type TopicRequest = CreateTopicsRequest['topics'][number]

const NUM_PARTITIONS_DEFAULT = -1
const METADATA_TOPIC = '__cluster_metadata'

/** A topic that may be created. */
interface Planned {
  readonly request: TopicRequest
  readonly topicId: string
  readonly assignment: ReadonlyMap<number, readonly number[]>
  readonly overrides: ReadonlyMap<string, string>
}

export interface TopicCreationOptions {
  readonly term: Term
  readonly topicConfigs: TopicConfigRules
  readonly randomBytes: (count: number) => Buffer
  readonly randomUint32: () => number
  /** Topics that the broker's metadata has. */
  readonly isKnown: (topic: string) => boolean
}

/** One result per topic of the request. `validateOnly` writes nothing. */
export async function createTopics(
  options: TopicCreationOptions,
  topics: readonly TopicRequest[],
  validateOnly: boolean,
): Promise<CreatedTopic[]> {
  const names = Map.groupBy(topics, ({ name }) => name)
  const results = new Map<TopicRequest, CreatedTopic>()
  const planned: Planned[] = []
  for (const request of topics) {
    try {
      if ((names.get(request.name)?.length ?? 0) > 1) {
        throw new KafkaError(Errors.INVALID_REQUEST, 'Found multiple entries for this topic.')
      }
      planned.push(plan(options, request))
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      results.set(request, refusedTopic(request.name, error.code, error.message))
    }
  }
  const written = validateOnly ? [] : await write(options.term, planned)
  for (const [index, topic] of planned.entries()) {
    const result = written[index]
    const { name } = topic.request
    if (result === undefined || result.ok) {
      results.set(topic.request, created(options, topic, validateOnly))
    } else if (result.code === ZooKeeperCode.NODEEXISTS) {
      results.set(topic.request, refusedTopic(name, Errors.TOPIC_ALREADY_EXISTS, exists(name)))
    } else results.set(topic.request, refusedTopic(name, Errors.UNKNOWN_SERVER_ERROR, null))
  }
  return topics.map(
    (topic) => results.get(topic) ?? refusedTopic(topic.name, Errors.UNKNOWN_SERVER_ERROR, null),
  )
}

/** A topic that was not created, or not in time. */
export function refusedTopic(
  name: string,
  errorCode: number,
  errorMessage: string | null,
  topicId = ZERO_UUID,
): CreatedTopic {
  return {
    name,
    topicId,
    errorCode,
    errorMessage,
    topicConfigErrorCode: Errors.NONE,
    numPartitions: -1,
    replicationFactor: -1,
    configs: [],
  }
}

function created(
  { topicConfigs }: TopicCreationOptions,
  { request, topicId, assignment, overrides }: Planned,
  validateOnly: boolean,
): CreatedTopic {
  return {
    name: request.name,
    topicId: validateOnly ? ZERO_UUID : topicId,
    errorCode: Errors.NONE,
    errorMessage: null,
    topicConfigErrorCode: Errors.NONE,
    numPartitions: assignment.size,
    replicationFactor: assignment.get(0)?.length ?? -1,
    configs: topicConfigs.describe(overrides),
  }
}

function exists(name: string): string {
  return `Topic '${name}' already exists.`
}

function plan(options: TopicCreationOptions, request: TopicRequest): Planned {
  const { term, topicConfigs, randomBytes, isKnown } = options
  if (request.name === METADATA_TOPIC) {
    const message = `Creation of internal topic ${METADATA_TOPIC} is prohibited.`
    throw new KafkaError(Errors.INVALID_REQUEST, message)
  }
  if (term.context.topics.has(request.name) || isKnown(request.name)) {
    throw new KafkaError(Errors.TOPIC_ALREADY_EXISTS, exists(request.name))
  }
  const overrides = overridesOf(request)
  const assignment = assignmentOf(options, request)
  checkName(term, request.name)
  if (request.assignments.length > 0) {
    const problem = manualAssignmentProblem(assignment)
    if (problem !== undefined) throw new KafkaError(Errors.INVALID_REPLICA_ASSIGNMENT, problem)
  }
  const problem = topicConfigs.validate(overrides)
  if (problem !== undefined) throw new KafkaError(Errors.INVALID_CONFIG, problem)
  return { request, topicId: randomUuid(randomBytes), assignment, overrides }
}

function checkName(term: Term, name: string): void {
  const illegal = topicNameProblem(name)
  if (illegal !== undefined) throw new KafkaError(Errors.INVALID_TOPIC_EXCEPTION, illegal)
  const colliding = collidingTopics(name, term.context.topics.keys())
  if (colliding.length > 0) {
    const message = `Topic '${name}' collides with existing topics: ${colliding.join(', ')}`
    throw new KafkaError(Errors.INVALID_TOPIC_EXCEPTION, message)
  }
  const unconventional = namingProblem(name, term.settings.topicNaming)
  if (unconventional !== undefined) throw new KafkaError(Errors.POLICY_VIOLATION, unconventional)
}

function overridesOf(request: TopicRequest): ReadonlyMap<string, string> {
  const nulls = request.configs.filter(({ value }) => value === null).map(({ name }) => name)
  if (nulls.length > 0) {
    const message = `Null value not supported for topic configs: ${nulls.join(',')}`
    throw new KafkaError(Errors.INVALID_CONFIG, message)
  }
  return new Map(request.configs.map(({ name, value }) => [name, value ?? '']))
}

function assignmentOf(
  { term, randomUint32 }: TopicCreationOptions,
  request: TopicRequest,
): ReadonlyMap<number, readonly number[]> {
  const { numPartitions, replicationFactor, assignments } = request
  if (assignments.length > 0) {
    if (numPartitions !== -1 || replicationFactor !== -1) {
      const message =
        'Both numPartitions or replicationFactor and replicasAssignments were set. ' +
        'Both cannot be used at the same time.'
      throw new KafkaError(Errors.INVALID_REQUEST, message)
    }
    return new Map(assignments.map((it) => [it.partitionIndex, it.brokerIds]))
  }
  const { settings, context } = term
  const brokers = context.liveBrokers.map((id) => {
    return { id, rack: context.brokers.get(id)?.image.rack ?? null }
  })
  return assignReplicas({
    brokers,
    numPartitions:
      numPartitions === NUM_PARTITIONS_DEFAULT ? settings.numPartitions : numPartitions,
    replicationFactor:
      replicationFactor === -1 ? settings.defaultReplicationFactor : replicationFactor,
    startIndex: randomUint32() % Math.max(1, brokers.length),
    shift: randomUint32() % Math.max(1, brokers.length),
  })
}

async function write(term: Term, planned: readonly Planned[]): Promise<UnitResult[]> {
  const results = await term.store.write(planned.map((topic) => creation(topic, 'create')))
  // Settings that an earlier topic of this name left behind are overwritten.
  const leftovers = planned.filter((_, index) => isLeftover(results[index]))
  if (leftovers.length === 0) return results
  const again = await term.store.write(leftovers.map((topic) => creation(topic, 'set')))
  for (const [index, topic] of leftovers.entries()) {
    const result = again[index]
    if (result !== undefined) results[planned.indexOf(topic)] = result
  }
  return results
}

function isLeftover(result: UnitResult | undefined): boolean {
  return result?.ok === false && result.index === 0 && result.code === ZooKeeperCode.NODEEXISTS
}

function creation(
  { request, topicId, assignment, overrides }: Planned,
  kind: 'create' | 'set',
): Unit {
  const partitions = new Map(
    [...assignment].map(([index, replicas]) => [index, { replicas, adding: [], removing: [] }]),
  )
  return [
    { kind, path: topicConfigPath(request.name), data: encodeConfig(overrides) },
    {
      kind: 'create',
      path: topicPath(request.name),
      data: encodeTopic({ id: topicId, partitions }),
    },
  ]
}
