// ControlledShutdown asks the controller to move leadership away from a broker that wants to stop.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { array, int16, int32, int64, since, string, withDefault } from '../../codec/language.ts'

export const ControlledShutdown = api({
  key: 7,
  name: 'ControlledShutdown',
  versions: [0, 3],
  flexible: 3,
  request: {
    brokerId: int32,
    brokerEpoch: since(2, withDefault(int64, -1)),
  },
  response: {
    errorCode: int16,
    remainingPartitions: array({
      topicName: string,
      partitionIndex: int32,
    }),
  },
})

export type ControlledShutdownRequest = Request<typeof ControlledShutdown>
export type ControlledShutdownResponse = Response<typeof ControlledShutdown>
