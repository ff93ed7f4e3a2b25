// InitProducerId: an identity for an idempotent producer. Transactional ids belong to the
// transaction coordinator, which this broker does not run.
import { Errors } from '../../wire/errors.ts'
import { InitProducerId } from '../../wire/messages/22-init-producer-id.ts'
import { handler, reply } from '../handler.ts'

const NO_EPOCH = -1

export const initProducerIdHandler = handler(InitProducerId, async (context, body, request) => {
  const refuse = (errorCode: number): void => {
    reply(request, InitProducerId, { throttleTimeMs: 0, errorCode, producerEpoch: NO_EPOCH })
  }
  if (body.transactionalId === '') return refuse(Errors.INVALID_REQUEST)
  if (body.transactionalId !== null) return refuse(Errors.COORDINATOR_NOT_AVAILABLE)
  const producerId = await context.producerIds.next()
  if (producerId === undefined) return refuse(Errors.COORDINATOR_LOAD_IN_PROGRESS)
  reply(request, InitProducerId, {
    throttleTimeMs: 0,
    errorCode: Errors.NONE,
    producerId,
    producerEpoch: 0,
  })
})
