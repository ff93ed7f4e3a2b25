// Produce: appends batches to partitions and answers when they are as safe as `acks` asks.
// Hot: nothing here looks into a batch beyond its header.
import type { ResponseInput } from '../../codec/api.ts'
import type { AppendResult } from '../../log/log-types.ts'
import { partitionOf } from '../../metadata/cluster-image.ts'
import type { RequestContext } from '../../network/request-context.ts'
import { failedAppend } from '../../replication/append-results.ts'
import type { ProduceTarget } from '../../replication/replicas-options.ts'
import { Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { Produce, type ProduceRequest } from '../../wire/messages/00-produce.ts'
import { isTransactional, magic, RECORD_BATCH_OVERHEAD } from '../../wire/records/batch.ts'
import { checkProduceRecords } from '../../wire/records/check-produce.ts'
import type { HandlerContext } from '../handler-context.ts'
import { handler, reply } from '../handler.ts'
import { isLedElsewhere, type LeaderHint, leaderHint, nodeEndpoints } from '../leader-hints.ts'

/** The first version whose answer says who leads instead. */
const LEADER_HINTS = 10
/** Kafka's own tools may write to internal topics under this client id. */
const ADMIN_CLIENT = '__admin_client'
const BATCH_MAGIC = 2

type TopicAnswer = ResponseInput<typeof Produce>['responses'][number]
type PartitionAnswer = TopicAnswer['partitionResponses'][number]

/** One partition of the request; `refusal` when it never gets to a log. */
interface Part extends ProduceTarget {
  readonly refusal: AppendResult | undefined
}

export const produceHandler = handler(Produce, (context, body, request) => {
  const parts = mayWriteTransactionally(context, body, request)
    ? partsOf(context, body, request)
    : refuseAll(body, Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
  const targets = parts.filter(({ refusal }) => refusal === undefined)
  context.replicas.produce(
    {
      acks: body.acks,
      timeoutMs: body.timeoutMs,
      requestVersion: request.apiVersion,
      origin: 'client',
      internalTopicsAllowed: request.clientId === ADMIN_CLIENT,
      transactionalId: body.transactionalId,
      requester: request.connection,
    },
    targets,
    (results) => answer(context, body, request, merge(parts, results)),
  )
})

// From the batches' headers, whatever the request claims (CVE-2018-17196).
function mayWriteTransactionally(
  context: HandlerContext,
  body: ProduceRequest,
  request: RequestContext,
): boolean {
  if (!hasTransactionalBatch(body)) return true
  const { transactionalId } = body
  if (transactionalId === null) return false
  return context.authorizer.allows(
    request.connection,
    Operation.WRITE,
    ResourceType.TRANSACTIONAL_ID,
    transactionalId,
  )
}

function hasTransactionalBatch(body: ProduceRequest): boolean {
  for (const { partitionData } of body.topicData) {
    for (const { records } of partitionData) {
      if (records === null || records.length < RECORD_BATCH_OVERHEAD) continue
      if (magic(records, 0) === BATCH_MAGIC && isTransactional(records, 0)) return true
    }
  }
  return false
}

function refuseAll(body: ProduceRequest, error: number): Part[] {
  const refusal = failedAppend(error)
  return body.topicData.flatMap(({ name, partitionData }) =>
    partitionData.map(({ index }) => part(name, index, null, refusal)),
  )
}

function part(
  topic: string,
  partition: number,
  records: Buffer | null,
  refusal: AppendResult | undefined,
): Part {
  return { topic, partition, records: records ?? EMPTY, refusal }
}

const EMPTY = Buffer.alloc(0)

function partsOf(context: HandlerContext, body: ProduceRequest, request: RequestContext): Part[] {
  const parts: Part[] = []
  for (const { name, partitionData } of body.topicData) {
    const allowed = context.authorizer.allows(
      request.connection,
      Operation.WRITE,
      ResourceType.TOPIC,
      name,
    )
    const seen = new Map<number, number>()
    for (const { index, records } of partitionData) {
      const refusal = allowed
        ? refusalOf(context, name, index, records, request.apiVersion)
        : failedAppend(Errors.TOPIC_AUTHORIZATION_FAILED)
      // Named twice: the last one counts.
      const earlier = seen.get(index)
      if (earlier !== undefined) parts[earlier] = part(name, index, records, refusal)
      else {
        seen.set(index, parts.length)
        parts.push(part(name, index, records, refusal))
      }
    }
  }
  return parts
}

function refusalOf(
  context: HandlerContext,
  topic: string,
  partition: number,
  records: Buffer | null,
  version: number,
): AppendResult | undefined {
  const isKnown =
    context.replicas.get(topic, partition) !== undefined ||
    partitionOf(context.metadata.image, topic, partition) !== undefined
  if (!isKnown) return failedAppend(Errors.UNKNOWN_TOPIC_OR_PARTITION)
  if (records === null) return failedAppend(Errors.INVALID_RECORD)
  const { error, errorMessage } = checkProduceRecords(records, version)
  return error === Errors.NONE ? undefined : failedAppend(error, errorMessage)
}

/** Results in the order of the request: those of the logs, and the refusals between them. */
function merge(
  parts: readonly Part[],
  results: readonly AppendResult[],
): readonly { part: Part; result: AppendResult }[] {
  let next = 0
  return parts.map((one) => ({
    part: one,
    result: one.refusal ?? results[next++] ?? failedAppend(Errors.UNKNOWN_SERVER_ERROR),
  }))
}

function answer(
  context: HandlerContext,
  body: ProduceRequest,
  request: RequestContext,
  outcomes: readonly { part: Part; result: AppendResult }[],
): void {
  if (body.acks === 0) {
    // Nobody reads an answer: a closed connection is the only way to tell of an error.
    if (outcomes.every(({ result }) => result.error === Errors.NONE)) request.finishWithoutReply()
    else request.closeConnection('Produce with acks=0 was refused')
    return
  }
  const hints: LeaderHint[] = []
  const responses: (TopicAnswer & { partitionResponses: PartitionAnswer[] })[] = []
  for (const { part: one, result } of outcomes) {
    const partitionAnswer = answerOf(context, request, one, result, hints)
    const topic = responses.at(-1)
    if (topic?.name === one.topic) topic.partitionResponses.push(partitionAnswer)
    else responses.push({ name: one.topic, partitionResponses: [partitionAnswer] })
  }
  reply(request, Produce, {
    responses,
    throttleTimeMs: 0,
    nodeEndpoints: nodeEndpoints(context, request.connection, hints),
  })
}

function answerOf(
  context: HandlerContext,
  request: RequestContext,
  { topic, partition }: Part,
  result: AppendResult,
  hints: LeaderHint[],
): PartitionAnswer {
  const hint =
    request.apiVersion >= LEADER_HINTS && isLedElsewhere(result.error)
      ? leaderHint(context, topic, partition)
      : undefined
  if (hint !== undefined) hints.push(hint)
  return {
    index: partition,
    errorCode: result.error,
    baseOffset: result.firstOffset,
    logAppendTimeMs: result.appendTimeMs,
    logStartOffset: result.logStartOffset,
    recordErrors: result.recordErrors,
    errorMessage: result.errorMessage,
    ...(hint === undefined ? {} : { currentLeader: hint }),
  }
}
