// Heartbeat keeps a member in its group and tells it when to join again.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { int16, int32, nullable, since, string } from '../../codec/language.ts'

export const Heartbeat = api({
  key: 12,
  name: 'Heartbeat',
  versions: [0, 4],
  flexible: 4,
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: since(3, nullable(string)),
  },
  response: {
    throttleTimeMs: since(1, int32),
    errorCode: int16,
  },
})

export type HeartbeatRequest = Request<typeof Heartbeat>
export type HeartbeatResponse = Response<typeof Heartbeat>
