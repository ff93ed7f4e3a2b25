// WriteTxnMarkers carries the decision of a transaction coordinator to the leaders of its
// partitions.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { array, bool, int16, int32, int64, string } from '../../codec/language.ts'

export const WriteTxnMarkers = api({
  key: 27,
  name: 'WriteTxnMarkers',
  versions: [0, 1],
  flexible: 1,
  request: {
    markers: array({
      producerId: int64,
      producerEpoch: int16,
      transactionResult: bool,
      topics: array({
        name: string,
        partitionIndexes: array(int32),
      }),
      coordinatorEpoch: int32,
    }),
  },
  response: {
    markers: array({
      producerId: int64,
      topics: array({
        name: string,
        partitions: array({
          partitionIndex: int32,
          errorCode: int16,
        }),
      }),
    }),
  },
})

export type WriteTxnMarkersRequest = Request<typeof WriteTxnMarkers>
export type WriteTxnMarkersResponse = Response<typeof WriteTxnMarkers>
