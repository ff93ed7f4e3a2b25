// AlterPartitionReassignments: starts and cancels moves of replicas. The controller's business.
import { Operation } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { AlterPartitionReassignments } from '../../wire/messages/45-alter-partition-reassignments.ts'
import { clusterHandler } from '../cluster-handler.ts'

export const alterPartitionReassignmentsHandler = clusterHandler(
  AlterPartitionReassignments,
  Operation.ALTER,
  ({ controller }, body) => controller.alterPartitionReassignments(body),
  { throttleTimeMs: 0, errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED, responses: [] },
)
