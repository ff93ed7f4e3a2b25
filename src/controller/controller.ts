// The controller of a cluster in ZooKeeper mode, as the broker and its handlers see it. Every broker
// has one; the one whose broker holds `/controller` is active, the others refuse.
import { Errors } from '../wire/errors.ts'
import type {
  ControlledShutdownRequest,
  ControlledShutdownResponse,
} from '../wire/messages/07-controlled-shutdown.ts'
import type { CreateTopicsRequest } from '../wire/messages/19-create-topics.ts'
import type {
  CreatePartitionsRequest,
  CreatePartitionsResponse,
} from '../wire/messages/37-create-partitions.ts'
import type {
  ElectLeadersRequest,
  ElectLeadersResponse,
} from '../wire/messages/43-elect-leaders.ts'
import type {
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse,
} from '../wire/messages/45-alter-partition-reassignments.ts'
import type {
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse,
} from '../wire/messages/46-list-partition-reassignments.ts'
import type {
  AlterPartitionRequest,
  AlterPartitionResponse,
} from '../wire/messages/56-alter-partition.ts'
import type {
  AllocateProducerIdsRequest,
  AllocateProducerIdsResponse,
} from '../wire/messages/67-allocate-producer-ids.ts'
import type { ActiveController } from './active-controller.ts'
import { alterPartition, refusedAlterPartition } from './alter-partition.ts'
import { controllerCounts } from './controller-counts.ts'
import type { ControllerCounts } from './controller-counts.ts'
import type { ControllerOptions, CreatedTopic } from './controller-types.ts'
import { createPartitions } from './create-partitions.ts'
import { createTopics, refusedTopic } from './create-topics.ts'
import { deletedTopic, deleteTopics } from './delete-topics.ts'
import type { DeletedTopic, TopicToDelete } from './delete-topics.ts'
import {
  answerElections,
  electionResponse,
  isElectionType,
  refusedElections,
  shownElections,
} from './elect-leaders.ts'
import { ControllerRole, isResignation } from './controller-role.ts'
import { hasLeaders, isGone, MetadataWaits } from './metadata-waits.ts'
import { allocateProducerIds, refusedProducerIds } from './producer-ids.ts'
import {
  alterReassignments,
  listReassignments,
  refusedListing,
  refusedReassignments,
} from './reassignment-requests.ts'
import { logRefusal } from './refusals.ts'

export class Controller {
  readonly #options: ControllerOptions
  readonly #role: ControllerRole
  readonly #waits: MetadataWaits

  constructor(options: ControllerOptions) {
    this.#options = options
    this.#role = new ControllerRole(options)
    this.#waits = new MetadataWaits(options.metadata, options.clock)
  }

  /** Watches `/controller` and tries to take it. The broker is registered before. */
  start(): Promise<void> {
    return this.#role.start()
  }

  /** Gives up `/controller` when it holds it; the channel is used no more. */
  async stop(): Promise<void> {
    await this.#role.stop()
    this.#waits.close()
  }

  get isActive(): boolean {
    return this.#role.active !== undefined
  }

  /** Who holds `/controller`, as far as this broker has seen; -1: nobody. */
  get controllerId(): number {
    return this.#role.controllerId
  }

  /** The epoch of this controller while it is active, else of the last one seen. */
  get controllerEpoch(): number {
    return this.#role.epoch
  }

