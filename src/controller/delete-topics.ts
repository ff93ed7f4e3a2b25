// DeleteTopics at the controller: a znode below /admin/delete_topics for each topic; the watch on it
// does the rest.
import { deleteTopicPath } from '../metadata/znode-paths.ts'
import { Errors } from '../wire/errors.ts'
import type { DeleteTopicsResponse } from '../wire/messages/20-delete-topics.ts'
import { ZERO_UUID } from '../wire/uuid.ts'
import { ZooKeeperCode } from '../zookeeper/errors.ts'
import type { Term } from './term.ts'

export type DeletedTopic = DeleteTopicsResponse['responses'][number]

/** A topic by name or by id. */
export interface TopicToDelete {
  readonly name: string | null
  readonly topicId: string
}

export function deletedTopic({ name, topicId }: TopicToDelete, errorCode: number): DeletedTopic {
  return { name, topicId, errorCode, errorMessage: null }
}

/** One result per entry; NONE where the deletion has been asked for. */
export async function deleteTopics(
  term: Term,
  topics: readonly TopicToDelete[],
): Promise<DeletedTopic[]> {
  if (!term.settings.deleteTopicEnable) {
    return topics.map((topic) => deletedTopic(topic, Errors.TOPIC_DELETION_DISABLED))
  }
  const results = topics.map((topic) => resolve(term, topic))
  const names = new Set(
    results.flatMap(({ name, errorCode }) => {
      return name === null || errorCode !== Errors.NONE ? [] : [name]
    }),
  )
  const failed = await request(term, [...names])
  return results.map((result) => {
    return result.name !== null && failed.has(result.name)
      ? { ...result, errorCode: Errors.UNKNOWN_SERVER_ERROR }
      : result
  })
}

function resolve({ context }: Term, topic: TopicToDelete): DeletedTopic {
  const hasId = topic.topicId !== ZERO_UUID
  if (topic.name !== null && hasId) return deletedTopic(topic, Errors.INVALID_REQUEST)
  if (topic.name === null && !hasId) return deletedTopic(topic, Errors.TOPIC_AUTHORIZATION_FAILED)
  const name = topic.name ?? context.topicNames.get(topic.topicId) ?? null
  if (name === null) return deletedTopic(topic, Errors.UNKNOWN_TOPIC_ID)
  const isKnown = context.topics.has(name)
  const errorCode = isKnown ? Errors.NONE : Errors.UNKNOWN_TOPIC_OR_PARTITION
  return deletedTopic({ name, topicId: topic.topicId }, errorCode)
}

// The names for which no node could be made; one that is there already is as good.
async function request(term: Term, names: readonly string[]): Promise<ReadonlySet<string>> {
  const results = await term.store.write(
    names.map((name) => [{ kind: 'create', path: deleteTopicPath(name), data: null }]),
  )
  return new Set(
    names.filter((_, index) => {
      const result = results[index]
      return result?.ok === false && result.code !== ZooKeeperCode.NODEEXISTS
    }),
  )
}
