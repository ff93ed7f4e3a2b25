// Produce appends record batches to partitions. With acks 0 there is no answer.
// From version 10 a broker that is not the leader names who is, and where (KIP-951).
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import {
  array,
  int16,
  int32,
  int64,
  nullable,
  records,
  since,
  string,
  struct,
  tagged,
  withDefault,
} from '../../codec/language.ts'

export const Produce = api({
  key: 0,
  name: 'Produce',
  versions: [0, 11],
  flexible: 9,
  request: {
    transactionalId: since(3, nullable(string)),
    acks: int16,
    timeoutMs: int32,
    topicData: array({
      name: string,
      partitionData: array({
        index: int32,
        records: nullable(records),
      }),
    }),
  },
  response: {
    responses: array({
      name: string,
      partitionResponses: array({
        index: int32,
        errorCode: int16,
        baseOffset: int64,
        logAppendTimeMs: since(2, withDefault(int64, -1)),
        logStartOffset: since(5, withDefault(int64, -1)),
        recordErrors: since(
          8,
          array({
            batchIndex: int32,
            batchIndexErrorMessage: nullable(string),
          }),
        ),
        errorMessage: since(8, nullable(string)),
        currentLeader: tagged(
          0,
          since(
            10,
            struct({
              leaderId: withDefault(int32, -1),
              leaderEpoch: withDefault(int32, -1),
            }),
          ),
        ),
      }),
    }),
    throttleTimeMs: since(1, withDefault(int32, 0)),
    nodeEndpoints: tagged(
      0,
      since(
        10,
        array({
          nodeId: int32,
          host: string,
          port: int32,
          rack: nullable(string),
        }),
      ),
    ),
  },
})

export type ProduceRequest = Request<typeof Produce>
export type ProduceResponse = Response<typeof Produce>
