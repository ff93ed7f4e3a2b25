// Fetch reads record batches: consumers up to the high watermark, followers up to the log end.
// Sessions (version 7, KIP-227) name only what changed; from version 13 topics go by id.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import {
  array,
  int16,
  int32,
  int64,
  int8,
  nullable,
  records,
  since,
  string,
  struct,
  tagged,
  until,
  uuid,
  withDefault,
} from '../../codec/language.ts'

export const Fetch = api({
  key: 1,
  name: 'Fetch',
  versions: [0, 17],
  flexible: 12,
  request: {
    clusterId: tagged(0, since(12, nullable(string))),
    replicaId: until(14, withDefault(int32, -1)),
    replicaState: tagged(
      1,
      since(
        15,
        struct({
          replicaId: withDefault(int32, -1),
          replicaEpoch: withDefault(int64, -1),
        }),
      ),
    ),
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: since(3, withDefault(int32, 2147483647)),
    isolationLevel: since(4, withDefault(int8, 0)),
    sessionId: since(7, withDefault(int32, 0)),
    sessionEpoch: since(7, withDefault(int32, -1)),
    topics: array({
      topic: until(12, string),
      topicId: since(13, uuid),
      partitions: array({
        partition: int32,
        currentLeaderEpoch: since(9, withDefault(int32, -1)),
        fetchOffset: int64,
        lastFetchedEpoch: since(12, withDefault(int32, -1)),
        logStartOffset: since(5, withDefault(int64, -1)),
        partitionMaxBytes: int32,
        replicaDirectoryId: tagged(0, since(17, uuid)),
      }),
    }),
    forgottenTopicsData: since(
      7,
      array({
        topic: until(12, string),
        topicId: since(13, uuid),
        partitions: array(int32),
      }),
    ),
    rackId: since(11, withDefault(string, '')),
  },
  response: {
    throttleTimeMs: since(1, int32),
    errorCode: since(7, int16),
    sessionId: since(7, withDefault(int32, 0)),
    responses: array({
      topic: until(12, string),
      topicId: since(13, uuid),
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        highWatermark: int64,
        lastStableOffset: since(4, withDefault(int64, -1)),
        logStartOffset: since(5, withDefault(int64, -1)),
        divergingEpoch: tagged(
          0,
          since(
            12,
            struct({
              epoch: withDefault(int32, -1),
              endOffset: withDefault(int64, -1),
            }),
          ),
        ),
        currentLeader: tagged(
          1,
          since(
            12,
            struct({
              leaderId: withDefault(int32, -1),
              leaderEpoch: withDefault(int32, -1),
            }),
          ),
        ),
        snapshotId: tagged(
          2,
          since(
            12,
            struct({
              endOffset: withDefault(int64, -1),
              epoch: withDefault(int32, -1),
            }),
          ),
        ),
        abortedTransactions: since(
          4,
          nullable(
            array({
              producerId: int64,
              firstOffset: int64,
            }),
          ),
        ),
        preferredReadReplica: since(11, withDefault(int32, -1)),
        records: nullable(records),
      }),
    }),
    nodeEndpoints: tagged(
      0,
      since(
        16,
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

export type FetchRequest = Request<typeof Fetch>
export type FetchResponse = Response<typeof Fetch>
