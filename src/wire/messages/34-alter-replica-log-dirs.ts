// AlterReplicaLogDirs moves replicas to another log directory of the same broker.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import { array, int16, int32, string } from '../../codec/language.ts'

export const AlterReplicaLogDirs = api({
  key: 34,
  name: 'AlterReplicaLogDirs',
  versions: [0, 2],
  flexible: 2,
  request: {
    dirs: array({
      path: string,
      topics: array({
        name: string,
        partitions: array(int32),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32,
    results: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
      }),
    }),
  },
})

export type AlterReplicaLogDirsRequest = Request<typeof AlterReplicaLogDirs>
export type AlterReplicaLogDirsResponse = Response<typeof AlterReplicaLogDirs>
