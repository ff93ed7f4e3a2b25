// DeleteTopics is served by the controller. From version 6 a topic is named or given by its id.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import {
  array,
  int16,
  int32,
  nullable,
  nullableSince,
  since,
  string,
  until,
  uuid,
} from '../../codec/language.ts'

export const DeleteTopics = api({
  key: 20,
  name: 'DeleteTopics',
  versions: [0, 6],
  flexible: 4,
  request: {
    topics: since(
      6,
      array({
        name: nullable(string),
        topicId: uuid,
      }),
    ),
    topicNames: until(5, array(string)),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: since(1, int32),
    responses: array({
      name: nullableSince(6, string),
      topicId: since(6, uuid),
      errorCode: int16,
      errorMessage: since(5, nullable(string)),
    }),
  },
})

export type DeleteTopicsRequest = Request<typeof DeleteTopics>
export type DeleteTopicsResponse = Response<typeof DeleteTopics>
