// The controller of a cluster in ZooKeeper mode, as the broker and its handlers see it. Every broker
// has one; the one whose broker holds `/controller` is active, the others refuse.
import type {
  AllocateProducerIdsRequest,
  AllocateProducerIdsResponse,
} from '../wire/messages/67-allocate-producer-ids.ts'
import type {
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse,
} from '../wire/messages/45-alter-partition-reassignments.ts'
import type {
  AlterPartitionRequest,
  AlterPartitionResponse,
} from '../wire/messages/56-alter-partition.ts'
import type {
  ControlledShutdownRequest,
  ControlledShutdownResponse,
} from '../wire/messages/07-controlled-shutdown.ts'
import type {
  CreatePartitionsRequest,
  CreatePartitionsResponse,
} from '../wire/messages/37-create-partitions.ts'
import type { CreateTopicsRequest } from '../wire/messages/19-create-topics.ts'
import type { DeleteTopicsResponse } from '../wire/messages/20-delete-topics.ts'
import type {
  ElectLeadersRequest,
  ElectLeadersResponse,
} from '../wire/messages/43-elect-leaders.ts'
import type {
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse,
} from '../wire/messages/46-list-partition-reassignments.ts'
import type { ControllerOptions, CreatedTopic } from './controller-types.ts'

export declare class Controller {
  constructor(options: ControllerOptions)
  /** Watches `/controller` and tries to take it. The broker is registered before. */
  start(): Promise<void>
  /** Gives up `/controller` when it holds it; the channel is used no more. */
  stop(): Promise<void>
  readonly isActive: boolean
  /** Who holds `/controller`, as far as this broker has seen; -1: nobody. */
  readonly controllerId: number
  /** The epoch of this controller while it is active, else of the last one seen. */
  readonly controllerEpoch: number
  /** The session is gone: resigns. */
  onSessionExpired(): Promise<void>
  /** A new session is there and the broker is registered again: watches and elects anew. */
  onSessionRenewed(): Promise<void>
  /** One entry per topic of the request, in its order; waits for leaders as `timeoutMs` says. */
  createTopics(request: CreateTopicsRequest, apiVersion: number): Promise<CreatedTopic[]>
  createPartitions(request: CreatePartitionsRequest): Promise<CreatePartitionsResponse['results']>
  /** `topics` have a name or an id. */
  deleteTopics(
    topics: readonly { readonly name: string | null; readonly topicId: string }[],
    timeoutMs: number,
  ): Promise<DeleteTopicsResponse['responses']>
  electLeaders(request: ElectLeadersRequest): Promise<ElectLeadersResponse>
  alterPartitionReassignments(
    request: AlterPartitionReassignmentsRequest,
  ): Promise<AlterPartitionReassignmentsResponse>
  listPartitionReassignments(
    request: ListPartitionReassignmentsRequest,
  ): Promise<ListPartitionReassignmentsResponse>
  alterPartition(
    request: AlterPartitionRequest,
    apiVersion: number,
  ): Promise<AlterPartitionResponse>
  allocateProducerIds(request: AllocateProducerIdsRequest): Promise<AllocateProducerIdsResponse>
  controlledShutdown(request: ControlledShutdownRequest): Promise<ControlledShutdownResponse>
}
