// DescribeProducers tells what a partition knows about those who write to it (KIP-664).
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { array, int16, int32, int64, nullable, string, withDefault } from '../../codec/language.ts'

export const DescribeProducers = api({
  key: 61,
  name: 'DescribeProducers',
  versions: [0, 0],
  flexible: 0,
  request: {
    topics: array({
      name: string,
      partitionIndexes: array(int32),
    }),
  },
  response: {
    throttleTimeMs: int32,
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: nullable(string),
        activeProducers: array({
          producerId: int64,
          producerEpoch: int32,
          lastSequence: withDefault(int32, -1),
          lastTimestamp: withDefault(int64, -1),
          coordinatorEpoch: int32,
          currentTxnStartOffset: withDefault(int64, -1),
        }),
      }),
    }),
  },
})

export type DescribeProducersRequest = Request<typeof DescribeProducers>
export type DescribeProducersResponse = Response<typeof DescribeProducers>
