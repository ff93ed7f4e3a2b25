// ListPartitionReassignments: moves of replicas under way. The controller's business.
import { Operation } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { ListPartitionReassignments } from '../../wire/messages/46-list-partition-reassignments.ts'
import { clusterHandler } from '../cluster-handler.ts'

export const listPartitionReassignmentsHandler = clusterHandler(
  ListPartitionReassignments,
  Operation.DESCRIBE,
  ({ controller }, body) => controller.listPartitionReassignments(body),
  { throttleTimeMs: 0, errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED, topics: [] },
)
