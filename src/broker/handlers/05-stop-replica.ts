// StopReplica: the controller takes replicas away from this broker.
import { Operation } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { StopReplica } from '../../wire/messages/05-stop-replica.ts'
import { clusterHandler } from '../cluster-handler.ts'

export const stopReplicaHandler = clusterHandler(
  StopReplica,
  Operation.CLUSTER_ACTION,
  ({ control }, body) => control.stopReplica(body),
  { errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED, partitionErrors: [] },
)
