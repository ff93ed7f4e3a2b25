// UpdateMetadata: the controller tells what the cluster looks like.
import { Operation } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { UpdateMetadata } from '../../wire/messages/06-update-metadata.ts'
import { clusterHandler } from '../cluster-handler.ts'

export const updateMetadataHandler = clusterHandler(
  UpdateMetadata,
  Operation.CLUSTER_ACTION,
  ({ control }, body) => control.updateMetadata(body),
  { errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED },
)
