// AddOffsetsToTxn puts the offsets partition of a group into a transaction.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { int16, int32, int64, string } from '../../codec/language.ts'

export const AddOffsetsToTxn = api({
  key: 25,
  name: 'AddOffsetsToTxn',
  versions: [0, 4],
  flexible: 3,
  request: {
    transactionalId: string,
    producerId: int64,
    producerEpoch: int16,
    groupId: string,
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
  },
})

export type AddOffsetsToTxnRequest = Request<typeof AddOffsetsToTxn>
export type AddOffsetsToTxnResponse = Response<typeof AddOffsetsToTxn>
