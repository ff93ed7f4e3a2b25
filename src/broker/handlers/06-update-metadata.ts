// UpdateMetadata: the controller tells what the cluster looks like.
import { CLUSTER_NAME, Operation, ResourceType } from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { UpdateMetadata } from '../../wire/messages/06-update-metadata.ts'
import { handler, reply } from '../handler.ts'

export const updateMetadataHandler = handler(UpdateMetadata, (context, body, request) => {
  const { authorizer, control } = context
  const allowed = authorizer.allows(
    request.connection,
    Operation.CLUSTER_ACTION,
    ResourceType.CLUSTER,
    CLUSTER_NAME,
  )
  if (allowed) reply(request, UpdateMetadata, control.updateMetadata(body))
  else reply(request, UpdateMetadata, { errorCode: Errors.CLUSTER_AUTHORIZATION_FAILED })
})
