// AlterConfigs: replaces all settings of a resource by those of the request (superseded by
// IncrementalAlterConfigs, which changes some).
import { AlterConfigs } from '../../wire/messages/33-alter-configs.ts'
import { alterResources } from '../alter-resources.ts'
import { replacing } from '../config-resources.ts'
import { handler, reply } from '../handler.ts'

export const alterConfigsHandler = handler(AlterConfigs, async (context, body, request) => {
  const responses = await alterResources(
    context,
    request.connection,
    body.resources,
    ({ configs }) => replacing(configs),
    body.validateOnly,
  )
  reply(request, AlterConfigs, { throttleTimeMs: 0, responses })
})
