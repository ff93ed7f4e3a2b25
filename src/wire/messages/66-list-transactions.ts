// ListTransactions lists the transactional ids that a broker coordinates (KIP-664).
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { array, int16, int32, int64, since, string, withDefault } from '../../codec/language.ts'

export const ListTransactions = api({
  key: 66,
  name: 'ListTransactions',
  versions: [0, 1],
  flexible: 0,
  request: {
    stateFilters: array(string),
    producerIdFilters: array(int64),
    durationFilter: since(1, withDefault(int64, -1)),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    unknownStateFilters: array(string),
    transactionStates: array({
      transactionalId: string,
      producerId: int64,
      transactionState: string,
    }),
  },
})

export type ListTransactionsRequest = Request<typeof ListTransactions>
export type ListTransactionsResponse = Response<typeof ListTransactions>
