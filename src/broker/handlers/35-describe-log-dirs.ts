// DescribeLogDirs: what lies in this broker's log directories, how large it is and how far behind.
import type { LogDirectoryDescription } from '../../log/logs.ts'
import { CLUSTER_NAME, Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import {
  DescribeLogDirs,
  type DescribeLogDirsRequest,
} from '../../wire/messages/35-describe-log-dirs.ts'
import type { HandlerContext } from '../handler-context.ts'
import { handler, reply } from '../handler.ts'

type DescribedLog = LogDirectoryDescription['logs'][number]

export const describeLogDirsHandler = handler(DescribeLogDirs, async (context, body, request) => {
  const allowed = context.authorizer.allows(
    request.connection,
    Operation.DESCRIBE,
    ResourceType.CLUSTER,
    CLUSTER_NAME,
  )
  if (!allowed) {
    const errorCode = Errors.CLUSTER_AUTHORIZATION_FAILED
    reply(request, DescribeLogDirs, { throttleTimeMs: 0, errorCode, results: [] })
    return
  }
  const isWanted = wanted(body)
  const directories = await context.logs.describeDirectories()
  reply(request, DescribeLogDirs, {
    throttleTimeMs: 0,
    errorCode: Errors.NONE,
    results: directories.map(({ path, error, logs, space }) => ({
      errorCode: error,
      logDir: path,
      topics: topicsOf(context, logs.filter(isWanted)),
      ...space,
    })),
  })
})

function wanted(body: DescribeLogDirsRequest): (log: DescribedLog) => boolean {
  const { topics } = body
  if (topics === null) return () => true
  const partitions = new Map<string, Set<number>>()
  for (const { topic, partitions: indexes } of topics) {
    partitions.set(topic, new Set([...(partitions.get(topic) ?? []), ...indexes]))
  }
  return ({ topic, partition }) => partitions.get(topic)?.has(partition) === true
}

function topicsOf(context: HandlerContext, logs: readonly DescribedLog[]) {
  return [...Map.groupBy(logs, ({ topic }) => topic)].map(([name, ofTopic]) => ({
    name,
    partitions: ofTopic.map((log) => ({
      partitionIndex: log.partition,
      partitionSize: log.sizeBytes,
      offsetLag: lagOf(context, log),
      isFutureKey: log.isFuture,
    })),
  }))
}

/** A future log lags behind the present one, a present one behind its high watermark. */
function lagOf(context: HandlerContext, { topic, partition, ...log }: DescribedLog): number {
  const present = context.logs.get(topic, partition)
  if (present === undefined) return -1
  return log.isFuture
    ? present.logEndOffset - log.logEndOffset
    : Math.max(0, present.highWatermark - log.logEndOffset)
}
