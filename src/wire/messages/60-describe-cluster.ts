// DescribeCluster tells the id of the cluster, its controller and its brokers.
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
  withDefault,
} from '../../codec/language.ts'

export const DescribeCluster = api({
  key: 60,
  name: 'DescribeCluster',
  versions: [0, 1],
  flexible: 0,
  request: {
    includeClusterAuthorizedOperations: bool,
    endpointType: since(1, withDefault(int8, 1)),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: nullable(string),
    endpointType: since(1, withDefault(int8, 1)),
    clusterId: string,
    controllerId: withDefault(int32, -1),
    brokers: array({
      brokerId: int32,
      host: string,
      port: int32,
      rack: nullable(string),
    }),
    clusterAuthorizedOperations: withDefault(int32, -2147483648),
  },
})

export type DescribeClusterRequest = Request<typeof DescribeCluster>
export type DescribeClusterResponse = Response<typeof DescribeCluster>
