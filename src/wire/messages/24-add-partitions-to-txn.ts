// AddPartitionsToTxn puts partitions into a transaction. Clients use it up to version 3; from
// version 4 brokers ask for several transactions at once, also only to verify (KIP-890).
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import {
  array,
  bool,
  int16,
  int32,
  int64,
  since,
  string,
  struct,
  until,
  withDefault,
} from '../../codec/language.ts'

const addPartitionsToTxnTopic = struct({
  name: string,
  partitions: array(int32),
})

const addPartitionsToTxnPartitionResult = struct({
  partitionIndex: int32,
  partitionErrorCode: int16,
})

const addPartitionsToTxnTopicResult = struct({
  name: string,
  resultsByPartition: array(addPartitionsToTxnPartitionResult),
})

export const AddPartitionsToTxn = api({
  key: 24,
  name: 'AddPartitionsToTxn',
  versions: [0, 5],
  flexible: 3,
  request: {
    transactions: since(
      4,
      array({
        transactionalId: string,
        producerId: int64,
        producerEpoch: int16,
        verifyOnly: withDefault(bool, false),
        topics: array(addPartitionsToTxnTopic),
      }),
    ),
    v3AndBelowTransactionalId: until(3, string),
    v3AndBelowProducerId: until(3, int64),
    v3AndBelowProducerEpoch: until(3, int16),
    v3AndBelowTopics: until(3, array(addPartitionsToTxnTopic)),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: since(4, int16),
    resultsByTransaction: since(
      4,
      array({
        transactionalId: string,
        topicResults: array(addPartitionsToTxnTopicResult),
      }),
    ),
    resultsByTopicV3AndBelow: until(3, array(addPartitionsToTxnTopicResult)),
  },
})

export type AddPartitionsToTxnRequest = Request<typeof AddPartitionsToTxn>
export type AddPartitionsToTxnResponse = Response<typeof AddPartitionsToTxn>
