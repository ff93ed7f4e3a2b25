// DescribeCluster: id, controller and brokers, as seen from the listener that was asked.
import {
  authorizedOperations,
  CLUSTER_NAME,
  OPERATIONS_NOT_REQUESTED,
  ResourceType,
} from '../../security/authorizer.ts'
import { Errors } from '../../wire/errors.ts'
import { DescribeCluster } from '../../wire/messages/60-describe-cluster.ts'
import type { RequestContext } from '../../network/request-context.ts'
import { visibleBrokers } from '../advertised-endpoints.ts'
import { handler, reply } from '../handler.ts'

const EndpointType = { BROKER: 1, CONTROLLER: 2 } as const

export const describeClusterHandler = handler(DescribeCluster, (context, body, request) => {
  if (body.endpointType !== EndpointType.BROKER) return refuse(request, body.endpointType)
  const { image } = context.metadata
  reply(request, DescribeCluster, {
    throttleTimeMs: 0,
    errorCode: Errors.NONE,
    errorMessage: null,
    clusterId: image.clusterId,
    controllerId: image.controllerId,
    brokers: visibleBrokers(context, request.connection).map(({ id, host, port, rack }) => ({
      brokerId: id,
      host,
      port,
      rack,
    })),
    clusterAuthorizedOperations: body.includeClusterAuthorizedOperations
      ? authorizedOperations(
          context.authorizer,
          request.connection,
          ResourceType.CLUSTER,
          CLUSTER_NAME,
        )
      : OPERATIONS_NOT_REQUESTED,
  })
})

function refuse(request: RequestContext, endpointType: number): void {
  const mismatched = endpointType === EndpointType.CONTROLLER
  reply(request, DescribeCluster, {
    throttleTimeMs: 0,
    errorCode: mismatched ? Errors.MISMATCHED_ENDPOINT_TYPE : Errors.UNSUPPORTED_ENDPOINT_TYPE,
    errorMessage: mismatched
      ? 'The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER'
      : `Unsupported endpoint type ${endpointType}`,
    clusterId: '',
    brokers: [],
  })
}
