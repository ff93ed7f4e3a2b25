import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DescribeCluster } from '../../src/wire/messages/60-describe-cluster.ts'
import { ask, assertHas, BROKER_ID, theTarget, versionsOf } from './targets.ts'

const NOT_ASKED = -2_147_483_648

test('every version describes the cluster', async () => {
  const { host, port } = await theTarget()
  for (const version of versionsOf(DescribeCluster)) {
    const answer = await ask(DescribeCluster, version, {
      includeClusterAuthorizedOperations: false,
    })
    assertHas(answer, {
      errorCode: 0,
      errorMessage: null,
      controllerId: BROKER_ID,
      brokers: [{ brokerId: BROKER_ID, host, port, rack: 'rack-1' }],
      clusterAuthorizedOperations: NOT_ASKED,
    })
    assert.match(answer.clusterId, /^[\w-]{22}$/)
    if (version >= 1) assertHas(answer, { endpointType: 1 })
  }
})

test('controllers are not here, and other types of endpoint are unknown', async () => {
  const nobody = { endpointType: 1, clusterId: '', controllerId: -1, brokers: [] }
  const request = { includeClusterAuthorizedOperations: false }
  assertHas(await ask(DescribeCluster, 1, { ...request, endpointType: 2 }), {
    errorCode: 114,
    errorMessage:
      'The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER',
    ...nobody,
  })
  assertHas(await ask(DescribeCluster, 1, { ...request, endpointType: 9 }), {
    errorCode: 115,
    errorMessage: 'Unsupported endpoint type 9',
    ...nobody,
  })
})
