// EndTxn commits or aborts a transaction.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { bool, int16, int32, int64, string } from '../../codec/language.ts'

export const EndTxn = api({
  key: 26,
  name: 'EndTxn',
  versions: [0, 4],
  flexible: 3,
  request: {
    transactionalId: string,
    producerId: int64,
    producerEpoch: int16,
    committed: bool,
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
  },
})

export type EndTxnRequest = Request<typeof EndTxn>
export type EndTxnResponse = Response<typeof EndTxn>
