// FindCoordinator names the broker that coordinates a group (key type 0) or a transactional id (1).
// From version 4 it asks about several keys at once.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import {
  array,
  int16,
  int32,
  int8,
  nullable,
  range,
  since,
  string,
  until,
  withDefault,
} from '../../codec/language.ts'

export const FindCoordinator = api({
  key: 10,
  name: 'FindCoordinator',
  versions: [0, 6],
  flexible: 3,
  request: {
    key: until(3, string),
    keyType: since(1, withDefault(int8, 0)),
    coordinatorKeys: since(4, array(string)),
  },
  response: {
    throttleTimeMs: since(1, int32),
    errorCode: until(3, int16),
    errorMessage: range(1, 3, nullable(string)),
    nodeId: until(3, int32),
    host: until(3, string),
    port: until(3, int32),
    coordinators: since(
      4,
      array({
        key: string,
        nodeId: int32,
        host: string,
        port: int32,
        errorCode: int16,
        errorMessage: nullable(string),
      }),
    ),
  },
})

export type FindCoordinatorRequest = Request<typeof FindCoordinator>
export type FindCoordinatorResponse = Response<typeof FindCoordinator>
