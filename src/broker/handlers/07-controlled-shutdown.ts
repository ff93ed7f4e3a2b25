// ControlledShutdown: a broker asks the controller to move its leaderships away.
import { Operation } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { ControlledShutdown } from '../../wire/messages/07-controlled-shutdown.ts'
import { clusterHandler } from '../cluster-handler.ts'

export const controlledShutdownHandler = clusterHandler(
  ControlledShutdown,
  Operation.CLUSTER_ACTION,
  ({ controller }, body) => controller.controlledShutdown(body),
  { errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED, remainingPartitions: [] },
)
