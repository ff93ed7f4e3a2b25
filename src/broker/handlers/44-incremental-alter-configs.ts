// IncrementalAlterConfigs: sets, deletes, appends to and subtracts from settings of a resource.
import { IncrementalAlterConfigs } from '../../wire/messages/44-incremental-alter-configs.ts'
import { alterResources } from '../alter-resources.ts'
import { changing } from '../config-resources.ts'
import { handler, reply } from '../handler.ts'

export const incrementalAlterConfigsHandler = handler(
  IncrementalAlterConfigs,
  async (context, body, request) => {
    const responses = await alterResources(
      context,
      request.connection,
      body.resources,
      ({ configs }) => changing(configs),
      body.validateOnly,
    )
    reply(request, IncrementalAlterConfigs, { throttleTimeMs: 0, responses })
  },
)
