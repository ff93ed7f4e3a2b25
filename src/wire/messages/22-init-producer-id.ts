// InitProducerId gives a producer its id and epoch, and fences the one before it.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { int16, int32, int64, nullable, since, string, withDefault } from '../../codec/language.ts'

export const InitProducerId = api({
  key: 22,
  name: 'InitProducerId',
  versions: [0, 5],
  flexible: 2,
  request: {
    transactionalId: nullable(string),
    transactionTimeoutMs: int32,
    producerId: since(3, withDefault(int64, -1)),
    producerEpoch: since(3, withDefault(int16, -1)),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    producerId: withDefault(int64, -1),
    producerEpoch: int16,
  },
})

export type InitProducerIdRequest = Request<typeof InitProducerId>
export type InitProducerIdResponse = Response<typeof InitProducerId>
