// Metadata: brokers as seen from the listener that was asked, topics by name or id, and the
// creation of a missing topic where `auto.create.topics.enable` and the client allow it.
import type { ResponseInput } from '../../codec/api.ts'
import { NO_LEADER, type PartitionState, type TopicImage } from '../../metadata/cluster-image.ts'
import { isInternalTopic, topicNameProblem } from '../../metadata/topic-name.ts'
import type { RequestContext } from '../../network/request-context.ts'
import {
  authorizedOperations,
  CLUSTER_NAME,
  Operation,
  OPERATIONS_NOT_REQUESTED,
  ResourceType,
} from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { Metadata, type MetadataRequest } from '../../wire/messages/03-metadata.ts'
import { ZERO_UUID } from '../../wire/uuid.ts'
import { visibleBrokers } from '../advertised-endpoints.ts'
import type { HandlerContext } from '../handler-context.ts'
import { handler, reply } from '../handler.ts'

type TopicAnswer = ResponseInput<typeof Metadata>['topics'][number]
type PartitionAnswer = TopicAnswer['partitions'][number]

/** From this version on an absent listener of a leader is told apart from an absent leader. */
const LISTENER_ERRORS = 6

export const metadataHandler = handler(Metadata, (context, body, request) => {
  const { image } = context.metadata
  const brokers = visibleBrokers(context, request.connection)
  const topics = new TopicAnswers(context, body, request, new Set(brokers.map(({ id }) => id)))
  reply(request, Metadata, {
    brokers: brokers.map(({ id, host, port, rack }) => ({ nodeId: id, host, port, rack })),
    clusterId: image.clusterId,
    controllerId: image.controllerId,
    topics: topics.all(),
    clusterAuthorizedOperations: body.includeClusterAuthorizedOperations
      ? authorizedOperations(
          context.authorizer,
          request.connection,
          ResourceType.CLUSTER,
          CLUSTER_NAME,
        )
      : OPERATIONS_NOT_REQUESTED,
  })
})

class TopicAnswers {
  readonly #context: HandlerContext
  readonly #body: MetadataRequest
  readonly #request: RequestContext
  readonly #visible: ReadonlySet<number>

  constructor(
    context: HandlerContext,
    body: MetadataRequest,
    request: RequestContext,
    visible: ReadonlySet<number>,
  ) {
    this.#context = context
    this.#body = body
    this.#request = request
    this.#visible = visible
  }

  all(): TopicAnswer[] {
    const { topics } = this.#context.metadata.image
    const wanted = this.#body.topics
    // Version 0 has no null: an empty list asks for everything.
    if (wanted === null || (this.#request.apiVersion === 0 && wanted.length === 0)) {
      return [...topics.values()]
        .filter(({ name }) => this.#allows(Operation.DESCRIBE, name))
        .map((topic) => this.#known(topic))
    }
    const ids = new Set(wanted.map(({ topicId }) => topicId).filter((id) => id !== ZERO_UUID))
    if (ids.size > 0) return [...ids].map((id) => this.#byId(id))
    const names = new Set<string>()
    for (const { name } of wanted) if (name !== null) names.add(name)
    return [...names].map((name) => this.#byName(name))
  }

  #byId(topicId: string): TopicAnswer {
    const { topicNames, topics } = this.#context.metadata.image
    const topic = topics.get(topicNames.get(topicId) ?? '')
    if (topic !== undefined && this.#allows(Operation.DESCRIBE, topic.name)) {
      return this.#known(topic)
    }
    return { errorCode: Errors.UNKNOWN_TOPIC_ID, name: null, topicId, partitions: [] }
  }

  #byName(name: string): TopicAnswer {
    if (!this.#allows(Operation.DESCRIBE, name)) {
      return this.#failed(name, Errors.TOPIC_AUTHORIZATION_FAILED)
    }
    const topic = this.#context.metadata.image.topics.get(name)
    return topic === undefined ? this.#failed(name, this.#create(name)) : this.#known(topic)
  }

  /** The error that stands for a topic which is not there, once it is being created or not. */
  #create(name: string): number {
    if (topicNameProblem(name) !== undefined) return Errors.INVALID_TOPIC_EXCEPTION
    const { config, authorizer, topicCreation } = this.#context
    if (!this.#body.allowAutoTopicCreation || !config.get('auto.create.topics.enable')) {
      return Errors.UNKNOWN_TOPIC_OR_PARTITION
    }
    const { connection } = this.#request
    const allowed =
      authorizer.allows(connection, Operation.CREATE, ResourceType.CLUSTER, CLUSTER_NAME) ||
      this.#allows(Operation.CREATE, name)
    return allowed ? topicCreation.autoCreate(name) : Errors.TOPIC_AUTHORIZATION_FAILED
  }

  #failed(name: string, errorCode: number): TopicAnswer {
    return {
      errorCode,
      name,
      topicId: ZERO_UUID,
      isInternal: isInternalTopic(name),
      partitions: [],
    }
  }

  #known(topic: TopicImage): TopicAnswer {
    return {
      errorCode: Errors.NONE,
      name: topic.name,
      topicId: topic.id ?? ZERO_UUID,
      isInternal: isInternalTopic(topic.name),
      partitions: [...topic.partitions].map(([index, state]) => this.#partition(index, state)),
      topicAuthorizedOperations: this.#body.includeTopicAuthorizedOperations
        ? authorizedOperations(
            this.#context.authorizer,
            this.#request.connection,
            ResourceType.TOPIC,
            topic.name,
          )
        : OPERATIONS_NOT_REQUESTED,
    }
  }

  #partition(partitionIndex: number, state: PartitionState): PartitionAnswer {
    const { brokers } = this.#context.metadata.image
    const isAlive = (id: number): boolean => brokers.has(id)
    const hasLeader = this.#visible.has(state.leader)
    // Version 0 cannot say which replicas are offline, so those that are gone are left out.
    const shown = this.#request.apiVersion === 0 ? isAlive : () => true
    const offline = new Set(state.offlineReplicas)
    return {
      errorCode: hasLeader ? Errors.NONE : this.#leaderError(state.leader),
      partitionIndex,
      leaderId: hasLeader ? state.leader : NO_LEADER,
      leaderEpoch: state.leaderEpoch,
      replicaNodes: state.replicas.filter(shown),
      isrNodes: state.isr.filter(shown),
      offlineReplicas: state.replicas.filter((id) => offline.has(id) || !isAlive(id)),
    }
  }

  #leaderError(leader: number): number {
    const isAlive = this.#context.metadata.image.brokers.has(leader)
    const version = this.#request.apiVersion
    return isAlive && version >= LISTENER_ERRORS
      ? Errors.LISTENER_NOT_FOUND
      : Errors.LEADER_NOT_AVAILABLE
  }

  #allows(operation: Operation, topic: string): boolean {
    const { authorizer } = this.#context
    return authorizer.allows(this.#request.connection, operation, ResourceType.TOPIC, topic)
  }
}