  /** What operators watch; all zero while it is not active. */
  get counts(): ControllerCounts {
    return controllerCounts(this.#role.active?.term.context, this.#role.statistics)
  }

  /** Resolves when no event waits; for tests and shutdown. */
  idle(): Promise<void> {
    return this.#role.idle()
  }

  /** The settings that it reads are other ones. */
  onSettingsChange(): void {
    this.#role.onSettingsChange()
  }

  /** The session is gone: resigns. */
  onSessionExpired(): Promise<void> {
    return this.#role.onSessionExpired()
  }

  /** A new session is there and the broker is registered again: watches and elects anew. */
  onSessionRenewed(): Promise<void> {
    return this.#role.onSessionRenewed()
  }

  /** One result per topic, in the order of the request; waits for leaders as `timeoutMs` says. */
  async createTopics(request: CreateTopicsRequest): Promise<CreatedTopic[]> {
    const { topics, timeoutMs, validateOnly } = request
    const { topicConfigs, random, metadata } = this.#options
    const results = await this.#whenActive(
      'create topics',
      ({ term }) => {
        const options = {
          term,
          topicConfigs,
          randomBytes: (count: number) => random.bytes(count),
          randomUint32: () => random.uint32(),
          isKnown: (topic: string) => metadata.image.topics.has(topic),
        }
        return createTopics(options, topics, validateOnly)
      },
      () => topics.map(({ name }) => refusedTopic(name, Errors.NOT_CONTROLLER, '')),
    )
    if (validateOnly) return results
    const created = results.filter(({ errorCode }) => errorCode === Errors.NONE)
    const counts = new Map(created.map((it) => [it.name, it.numPartitions]))
    const late = await this.#waits.wait(
      counts.keys(),
      (image, topic) => hasLeaders(counts.get(topic) ?? 1)(image, topic),
      timeoutMs,
    )
    return results.map((topic) => {
      if (topic.errorCode !== Errors.NONE || !late.has(topic.name)) return topic
      return refusedTopic(topic.name, Errors.REQUEST_TIMED_OUT, null, topic.topicId)
    })
  }

  async createPartitions(
    request: CreatePartitionsRequest,
  ): Promise<CreatePartitionsResponse['results']> {
    const results = await this.#whenActive(
      'create partitions',
      ({ term }) => createPartitions(term, request),
      () => {
        const errorCode = Errors.NOT_CONTROLLER
        return request.topics.map(({ name }) => ({ name, errorCode, errorMessage: null }))
      },
    )
    if (request.validateOnly) return results
    const changed = results.filter(({ errorCode }) => errorCode === Errors.NONE)
    const counts = new Map(request.topics.map(({ name, count }) => [name, count]))
    const late = await this.#waits.wait(
      changed.map(({ name }) => name),
      (image, topic) => hasLeaders(counts.get(topic) ?? 1)(image, topic),
      request.timeoutMs,
    )
    return results.map((result) => {
      if (result.errorCode !== Errors.NONE || !late.has(result.name)) return result
      return { ...result, errorCode: Errors.REQUEST_TIMED_OUT }
    })
  }

  /** One result per entry; waits until the topics are gone from the metadata. */
  async deleteTopics(topics: readonly TopicToDelete[], timeoutMs: number): Promise<DeletedTopic[]> {
    const results = await this.#whenActive(
      'delete topics',
      ({ term }) => deleteTopics(term, topics),
      () => topics.map((topic) => deletedTopic(topic, Errors.NOT_CONTROLLER)),
    )
    const accepted = results.filter(({ errorCode }) => errorCode === Errors.NONE)
    const names = accepted.flatMap(({ name }) => (name === null ? [] : [name]))
    const late = await this.#waits.wait(names, isGone, timeoutMs)
    return results.map((result) => {
      const isLate = result.name !== null && late.has(result.name)
      if (result.errorCode !== Errors.NONE || !isLate) return result
      return { ...result, errorCode: Errors.REQUEST_TIMED_OUT }
    })
  }

  /** Elects, and waits until the metadata of this broker shows the leaders. */
  async electLeaders(request: ElectLeadersRequest): Promise<ElectLeadersResponse> {
    const { metadata } = this.#options
    if (!isElectionType(request.electionType)) {
      const errorCode = Errors.UNKNOWN_SERVER_ERROR
      return electionResponse(errorCode, refusedElections(request, metadata.image, errorCode))
    }
    const results = await this.#whenActive(
      'elect leaders',
      ({ machine }) => answerElections(machine, request),
      () => refusedElections(request, metadata.image, Errors.NOT_CONTROLLER),
    )
    const shown = await shownElections(results, this.#waits, metadata, request.timeoutMs)
    return electionResponse(Errors.NONE, shown)
  }

  alterPartitionReassignments(
    request: AlterPartitionReassignmentsRequest,
  ): Promise<AlterPartitionReassignmentsResponse> {
    return this.#whenActive(
      'reassign partitions',
      ({ machine }) => alterReassignments(machine, request),
      () => refusedReassignments(Errors.NOT_CONTROLLER),
    )
  }

  listPartitionReassignments(
    request: ListPartitionReassignmentsRequest,
  ): Promise<ListPartitionReassignmentsResponse> {
    return this.#whenActive(
      'list reassignments',
      async ({ term }) => listReassignments(term.context, request),
      () => refusedListing(Errors.NOT_CONTROLLER),
    )
  }

  /** A leader's wish for another in-sync set. */
  alterPartition(
    request: AlterPartitionRequest,
    apiVersion: number,
  ): Promise<AlterPartitionResponse> {
    return this.#whenActive(
      'alter partitions',
      async (active) => {
        const { response, changed } = await alterPartition(active.term, request, apiVersion)
        active.continueReassignments(changed)
        return response
      },
      () => refusedAlterPartition(Errors.NOT_CONTROLLER),
    )
  }

  allocateProducerIds(request: AllocateProducerIdsRequest): Promise<AllocateProducerIdsResponse> {
    return this.#whenActive(
      'allocate producer ids',
      ({ term }) => allocateProducerIds(term, request),
      () => refusedProducerIds(Errors.NOT_CONTROLLER),
    )
  }

  /** Moves leaders off a broker that wants to stop; answers with those it still has. */
  controlledShutdown(request: ControlledShutdownRequest): Promise<ControlledShutdownResponse> {
    const refused = (errorCode: number): ControlledShutdownResponse => {
      return { errorCode, remainingPartitions: [] }
    }
    return this.#whenActive(
      'controlled shutdown',
      async ({ machine }) => {
        const broker = machine.term.context.brokers.get(request.brokerId)
        const isStale = request.brokerEpoch !== -1 && request.brokerEpoch < (broker?.epoch ?? 0)
        if (broker === undefined || isStale) {
          logRefusal(machine.term, 'ControlledShutdown', request, broker?.epoch)
          return refused(isStale ? Errors.STALE_BROKER_EPOCH : Errors.BROKER_NOT_AVAILABLE)
        }
        const remaining = await machine.shutDown(broker)
        const remainingPartitions = remaining.map(({ topic, index }) => {
          return { topicName: topic.name, partitionIndex: index }
        })
        return { errorCode: Errors.NONE, remainingPartitions }
      },
      () => refused(Errors.NOT_CONTROLLER),
    )
  }

  async #whenActive<T>(
    name: string,
    event: (active: ActiveController) => Promise<T>,
    refused: () => T,
  ): Promise<T> {
    const { active } = this.#role
    if (active === undefined) return refused()
    try {
      return await active.run(name, () => event(active))
    } catch (error) {
      if (isResignation(error)) return refused()
      throw error
    }
  }
}
