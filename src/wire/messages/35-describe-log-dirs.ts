// DescribeLogDirs tells what lies in the log directories of a broker, and how large it is.
import { api } from '../../codec/api.ts'
import type { Request, Response } from '../../codec/api.ts'
import {
  array,
  bool,
  int16,
  int32,
  int64,
  nullable,
  since,
  string,
  withDefault,
} from '../../codec/language.ts'

export const DescribeLogDirs = api({
  key: 35,
  name: 'DescribeLogDirs',
  versions: [0, 4],
  flexible: 2,
  request: {
    topics: nullable(
      array({
        topic: string,
        partitions: array(int32),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: since(3, int16),
    results: array({
      errorCode: int16,
      logDir: string,
      topics: array({
        name: string,
        partitions: array({
          partitionIndex: int32,
          partitionSize: int64,
          offsetLag: int64,
          isFutureKey: bool,
        }),
      }),
      totalBytes: since(4, withDefault(int64, -1)),
      usableBytes: since(4, withDefault(int64, -1)),
    }),
  },
})

export type DescribeLogDirsRequest = Request<typeof DescribeLogDirs>
export type DescribeLogDirsResponse = Response<typeof DescribeLogDirs>
