// AlterReplicaLogDirs: moves replicas of this broker to another of its log directories.
import { CLUSTER_NAME, Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { AlterReplicaLogDirs } from '../../wire/messages/34-alter-replica-log-dirs.ts'
import { handler, reply } from '../handler.ts'

export const alterReplicaLogDirsHandler = handler(AlterReplicaLogDirs, (context, body, request) => {
  const isAllowed = context.authorizer.allows(
    request.connection,
    Operation.ALTER,
    ResourceType.CLUSTER,
    CLUSTER_NAME,
  )
  const results = new Map<string, { partitionIndex: number; errorCode: number }[]>()
  for (const { path, topics } of body.dirs) {
    for (const { name, partitions } of topics) {
      const ofTopic = results.get(name) ?? []
      results.set(name, ofTopic)
      for (const partitionIndex of partitions) {
        const errorCode = isAllowed
          ? context.replicas.moves.move(name, partitionIndex, path)
          : Errors.CLUSTER_AUTHORIZATION_FAILED
        ofTopic.push({ partitionIndex, errorCode })
      }
    }
  }
  reply(request, AlterReplicaLogDirs, {
    throttleTimeMs: 0,
    results: Array.from(results, ([topicName, partitions]) => ({ topicName, partitions })),
  })
})
