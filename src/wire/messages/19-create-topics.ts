// CreateTopics is served by the controller.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import {
  array,
  bool,
  int16,
  int32,
  int8,
  nullable,
  since,
  string,
  tagged,
  uuid,
  withDefault,
} from '../../codec/language.ts'

export const CreateTopics = api({
  key: 19,
  name: 'CreateTopics',
  versions: [0, 7],
  flexible: 5,
  request: {
    topics: array({
      name: string,
      numPartitions: int32,
      replicationFactor: int16,
      assignments: array({
        partitionIndex: int32,
        brokerIds: array(int32),
      }),
      configs: array({
        name: string,
        value: nullable(string),
      }),
    }),
    timeoutMs: withDefault(int32, 60000),
    validateOnly: since(1, withDefault(bool, false)),
  },
  response: {
    throttleTimeMs: since(2, int32),
    topics: array({
      name: string,
      topicId: since(7, uuid),
      errorCode: int16,
      errorMessage: since(1, nullable(string)),
      topicConfigErrorCode: tagged(0, since(5, int16)),
      numPartitions: since(5, withDefault(int32, -1)),
      replicationFactor: since(5, withDefault(int16, -1)),
      configs: since(
        5,
        nullable(
          array({
            name: string,
            value: nullable(string),
            readOnly: bool,
            configSource: withDefault(int8, -1),
            isSensitive: bool,
          }),
        ),
      ),
    }),
  },
})

export type CreateTopicsRequest = Request<typeof CreateTopics>
export type CreateTopicsResponse = Response<typeof CreateTopics>
