// AllocateProducerIds gives a broker its next block of producer ids.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { int16, int32, int64, withDefault } from '../../codec/language.ts'

export const AllocateProducerIds = api({
  key: 67,
  name: 'AllocateProducerIds',
  versions: [0, 0],
  flexible: 0,
  request: {
    brokerId: int32,
    brokerEpoch: withDefault(int64, -1),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    producerIdStart: int64,
    producerIdLen: int32,
  },
})

export type AllocateProducerIdsRequest = Request<typeof AllocateProducerIds>
export type AllocateProducerIdsResponse = Response<typeof AllocateProducerIds>
