// AllocateProducerIds: a broker asks the controller for its next block of producer ids.
import { Operation } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { AllocateProducerIds } from '../../wire/messages/67-allocate-producer-ids.ts'
import { clusterHandler } from '../cluster-handler.ts'

export const allocateProducerIdsHandler = clusterHandler(
  AllocateProducerIds,
  Operation.CLUSTER_ACTION,
  ({ controller }, body) => controller.allocateProducerIds(body),
  {
    throttleTimeMs: 0,
    errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED,
    producerIdStart: 0,
    producerIdLen: 0,
  },
)
