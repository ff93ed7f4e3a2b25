// Fetch: reads batches from partitions, for consumers and followers, and answers when there is
// enough or the time is over. Sessions shorten both ways (KIP-227).
// Hot: batches pass by reference; only readers of version 3 and below get them converted.
import type { ResponseInput } from '../../codec/api.ts'
import { partitionOf } from '../../metadata/cluster-image.ts'
import type { RequestContext } from '../../network/request-context.ts'
import type { RequestedPartition } from '../../replication/fetch-session.ts'
import type { FetchContext } from '../../replication/fetch-sessions.ts'
import { DEBUGGING_CONSUMER, failedFetch, Isolation } from '../../replication/fetch-types.ts'
import type { FetchOptions, FetchResult, FetchTarget } from '../../replication/fetch-types.ts'
import { CLUSTER_NAME, Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { Fetch, type FetchRequest } from '../../wire/messages/01-fetch.ts'
import { forOldReader } from '../fetch-conversion.ts'
import type { HandlerContext } from '../handler-context.ts'
import { handler, reply } from '../handler.ts'
import { isLedElsewhere, type LeaderHint, leaderHint, nodeEndpoints } from '../leader-hints.ts'

/** First version: with one whole batch at least, with a replica's state, with topic ids, … */
const ONE_BATCH_AT_LEAST = 3
const FROM_FOLLOWERS = 11
const TOPIC_IDS = 13
const REPLICA_STATE = 15
const LEADER_HINTS = 16

type TopicAnswer = ResponseInput<typeof Fetch>['responses'][number]
type PartitionAnswer = TopicAnswer['partitions'][number]

export const fetchHandler = handler(Fetch, (context, body, request) => {
  const version = request.apiVersion
  const options = optionsOf(context, body, request)
  const isFollower = options.replicaId >= 0
  const fetch = context.replicas.sessions.open(
    {
      sessionId: body.sessionId,
      sessionEpoch: body.sessionEpoch,
      usesTopicIds: version >= TOPIC_IDS,
      isFollower,
      partitions: requestedPartitions(context, body, version),
      forgotten: forgottenPartitions(body),
    },
    context.clock.monotonicMs(),
  )
  if (fetch.error !== Errors.NONE) {
    reply(request, Fetch, { errorCode: fetch.error, sessionId: 0, responses: [] })
    return
  }
  const access = new ReadAccess(context, request, isFollower)
  const refusals = fetch.targets.map((target) => access.refusalOf(resolve(context, target)))
  const readable = fetch.targets.filter((_target, place) => refusals[place] === undefined)
  context.replicas.fetch(options, readable, (results) => {
    let next = 0
    const all = refusals.map((refusal) => refusal ?? results[next++] ?? UNREAD)
    answer(context, request, fetch, options, all)
  })
})

const UNREAD = failedFetch(Errors.UNKNOWN_SERVER_ERROR)

function optionsOf(
  context: HandlerContext,
  body: FetchRequest,
  request: RequestContext,
): FetchOptions {
  const version = request.apiVersion
  const { replicaId, replicaEpoch } =
    version >= REPLICA_STATE ? body.replicaState : { replicaId: body.replicaId, replicaEpoch: -1 }
  const seesAll = replicaId >= 0 || replicaId === DEBUGGING_CONSUMER
  const isConsumer = !seesAll
  const maxBytes = Math.min(body.maxBytes, context.config.get('fetch.max.bytes'))
  return {
    replicaId,
    replicaEpoch,
    isolation: isolationOf(seesAll, body.isolationLevel),
    maxWaitMs: body.maxWaitMs,
    minBytes: Math.min(body.minBytes, maxBytes),
    maxBytes,
    minOneBatch: version >= ONE_BATCH_AT_LEAST,
    leaderOnly: replicaId >= 0 || (isConsumer && version < FROM_FOLLOWERS),
    rack: isConsumer ? body.rackId : '',
    requester: request.connection,
  }
}

function isolationOf(seesAll: boolean, level: number): Isolation {
  if (seesAll) return Isolation.logEnd
  return level === Isolation.readCommitted ? Isolation.readCommitted : Isolation.readUncommitted
}

function requestedPartitions(
  context: HandlerContext,
  body: FetchRequest,
  version: number,
): RequestedPartition[] {
  const { topicNames } = context.metadata.image
  const requested: RequestedPartition[] = []
  for (const { topic, topicId, partitions } of body.topics) {
    const name = version >= TOPIC_IDS ? (topicNames.get(topicId) ?? '') : topic
    for (const one of partitions) {
      requested.push({
        topic: name,
        topicId,
        partition: one.partition,
        fetchOffset: one.fetchOffset,
        maxBytes: one.partitionMaxBytes,
        currentLeaderEpoch: one.currentLeaderEpoch,
        lastFetchedEpoch: one.lastFetchedEpoch,
        logStartOffset: one.logStartOffset,
      })
    }
  }
  return requested
}

function forgottenPartitions(body: FetchRequest) {
  return body.forgottenTopicsData.flatMap(({ topic, topicId, partitions }) =>
    partitions.map((partition) => ({ topic, topicId, partition })),
  )
}

/** A session may hold an id from before its topic was known here. */
function resolve(
  context: HandlerContext,
  target: FetchContext['targets'][number],
): FetchContext['targets'][number] {
  if (target.topic === '') {
    target.topic = context.metadata.image.topicNames.get(target.topicId) ?? ''
  }
  return target
}

/** Who may read what; each topic is asked about once. */
class ReadAccess {
  readonly #context: HandlerContext
  readonly #request: RequestContext
  readonly #isFollower: boolean
  readonly #allowed = new Map<string, boolean>()

  constructor(context: HandlerContext, request: RequestContext, isFollower: boolean) {
    this.#context = context
    this.#request = request
    this.#isFollower = isFollower
  }

  /** Undefined: it may be read. */
  refusalOf(target: FetchTarget): FetchResult | undefined {
    const { topic, partition } = target
    if (topic === '' && !this.#isFollower) return refused(Errors.UNKNOWN_TOPIC_ID)
    if (!this.#allows(topic)) return refused(Errors.TOPIC_AUTHORIZATION_FAILED)
    if (topic === '') return refused(Errors.UNKNOWN_TOPIC_ID)
    const isKnown =
      this.#context.replicas.get(topic, partition) !== undefined ||
      partitionOf(this.#context.metadata.image, topic, partition) !== undefined
    return isKnown ? undefined : refused(Errors.UNKNOWN_TOPIC_OR_PARTITION)
  }

  // A stranger that names itself a replica gets nothing, and never counts (CVE-2018-1288).
  #allows(topic: string): boolean {
    const key = this.#isFollower ? '' : topic
    let allowed = this.#allowed.get(key)
    if (allowed === undefined) {
      const { authorizer } = this.#context
      const { connection } = this.#request
      allowed = this.#isFollower
        ? authorizer.allows(
            connection,
            Operation.CLUSTER_ACTION,
            ResourceType.CLUSTER,
            CLUSTER_NAME,
          )
        : authorizer.allows(connection, Operation.READ, ResourceType.TOPIC, topic)
      this.#allowed.set(key, allowed)
    }
    return allowed
  }
}

function refused(error: number): FetchResult {
  return { ...failedFetch(error), abortedTransactions: [] }
}

function answer(
  context: HandlerContext,
  request: RequestContext,
  fetch: FetchContext,
  options: FetchOptions,
  read: readonly FetchResult[],
): void {
  const results =
    request.apiVersion < OLD_READERS
      ? read.map((result, place) => convert(context, request, fetch, place, result))
      : read
  const { sessionId, included } = fetch.conclude(results, context.clock.monotonicMs())
  const hints: LeaderHint[] = []
  const responses: (TopicAnswer & { partitions: PartitionAnswer[] })[] = []
  let last: FetchTarget | undefined
  for (const [place, target] of fetch.targets.entries()) {
    const result = results[place] ?? UNREAD
    if (included !== undefined && included[place] !== true) continue
    context.replicas.onFetchAnswered(target, result, options.replicaId)
    const partitionAnswer = answerOf(context, request, target, result, hints)
    const topic = responses.at(-1)
    const isSame = last?.topic === target.topic && last.topicId === target.topicId
    if (topic !== undefined && isSame) topic.partitions.push(partitionAnswer)
    else {
      responses.push({
        topic: target.topic,
        topicId: target.topicId,
        partitions: [partitionAnswer],
      })
    }
    last = target
  }
  const response = {
    throttleTimeMs: 0,
    errorCode: Errors.NONE,
    sessionId,
    responses,
    nodeEndpoints: nodeEndpoints(context, request.connection, hints),
  }
  reply(request, Fetch, response, 0, givingBack(context, read))
}

/** What gives back the memory of the reads; undefined when they took none. */
function givingBack(
  { logs }: HandlerContext,
  read: readonly FetchResult[],
): (() => void) | undefined {
  const lent = read.flatMap((result) => result.lent ?? [])
  return lent.length === 0 ? undefined : () => logs.giveBack(lent)
}

/** Below this version a reader may not know zstd, below 4 not even magic 2. */
const OLD_READERS = 10

function convert(
  context: HandlerContext,
  request: RequestContext,
  fetch: FetchContext,
  place: number,
  result: FetchResult,
): FetchResult {
  const target = fetch.targets[place]
  if (target === undefined || result.error !== Errors.NONE) return result
  const config = context.replicas.get(target.topic, target.partition)?.log?.config
  return config === undefined ? result : forOldReader(result, request.apiVersion, config)
}

function answerOf(
  context: HandlerContext,
  request: RequestContext,
  target: FetchTarget,
  result: FetchResult,
  hints: LeaderHint[],
): PartitionAnswer {
  const hint =
    request.apiVersion >= LEADER_HINTS && isLedElsewhere(result.error)
      ? leaderHint(context, target.topic, target.partition)
      : undefined
  if (hint !== undefined) hints.push(hint)
  return {
    partitionIndex: target.partition,
    errorCode: result.error,
    highWatermark: result.highWatermark,
    lastStableOffset: result.lastStableOffset,
    logStartOffset: result.logStartOffset,
    abortedTransactions: result.abortedTransactions,
    preferredReadReplica: result.preferredReadReplica,
    records: result.segments,
    ...(result.divergingEpoch === undefined ? {} : { divergingEpoch: result.divergingEpoch }),
    ...(hint === undefined ? {} : { currentLeader: hint }),
  }
}
