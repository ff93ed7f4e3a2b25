// AlterPartition: a leader asks the controller for another in-sync set.
import { Operation } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { AlterPartition } from '../../wire/messages/56-alter-partition.ts'
import { clusterHandler } from '../cluster-handler.ts'

export const alterPartitionHandler = clusterHandler(
  AlterPartition,
  Operation.CLUSTER_ACTION,
  ({ controller }, body, { apiVersion }) => controller.alterPartition(body, apiVersion),
  { throttleTimeMs: 0, errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED, topics: [] },
)
